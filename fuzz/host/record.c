/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records of what inputs did: see record.h. The file is a word of how many there are, then each entry with its PCs.
 */
#include "record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

static int compare_words(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Which places the last run came to, in ascending order. */
static uint32_t covered(struct executor *executor, uint64_t *out)
{
	const uint64_t *pcs = executor_pcs(executor);
	size_t count;
	const uint8_t *counters = executor_counters(executor, &count);
	uint32_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (counters[i])
			out[n++] = pcs[i];
	qsort(out, n, sizeof(*out), compare_words);
	return n;
}

static int write_one(FILE *file, struct executor *executor, const struct input *input, uint64_t *pcs)
{
	static struct verdict verdict;
	struct record_entry entry = { 0 };

	if (executor_run(executor, input->data, input->size, &verdict)) {
		fprintf(stderr, "saki-fuzz: %s\n", executor_error(executor));
		return -1;
	}
	entry.results_hash = verdict.results_hash;
	entry.console_hash = hash_bytes(verdict.console, verdict.console_len);
	entry.run_result = verdict.run_result;
	entry.crash_kind = verdict.crash.kind;
	entry.blocked_calls = verdict.blocked_calls;
	entry.result_count = verdict.result_count;
	memcpy(entry.results, verdict.results, sizeof(entry.results));
	entry.pc_count = covered(executor, pcs);
	return fwrite(&entry, sizeof(entry), 1, file) == 1 &&
			       fwrite(pcs, sizeof(*pcs), entry.pc_count, file) == entry.pc_count
		       ? 0
		       : -1;
}

int record_make(const char *path, struct executor *executor, const struct inputs *inputs)
{
	FILE *file = fopen(path, "we");
	uint64_t count = inputs->count, *pcs;
	size_t counters;
	int err;

	executor_counters(executor, &counters);
	pcs = calloc(counters + 1, sizeof(*pcs));
	err = file && pcs && fwrite(&count, sizeof(count), 1, file) == 1 ? 0 : -1;
	for (size_t i = 0; !err && i < inputs->count; i++)
		err = write_one(file, executor, &inputs->items[i], pcs);
	free(pcs);
	if (file && fclose(file))
		err = -1;
	if (err)
		fprintf(stderr, "saki-fuzz: %s: no record\n", path);
	return err;
}

static int read_one(FILE *file, struct record_entry *entry, uint64_t **pcs)
{
	if (fread(entry, sizeof(*entry), 1, file) != 1 || entry->pc_count > MACHINE_COUNTERS_MAX ||
	    entry->result_count > CHANNEL_RESULTS)
		return -1;
	*pcs = malloc(entry->pc_count * sizeof(**pcs) + 1);
	return *pcs && fread(*pcs, sizeof(**pcs), entry->pc_count, file) == entry->pc_count ? 0 : -1;
}

int record_load(const char *path, struct record *record)
{
	FILE *file = fopen(path, "re");
	uint64_t count = 0;
	int err = file && fread(&count, sizeof(count), 1, file) == 1 && count < 1 << 24 ? 0 : -1;

	record->count = 0;
	record->entries = calloc(count + 1, sizeof(*record->entries));
	record->pcs = calloc(count + 1, sizeof(*record->pcs));
	if (!record->entries || !record->pcs)
		err = -1;
	for (; !err && record->count < count; record->count++)
		err = read_one(file, &record->entries[record->count], &record->pcs[record->count]);
	if (file)
		fclose(file);
	if (err)
		fprintf(stderr, "saki-fuzz: %s: no record\n", path);
	return err;
}

void record_free(struct record *record)
{
	for (size_t i = 0; record->pcs && i < record->count; i++)
		free(record->pcs[i]);
	free(record->pcs);
	free(record->entries);
}
