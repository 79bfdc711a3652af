/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Seeds: the inputs a campaign starts from. Those of a harness lie in harnesses/seeds/NAME/: raw bytes, or, for
 * programs, text (*.prog) that is turned into bytes here.
 */
#pragma once

#include "campaign.h"

/* Fills WORK/seeds (its path goes to seeds) with the harness's seeds as bytes. 0, or -1 with one line on stderr. */
int seeds_prepare(const struct campaign *campaign, char seeds[PATH_MAX]);

/**
 * Loads an input: bytes, the text form of a program (*.prog, *.txt), or a finding's folder.
 * NULL with one line on stderr; to be freed.
 */
uint8_t *input_load(const char *path, size_t *size);

/* The same for a file that is text whatever its name is. */
uint8_t *input_load_text(const char *path, size_t *size);

/*
 * Calls visit for every seed of a harness, as bytes, in order of name. 0, -1 (a line is on stderr), or visit's
 * result.
 */
int seeds_foreach(const char *harness, int (*visit)(const uint8_t *data, size_t size, const char *name, void *context),
		  void *context);
