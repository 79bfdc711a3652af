/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The attacks that an image has, as it lists them when its command line says attack=list.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTACKS_MAX 256
#define ATTACK_NAME 64

struct attack {
	char name[ATTACK_NAME], family[40], primitive[32], knowledge[24], about[160];
	unsigned tries;		/* boots of one trial */
	uint32_t stopped_by, aims_at;
	bool has_benign, has_adaptive;
};

struct attacks {
	struct attack list[ATTACKS_MAX];
	size_t count;
};

/* Boots an image for its list. @return 0, or an exit status after a line of error */
int attacks_ask(struct attacks *attacks, const char *image, double limit_s);
/* What a machine has said to attack=list; lines that are none are left out. */
void attacks_parse(struct attacks *attacks, const char *text);
/* Keeps those whose names match one of the patterns, which have commas between them; families are together then. */
void attacks_filter(struct attacks *attacks, const char *globs);
