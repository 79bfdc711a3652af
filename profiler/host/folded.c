/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Folded stacks: see folded.h.
 */
#include "folded.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A name must not look like the end of a frame or of a line. */
static void put_name(FILE *out, const char *name)
{
	for (; *name; name++)
		fputc(*name == ';' ? ':' : (unsigned char)*name < ' ' ? '?' : *name, out);
}

static char *stack_of(const struct profile *p, const struct profile_sample *s)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *comm = profile_text(p, s->comm);

	if (!out)
		return NULL;
	if (*comm)
		put_name(out, comm);
	else
		fprintf(out, "thread-%" PRIu32, s->tid);
	for (uint32_t at = s->depth; at > 0; at--) {
		uint32_t place = p->chain[s->chain + at - 1];

		fputc(';', out);
		put_name(out, profile_place_name(p, place));
		if (profile_place_is_kernel(p, place))
			fputs("_[k]", out);
	}
	return fclose(out) ? NULL : text;
}

static int compare_lines(const void *left, const void *right)
{
	return strcmp(((const struct folded_line *)left)->stack, ((const struct folded_line *)right)->stack);
}

void folded_make(struct folded *folded, const struct profile *p, uint32_t event)
{
	size_t kept = 0;

	*folded = (struct folded){ 0 };
	for (size_t i = 0; i < p->sample_count; i++) {
		char *stack = p->samples[i].event == event && p->samples[i].value ? stack_of(p, &p->samples[i]) : NULL;

		if (!stack)
			continue;
		folded->lines = memory_more(folded->lines, folded->count, sizeof(*folded->lines));
		folded->lines[folded->count++] = (struct folded_line){ stack, p->samples[i].value };
	}
	if (folded->count)
		qsort(folded->lines, folded->count, sizeof(*folded->lines), compare_lines);
	for (size_t i = 0; i < folded->count; i++) {
		if (kept && !strcmp(folded->lines[kept - 1].stack, folded->lines[i].stack)) {
			folded->lines[kept - 1].value += folded->lines[i].value;
			free(folded->lines[i].stack);
		} else {
			folded->lines[kept++] = folded->lines[i];
		}
	}
	folded->count = kept;
}

void folded_free(struct folded *folded)
{
	for (size_t i = 0; i < folded->count; i++)
		free(folded->lines[i].stack);
	free(folded->lines);
}

int folded_write(const struct folded *folded, FILE *out)
{
	for (size_t i = 0; i < folded->count; i++)
		fprintf(out, "%s %" PRIu64 "\n", folded->lines[i].stack, folded->lines[i].value);
	return fflush(out) || ferror(out) ? -errno : 0;
}

static uint64_t sum(const struct folded *folded)
{
	uint64_t total = 0;

	for (size_t i = 0; i < folded->count; i++)
		total += folded->lines[i].value;
	return total;
}

int folded_write_both(const struct folded *before, const struct folded *after, FILE *out)
{
	uint64_t sum_before = sum(before), sum_after = sum(after);
	double scale = sum_before && sum_after ? (double)sum_after / (double)sum_before : 1;
	size_t a = 0, b = 0;

	while (a < before->count || b < after->count) {
		int order = a == before->count  ? 1
			    : b == after->count ? -1
						: strcmp(before->lines[a].stack, after->lines[b].stack);
		const char *stack = order <= 0 ? before->lines[a].stack : after->lines[b].stack;
		uint64_t first = order <= 0 ? (uint64_t)((double)before->lines[a++].value * scale + 0.5) : 0;
		uint64_t second = order >= 0 ? after->lines[b++].value : 0;

		fprintf(out, "%s %" PRIu64 " %" PRIu64 "\n", stack, first, second);
	}
	return fflush(out) || ferror(out) ? -errno : 0;
}
