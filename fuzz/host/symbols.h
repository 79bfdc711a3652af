/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names for addresses of an image, from its DWARF (elfutils' libdwfl). Inlined functions count as frames of their own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct symbols;

struct symbol_frame {
	const char *function;	/* "?" when unknown; owned by the symbols */
	const char *file;	/* relative to the source tree where it lies in it; NULL when unknown */
	int line;
};

/* NULL with one line in error (256 bytes). */
struct symbols *symbols_open(const char *image, char *error);
/* The frames of one address, the innermost inlined one first. @return how many, at least 1, at most max. */
size_t symbols_lookup(struct symbols *symbols, uint64_t pc, struct symbol_frame *frames, size_t max);
/* The image's build id as hex, "" when it has none. */
const char *symbols_build_id(struct symbols *symbols);
void symbols_close(struct symbols *symbols);
