/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The images that are compared. A preset's short name is none, a defence's (that alone), hardened, no-DEFENCE (hardened
 * less that one), or any other that `make image` knows; what is built has the attacks in it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "defences.h"

#define PRESETS_MAX 64
#define PRESET_NAME 48

enum preset_sort { PRESET_NONE, PRESET_ALONE, PRESET_HARDENED, PRESET_LESS_ONE, PRESET_OTHER };

struct preset {
	char name[PRESET_NAME];
	char full[PRESET_NAME + 32];	/* PRESET= */
	enum preset_sort sort;
	enum defence defence;		/* PRESET_ALONE, PRESET_LESS_ONE: which */
	char *image;			/* path of saki.elf; NULL: it could not be built */
	uint32_t on;			/* the defences that it has */
	uint64_t text_bytes;		/* code and constants */
	uint64_t data_bytes;		/* all else that is in memory */
	double boot_ms;			/* median, of the boots that said so; 0: not known */
};

struct presets {
	struct preset list[PRESETS_MAX];
	size_t count;
};

/**
 * @param names	short names with commas between them; NULL: all that are compared by default
 * @return 0, or an exit status after a line of error
 */
int presets_choose(struct presets *presets, const char *names);

/**
 * Builds them (unless SAKI_NO_BUILD is set), and looks at each.
 *
 * @return 0 where at least one could be built; else an exit status. Each that could not be has had its line.
 */
int presets_build(struct presets *presets);
void presets_free(struct presets *presets);
