/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is known to be otherwise than an attack's description says, and why: harnesses/eval/explained.txt.
 */
#pragma once

#include <stddef.h>

#define EXPLAINED_MAX 512

struct explanation {
	char attack[64], variant[16], preset[64], outcome[24];	/* patterns of the shell's */
	char *why;
	int used;
};

struct explained {
	struct explanation *list;
	size_t count;
};

/**
 * Reads the file; none is there: nothing is explained.
 *
 * @return 0, or an exit status after a line of error
 */
int explained_read(struct explained *explained, const char *path);
/* Why; NULL when nothing fits. */
const char *explained_find(const struct explained *explained, const char *attack, const char *variant,
			   const char *preset, const char *outcome);
void explained_free(struct explained *explained);
