/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The line that says how far it has come.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "eval.h"

static bool progress_shown;

void progress(const char *fmt, ...)
{
	char line[80];
	va_list list;

	if (!isatty(STDERR_FILENO))
		return;
	va_start(list, fmt);
	vsnprintf(line, sizeof(line), fmt, list);
	va_end(list);
	fprintf(stderr, "\r%-79s", line);
	fflush(stderr);
	progress_shown = true;
}

void progress_end(void)
{
	if (progress_shown)
		fprintf(stderr, "\r%79s\r", "");
	progress_shown = false;
}
