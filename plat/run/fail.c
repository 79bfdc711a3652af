/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How saki-run, and the programs that start it, say that something went wrong.
 */
#include "image.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int run_fail(int status, const char *fmt, ...)
{
	va_list list;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(list, fmt);
	vfprintf(stderr, fmt, list);
	va_end(list);
	fputc('\n', stderr);
	return status;
}
