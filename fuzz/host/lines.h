/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Coverage as source lines, which all worlds have in common where their images have not: places in arch/ and plat/, and
 * those that the compiler made, are left out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols.h"

struct lines;

/* A table of lines, the same for all images. NULL: no memory. */
struct lines *lines_open(void);
/* Two images, side 0 and 1: the lines of PCs, as numbers. @return how many different ones, ascending in out. */
size_t lines_of(struct lines *lines, struct symbols *symbols, int side, const uint64_t *pcs, size_t count,
		uint32_t *out);
/* "file:line" of a number. */
const char *lines_name(const struct lines *lines, uint32_t number);
/* Marks lines as those of a side. */
void lines_mark(struct lines *lines, int side, const uint32_t *numbers, size_t count);
/* How many are marked for both sides, and for one alone. */
void lines_count(const struct lines *lines, size_t *both, size_t only[2]);
/* The next line from *at on that only this side has; false when there is none. */
bool lines_next_only(const struct lines *lines, int side, uint32_t *at);
void lines_close(struct lines *lines);
