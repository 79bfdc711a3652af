/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words of the kernel's command line. See run.h.
 */
#include "run.h"

#include <string.h>

static int is_plain(char c)
{
	return c > ' ' && c < 0x7f && c != '%' && c != '"';
}

static void add_escaped(FILE *line, const char *text)
{
	for (; *text; text++) {
		if (is_plain(*text))
			fputc(*text, line);
		else
			fprintf(line, "%%%02X", (unsigned char)*text);
	}
}

void words_add(FILE *line, const char *name, const char *value)
{
	if (ftell(line) > 0)
		fputc(' ', line);
	if (name)
		fprintf(line, "%s=", name);
	else if (!*value)
		fputc('%', line); /* the empty word */
	add_escaped(line, value);
}
