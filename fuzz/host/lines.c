/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Source lines of coverage: see lines.h. Two open hash tables: of PCs, since looking one up takes its time, and of
 * lines.
 */
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define SLOTS (1u << 18)
#define NO_LINE UINT32_MAX
#define NAME_MAX_LEN 200

struct lines {
	struct {
		uint64_t pc;		/* 0: free */
		uint32_t line;
	} pcs[2][SLOTS];
	uint32_t slots[SLOTS];		/* a line's number, plus 1 */
	char **names;
	uint8_t *sides;			/* a bit a side */
	uint32_t count;
};

struct lines *lines_open(void)
{
	struct lines *lines = calloc(1, sizeof(*lines));

	if (!lines)
		return NULL;
	lines->names = calloc(SLOTS, sizeof(*lines->names));
	lines->sides = calloc(SLOTS, 1);
	if (lines->names && lines->sides)
		return lines;
	lines_close(lines);
	return NULL;
}

static bool left_out(const struct symbol_frame *frame)
{
	return !frame->file || !frame->line || !strncmp(frame->file, "arch/", 5) || !strncmp(frame->file, "plat/", 5);
}

static uint32_t number_of(struct lines *lines, const struct symbol_frame *frame)
{
	char name[NAME_MAX_LEN];
	size_t len = (size_t)snprintf(name, sizeof(name), "%.180s:%d", frame->file, frame->line);
	uint32_t at = (uint32_t)hash_bytes(name, len) % SLOTS;

	for (; lines->slots[at]; at = (at + 1) % SLOTS)
		if (!strcmp(lines->names[lines->slots[at] - 1], name))
			return lines->slots[at] - 1;
	if (lines->count + 1 == SLOTS || !(lines->names[lines->count] = strdup(name)))
		return NO_LINE;
	lines->slots[at] = ++lines->count;
	return lines->count - 1;
}

static uint32_t line_of(struct lines *lines, struct symbols *symbols, int side, uint64_t pc)
{
	struct symbol_frame frame[8];
	uint32_t at = (uint32_t)hash_bytes(&pc, sizeof(pc)) % SLOTS;

	for (; lines->pcs[side][at].pc; at = (at + 1) % SLOTS)
		if (lines->pcs[side][at].pc == pc)
			return lines->pcs[side][at].line;
	symbols_lookup(symbols, pc, frame, 8);
	lines->pcs[side][at].pc = pc;
	lines->pcs[side][at].line = left_out(&frame[0]) ? NO_LINE : number_of(lines, &frame[0]);
	return lines->pcs[side][at].line;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

size_t lines_of(struct lines *lines, struct symbols *symbols, int side, const uint64_t *pcs, size_t count,
		uint32_t *out)
{
	size_t found = 0, kept = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t line = line_of(lines, symbols, side, pcs[i]);

		if (line != NO_LINE)
			out[found++] = line;
	}
	qsort(out, found, sizeof(*out), compare_numbers);
	for (size_t i = 0; i < found; i++)
		if (!kept || out[kept - 1] != out[i])
			out[kept++] = out[i];
	return kept;
}

const char *lines_name(const struct lines *lines, uint32_t number)
{
	return lines->names[number];
}

void lines_mark(struct lines *lines, int side, const uint32_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		lines->sides[numbers[i]] |= (uint8_t)(1u << side);
}

void lines_count(const struct lines *lines, size_t *both, size_t only[2])
{
	*both = only[0] = only[1] = 0;
	for (uint32_t i = 0; i < lines->count; i++) {
		*both += lines->sides[i] == 3;
		only[0] += lines->sides[i] == 1;
		only[1] += lines->sides[i] == 2;
	}
}

bool lines_next_only(const struct lines *lines, int side, uint32_t *at)
{
	while (*at < lines->count && lines->sides[*at] != 1u << side)
		++*at;
	return *at < lines->count;
}

void lines_close(struct lines *lines)
{
	if (!lines)
		return;
	for (uint32_t i = 0; lines->names && i < lines->count; i++)
		free(lines->names[i]);
	free(lines->names);
	free(lines->sides);
	free(lines);
}
