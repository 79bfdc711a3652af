/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the commands that write a recording in another format have in common: DIR and -o OUT.
 */
#pragma once

#include <limits.h>
#include <stdio.h>

struct output_options {
	const char *folder;	/* the recording's */
	char output[PATH_MAX];	/* where to; "-": standard output */
};

/*
 * argv[0] is the command's name. default_name is what OUT is in the recording's folder, or "-".
 * @return 0, or an exit status after an error line.
 */
int output_options_parse(struct output_options *options, int argc, char **argv, const char *default_name);
/* @return NULL after an error line */
FILE *output_open(const char *path);
/* Closes it; one line when not all could be written. @return 0 or -1 */
int output_close(FILE *out, const char *path);
