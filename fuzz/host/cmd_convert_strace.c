/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki fuzz convert-strace -o DIR LOG...": programs, as text, from the logs of real programs (strace_import.h).
 */
#include "commands.h"
#include "program_text.h"
#include "store.h"
#include "strace_import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MAX (64u << 20)

struct conversion {
	const char *folder, *log; /* where to, name of the log without its folder and ending */
	unsigned number;
};

static int save_program(const struct program *program, void *context)
{
	struct conversion *conversion = context;
	char path[PATH_MAX], *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err;

	if (!out)
		return 1;
	fprintf(out, "# From a log of %s.\n", conversion->log);
	program_print(out, program, NULL);
	fclose(out);
	snprintf(path, sizeof(path), "%s/%s-%02u.prog", conversion->folder, conversion->log, ++conversion->number);
	err = store_file(path, text, len);
	if (err)
		fprintf(stderr, "saki-fuzz: %s: %s\n", path, strerror(errno));
	free(text);
	return err ? 1 : 0;
}

static void tell(const char *path, const struct strace_counts *counts)
{
	fprintf(stderr, "%s: %zu calls, %zu programs", path, counts->calls, counts->programs);
	if (counts->unknown)
		fprintf(stderr, "; %zu calls left out, not described:%s", counts->unknown, counts->unknown_names);
	if (counts->unreadable)
		fprintf(stderr, "; %zu lines not understood, the first is line %u", counts->unreadable,
			counts->first_unreadable);
	fputc('\n', stderr);
}

static int convert(struct strace_import *import, const char *folder, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char log[64];
	struct conversion conversion = { folder, log, 0 };
	struct strace_counts counts;
	size_t size;
	uint8_t *text = load_file(path, &size, LOG_MAX);
	int result;

	if (!text) {
		fprintf(stderr, "saki-fuzz: %s: %s\n", path, errno == EFBIG ? "more than 64 MiB" : strerror(errno));
		return EXIT_ENVIRONMENT;
	}
	snprintf(log, sizeof(log), "%.*s", (int)strcspn(base, "."), base);
	result = strace_import(import, (const char *)text, size, save_program, &conversion, &counts);
	free(text);
	if (result < 0)
		fprintf(stderr, "saki-fuzz: %s: out of memory\n", path);
	if (result)
		return EXIT_ENVIRONMENT;
	if (counts.calls == counts.unreadable) {
		fprintf(stderr, "saki-fuzz: %s: holds no system calls; is it the output of strace -f -v -s 4096 -xx?\n",
			path);
		return EXIT_USAGE;
	}
	tell(path, &counts);
	return EXIT_DONE;
}

int cmd_convert_strace(struct options *options)
{
	const char *folder = options->campaign.out;
	struct strace_import *import = strace_import_open();
	int worst = EXIT_DONE;

	if (!import || make_folders(folder)) {
		fprintf(stderr, "saki-fuzz: %s: %s\n", folder, import ? strerror(errno) : "out of memory");
		strace_import_close(import);
		return EXIT_ENVIRONMENT;
	}
	for (int i = 0; i < options->word_count; i++) {
		int status = convert(import, folder, options->words[i]);

		worst = status > worst ? status : worst;
	}
	strace_import_close(import);
	return worst;
}
