/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of saki-prof. One cmd_<name>(argc, argv) a subcommand, argv[0] being its name; the result is the exit
 * status.
 */
#pragma once

#include <plat/run/image.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes besides the program's own: saki-run's. */
enum { PROF_USAGE = 122, PROF_ENVIRONMENT = 123 };

int cmd_boot(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_count(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_folded(int argc, char **argv);
int cmd_flame(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_speedscope(int argc, char **argv);
int cmd_pprof(int argc, char **argv);
int cmd_metrics(int argc, char **argv);

/*
 * cmd_record.c: runs a program and puts the instructions that each piece of code executed into perf.data, as samples
 * of an event "instructions". @return as cmd_record().
 */
int record_counts(const char *out, const char *preset, char **program, char **command);

/*
 * run_words.c: whether saki-run's words, up to its program, have that option, with that value (NULL: with any, or
 * none).
 */
bool run_words_have(char *const *words, const char *option, const char *value);
