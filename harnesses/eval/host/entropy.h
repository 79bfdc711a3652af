/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much the places of an image's regions vary from boot to boot.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "statistics.h"

#define REGIONS_MAX 48
#define REGION_NAME 32

struct region {
	char name[REGION_NAME];
	uint64_t *samples;
	size_t count;
	uint64_t reachable;	/* as the image counts them: how many values there may be; 0: it does not say */
	double reachable_bits;	/* log2 of that; more than 64 bits can be told too */
	struct entropy entropy;
};

struct regions {
	const char *preset;
	struct region list[REGIONS_MAX];
	size_t count;
	unsigned boots;		/* that said something */
	unsigned failed;	/* that did not */
};

struct eval_options;
/* Boots and estimates. @return 0, or an exit status after a line of error */
int regions_measure(struct regions *regions, const char *image, const char *preset, const struct eval_options *options);
void regions_text(const struct regions *regions, FILE *out);
struct json;
void regions_json(const struct regions *regions, struct json *json);
void regions_free(struct regions *regions);
