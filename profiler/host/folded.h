/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Folded stacks, "comm;outermost;...;innermost value" a line, which flame graphs are made of. The kernel's functions
 * end in _[k].
 */
#pragma once

#include "profile.h"

#include <stdio.h>

struct folded_line {
	char *stack;
	uint64_t value;
};

struct folded {
	struct folded_line *lines;	/* in order of their stacks, each once */
	size_t count;
};

/* Of one event's samples. To be ended by folded_free(). */
void folded_make(struct folded *folded, const struct profile *profile, uint32_t event);
void folded_free(struct folded *folded);
/* @return 0 or -errno */
int folded_write(const struct folded *folded, FILE *out);

/**
 * Two of them side by side, "stack before after", before scaled to after's sum, so that what shows is how the shares
 * differ.
 */
int folded_write_both(const struct folded *before, const struct folded *after, FILE *out);
