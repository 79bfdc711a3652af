/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page's looks. Colours of outcomes are Okabe and Ito's, which differ for all kinds of sight; each cell has a
 * letter too. Light and dark follow what the reader's system is set to.
 */
#include "report_style.h"

const char report_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<title>Saki: security evaluation</title>\n<style>\n"
	":root{color-scheme:light dark;--bg:#fff;--fg:#1b1b1b;--dim:#666;--line:#d5d5d5;--band:#f1f1ee}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#16181b;--fg:#e6e6e6;--dim:#9a9a9a;--line:#3a3d42;"
	"--band:#212429}}\n"
	"body{background:var(--bg);color:var(--fg);font:14px/1.45 system-ui,sans-serif;margin:0}\n"
	"main{max-width:1240px;margin:0 auto;padding:1.2rem}\n"
	"h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.8rem 0 .5rem}\n"
	"table{border-collapse:collapse}td,th{padding:.15rem .6rem;text-align:left;border-bottom:1px solid var(--line);"
	"font-weight:normal;vertical-align:top}\n"
	"tr:first-child th,thead th{color:var(--dim)}\n"
	".r{text-align:right;font-variant-numeric:tabular-nums}small,.note,em{color:var(--dim)}em{font-size:.85em}\n"
	"sup{line-height:0}.wide{overflow-x:auto}code{font-size:.9em;overflow-wrap:anywhere}\n"
	".map td,.map th{padding:1px;border:0}.map th.n{white-space:nowrap;padding-right:.8rem;position:sticky;left:0;"
	"background:var(--bg)}\n"
	".map .f th{color:var(--dim);padding-top:.6rem;border-bottom:1px solid var(--line)}\n"
	".map thead .n{vertical-align:bottom}.map .v{height:8.5rem;vertical-align:bottom}\n"
	".map .v span{writing-mode:vertical-rl;transform:rotate(180deg)}\n"
	".map .s{padding-left:9px}.map td{min-width:24px;white-space:nowrap}\n"
	"i{display:inline-block;font:600 11px/20px ui-monospace,monospace;text-align:center;min-width:22px;height:20px;"
	"border-radius:3px;box-sizing:border-box;vertical-align:top}\n"
	"i+i{margin-left:1px}.map td i:not(:only-child){min-width:13px;width:13px}\n"
	".o0{background:#d55e00;color:#fff}.o1{background:#0072b2;color:#fff}.o2{background:#f0e442;color:#222}\n"
	".o3{background:#cc79a7;color:#222}.o4{background:#56b4e9;color:#102030}\n"
	".o5{background:var(--band);color:var(--dim)}.o6{background:#009e73;color:#fff}.o7{background:#222;color:#fff;"
	"outline:1px solid var(--dim)}\n"
	".om{background:#e69f00;color:#222}.x{border:2px solid var(--fg);line-height:16px}\n"
	".legend span{display:inline-block;margin:0 1.2rem .35rem 0}\n"
	".model{max-width:62rem;border-left:3px solid var(--line);padding-left:1rem}\n"
	"</style></head><body><main>\n<h1>Saki: security evaluation</h1>\n";

const char report_threat_model[] =
	"<h2>Threat model</h2>\n<div class=\"model\">"
	"<p>The attacker has <b>one memory error in the kernel</b>, given as a primitive: bytes beyond a buffer, a "
	"word somewhere, a pointer that dangles, a device or a program that lies. He knows what the attack says he "
	"knows: the image's symbols (layout known), where things are in this boot (leaked), or nothing (blind). He has "
	"won when the machine says what only the attack's goal can say: a hash, keyed by a number that the host draws "
	"for each boot. An attack counts as stopped only where a defence that this image has reports it; a crash that "
	"nobody claims is none.</p>"
	"<p><b>Programs run at the kernel's privilege level</b> (x86_64). A program that is hostile on purpose can "
	"execute privileged instructions and reach all memory, and no defence here is a boundary against it: programs "
	"are trusted to be buggy, not to be malicious. What an attack by a program shows is what it takes to get from "
	"a bug in a program, or input that a program hands on, into the kernel's control flow. The boundary against "
	"malice is the virtual machine. The hypervisor is trusted; devices are not, where an attack says so. "
	"Speculative execution is left out: it cannot be tested under emulation.</p></div>\n";
