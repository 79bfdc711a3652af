/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs beside findings: see program_folder.h.
 */
#include "program_folder.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "program_c.h"
#include "program_text.h"
#include "store.h"

static struct program program;

void program_show(FILE *out, const uint8_t *data, size_t size, const struct verdict *verdict)
{
	struct program_results results = { .words = verdict->results, .count = verdict->result_count };

	program_decode(&program, data, size);
	program_print(out, &program, verdict->result_count ? &results : NULL);
}

/* Writes what fill() prints to FOLDER/name. */
static int save(const char *folder, const char *name, const uint8_t *data, size_t size, const struct verdict *verdict,
		void (*fill)(FILE *, const uint8_t *, size_t, const struct verdict *))
{
	char path[PATH_MAX], *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err;

	if (!out)
		return -1;
	fill(out, data, size, verdict);
	fclose(out);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	err = store_file(path, text, len);
	free(text);
	return err;
}

static void fill_c(FILE *out, const uint8_t *data, size_t size, const struct verdict *verdict)
{
	(void)verdict;
	program_decode(&program, data, size);
	program_write_c(out, &program);
}

int program_save_texts(const char *folder, const uint8_t *data, size_t size, const struct verdict *verdict)
{
	int err = save(folder, "input.txt", data, size, verdict, program_show);

	return err ? err : save(folder, "reproducer.c", data, size, verdict, fill_c);
}

void program_call_name(uint32_t number, char *name, size_t size)
{
	const struct desc_call *call = desc_call_find(number, 0);

	if (call)
		snprintf(name, size, "%s", call->name);
	else
		snprintf(name, size, "call %u", number);
}
