/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attacks on this kernel, for judging its defences (option ATTACKS, harnesses/attacks, one file each):
 *
 *	static void ret_linear_run(struct attack *attack) { ... }
 *	ATTACK(ret_linear, .family = "return address", .primitive = LINEAR_OVERFLOW, .knowledge = LAYOUT_KNOWN,
 *	       .stopped_by = "stackprotector shadowstack", .about = "...", .run = ret_linear_run, .benign = ...);
 *
 * An attack holds a vulnerability, whose use is its primitive, and what an attacker does with no more than that
 * primitive and that knowledge. It has succeeded when attack_goal() runs, which says the machine's nonce: the host has
 * drawn it and checks what it is told.
 *
 * On the command line: attack=NAME nonce=HEX (16 digits) [attack-variant=plain|benign|adaptive], or attack=list.
 * On the console, a line each:
 *
 *	attack: NAME begins			then it runs, once
 *	attack: NAME primitive			what the vulnerability is for was done (attack_primitive())
 *	attack: goal HEX			attack_goal(): the proof, attack_proof() of nonce and NAME
 *	attack: NAME benign			the benign twin did all of its work, and it was right
 *	attack: NAME not applicable: REASON	this machine or build has not what it attacks
 *	attack: NAME failed: REASON		it came to its end without reaching its goal
 *
 * or the crash report of whatever stopped it. The machine's status is 0 where one of the last four was said, 127 when
 * there is no attack of that name. A kernel with attack=list says a line each, its fields separated by tabs,
 *
 *	attack-list: NAME FAMILY PRIMITIVE KNOWLEDGE TRIES STOPPED_BY AIMS_AT VARIANTS ABOUT
 *
 * VARIANTS are "benign" and "adaptive", as far as it has them, PRIMITIVE and KNOWLEDGE as the enumerations below, in
 * lower case and with blanks.
 */
#pragma once

#include <kernel/compiler.h>
#include <kernel/linkset.h>
#include <kernel/types.h>

/* What the vulnerability gives. */
enum attack_primitive {
	LINEAR_OVERFLOW,	/* bytes beyond a buffer, all in between too */
	RELATIVE_WRITE,		/* a word at a distance from an object */
	ARBITRARY_WRITE,	/* a word anywhere */
	ARBITRARY_READ,		/* and, for those that write what they read, ARBITRARY_WRITE */
	USE_AFTER_FREE,
	BAD_FREE,		/* twice, or of what was not allocated */
	HOSTILE_DEVICE,		/* DMA contents, indices, register values */
	HOSTILE_PROGRAM,	/* system calls and memory of a program, at the kernel's privilege */
	UNINITIALISED_READ,
	LOGIC,			/* time of check and of use, overflowing sizes */
	ATTACK_PRIMITIVES
};

/* What the attacker knows of this machine. */
enum attack_knowledge {
	LAYOUT_KNOWN,		/* where everything would be without randomization: the image's own symbols */
	LAYOUT_LEAKED,		/* where things are now: a leak is part of the attack */
	BLIND,			/* nothing: guesses */
	ATTACK_KNOWLEDGES
};

struct attack {
	const char *name, *family;
	enum attack_primitive primitive;
	enum attack_knowledge knowledge;
	unsigned tries;			/* boots that one trial of it may take; 0 is 1 */
	const char *stopped_by;		/* defences that should stop it, as presets name them, by spaces; "": none */
	const char *aims_at;		/* the defence that it is about, "": none: applicable only where that is on */
	const char *about;		/* one line */
	/* The list of system calls that the machine is started with, as filter= has it; NULL: all are allowed. */
	const char *allowed_calls;
	void (*run)(const struct attack *attack);
	/* The same code used as it is meant: true where it did its work. */
	bool (*benign)(const struct attack *attack);
	/* With this build's symbols and what the attacker sees; NULL: run already knows all. */
	void (*adaptive)(const struct attack *attack);
};

#define ATTACK(attack_name, ...)                                                                                       \
	static const struct attack attack_##attack_name = { .name = #attack_name, __VA_ARGS__ };                       \
	LINKSET_ADD(attack, &attack_##attack_name)

/* The goal: says the nonce's proof and ends the machine. An attack makes the kernel run it, or calls attack_won(). */
void attack_goal(void) NORETURN;
/*
 * What it says: SipHash-2-4 of NAME in words, the last one padded with zeros, by the key { nonce, nonce ^
 * ATTACK_PROOF_MASK }.
 */
uint64_t attack_proof(uint64_t nonce, const char *name);
#define ATTACK_PROOF_MASK UINT64_C(0x73616b695f617474)
/* For attacks on data: what the goal is was reached, by the evidence of this value, which must be attack_secret(). */
void attack_won(uint64_t evidence);
/* Drawn anew by each boot; to be put where the attacker may not read, or written where he may not write. */
uint64_t attack_secret(void);
/* The primitive was used. */
void attack_primitive(const struct attack *attack);
void attack_failed(const struct attack *attack, const char *reason) NORETURN;
void attack_not_applicable(const struct attack *attack, const char *reason) NORETURN;

/* Runs the attack that the command line names, or lists all; ends the machine. kernel_main()'s thread. */
void attack_main(const char *name) NORETURN;
