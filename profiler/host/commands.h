/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The subcommands of saki-prof: each gets its name and the words after it, and returns the exit status.
 */
#pragma once

int cmd_record(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_folded(int argc, char **argv);
int cmd_flame(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_speedscope(int argc, char **argv);
int cmd_pprof(int argc, char **argv);
