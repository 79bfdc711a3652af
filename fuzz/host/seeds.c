/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Seeds and inputs from files: see seeds.h.
 */
#include "seeds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program_edit.h"
#include "program_text.h"
#include "store.h"

#define PART_MAX 12	/* calls of a program that is left whole */
#define PART_CALLS 8

/* The folder harnesses/seeds/NAME of the source tree, or of an installation. */
static int seeds_folder(const char *harness, char folder[PATH_MAX])
{
	const char *root = getenv("SAKI_ROOT");
	char self[PATH_MAX];
	ssize_t n;

	if (root && *root) {
		snprintf(folder, PATH_MAX, "%s/harnesses/seeds/%s", root, harness);
		return 0;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return -1;
	self[n] = '\0';
	for (int i = 0; i < 3 && strrchr(self, '/'); i++)
		*strrchr(self, '/') = '\0';
	snprintf(folder, PATH_MAX, "%.3800s/harnesses/seeds/%.200s", self, harness);
	return 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

static uint8_t *load_program(const char *path, bool text, size_t *size)
{
	char error[PROGRAM_ERROR_MAX];
	uint8_t *data = malloc(CHANNEL_INPUT_MAX), *raw = NULL;
	ssize_t n = -1;
	size_t len;

	if (!data)
		snprintf(error, sizeof(error), "out of memory");
	else if (text && !(raw = load_file(path, &len, 1 << 20)))
		snprintf(error, sizeof(error), "%.150s: %s", path, strerror(errno));
	else if (text)
		n = program_parse(path, (char *)raw, len, data, CHANNEL_INPUT_MAX, error);
	else
		n = program_load(path, data, CHANNEL_INPUT_MAX, error);
	free(raw);
	if (n < 0) {
		fprintf(stderr, "saki-fuzz: %s\n", error);
		free(data);
		return NULL;
	}
	*size = (size_t)n;
	return data;
}

uint8_t *input_load_text(const char *path, size_t *size)
{
	return load_program(path, true, size);
}

uint8_t *input_load(const char *path, size_t *size)
{
	char inside[PATH_MAX];
	struct stat stat_buf;
	uint8_t *data;

	if (!stat(path, &stat_buf) && S_ISDIR(stat_buf.st_mode)) {
		snprintf(inside, sizeof(inside), "%s/input", path);
		path = inside;
	}
	if (ends_with(path, ".prog") || ends_with(path, ".txt"))
		return load_program(path, true, size);
	data = load_file(path, size, CHANNEL_INPUT_MAX);
	if (!data && errno == EFBIG)
		fprintf(stderr, "saki-fuzz: %s: an input has at most %u bytes\n", path, CHANNEL_INPUT_MAX);
	else if (!data)
		fprintf(stderr, "saki-fuzz: %s: %s\n", path, strerror(errno));
	return data;
}

struct visitor {
	int (*visit)(const uint8_t *data, size_t size, const char *name, void *context);
	void *context;
};

static int visit_file(const char *path, const char *name, void *context)
{
	struct visitor *visitor = context;
	size_t size;
	uint8_t *data;
	int result;

	if (ends_with(name, ".md"))
		return 0;
	data = input_load(path, &size);
	if (!data)
		return -1;
	result = visitor->visit(data, size, name, visitor->context);
	free(data);
	return result;
}

int seeds_foreach(const char *harness, int (*visit)(const uint8_t *, size_t, const char *, void *), void *context)
{
	struct visitor visitor = { visit, context };
	char folder[PATH_MAX];

	if (seeds_folder(harness, folder) || access(folder, R_OK))
		return 0;
	return folder_foreach(folder, visit_file, &visitor);
}

struct copying {
	const char *folder;
	size_t count;
};

static int copy_seed(const uint8_t *data, size_t size, const char *name, void *context)
{
	struct copying *copying = context;

	(void)name;
	copying->count++;
	if (!store_by_hash(copying->folder, data, size))
		return 0;
	fprintf(stderr, "saki-fuzz: a seed cannot be written to %s: %s\n", copying->folder, strerror(errno));
	return -1;
}

/*
 * Recorded programs are long. An engine is better served by their parts: each mutation then costs a few calls, and
 * where one mattered is clear.
 */
static int copy_parts(const uint8_t *data, size_t size, const char *name, void *context)
{
	static struct program program, part;
	static uint8_t bytes[CHANNEL_INPUT_MAX];

	program_decode(&program, data, size);
	if (program.call_count <= PART_MAX)
		return copy_seed(data, size, name, context);
	for (unsigned first = 0; first < program.call_count; first += PART_CALLS) {
		program_slice(&program, first, PART_CALLS, &part);
		size = program_encode(&part, bytes, sizeof(bytes));
		if (size && copy_seed(bytes, size, name, context))
			return -1;
	}
	return 0;
}

static int copy_corpus(const char *path, const char *name, void *context)
{
	size_t size;
	uint8_t *data = load_file(path, &size, CHANNEL_INPUT_MAX);
	int result = data ? copy_seed(data, size, name, context) : 0;

	free(data);
	return result;
}

int seeds_prepare(const struct campaign *campaign, char seeds[PATH_MAX])
{
	struct copying copying = { .folder = seeds };

	snprintf(seeds, PATH_MAX, "%.4000s/seeds", campaign->work);
	remove_tree(seeds);
	if (make_folders(seeds)) {
		fprintf(stderr, "saki-fuzz: %s: %s\n", seeds, strerror(errno));
		return -1;
	}
	if (seeds_foreach(campaign->harness, strcmp(campaign->harness, "syscall") ? copy_seed : copy_parts, &copying))
		return -1;
	/* AFL++ has one folder to start from; libFuzzer is given the corpus itself. */
	if (campaign->engine == ENGINE_AFL && folder_foreach(campaign->corpus, copy_corpus, &copying))
		return -1;
	if (!copying.count)
		return copy_seed((const uint8_t *)"\0", 1, "empty", &copying);
	return 0;
}
