/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands of saki-trace, one cmd_*.c each.
 */
#pragma once

/* `record` has saki-run's exit statuses instead; see recorder.h. */
enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3 };

/* argv[0] is the command's name. @return exit status */
int cmd_record(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_text(int argc, char **argv);
int cmd_json(int argc, char **argv);
int cmd_ctf(int argc, char **argv);
int cmd_dat(int argc, char **argv);
