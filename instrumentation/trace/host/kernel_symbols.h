/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of the kernel's addresses, from the symbol table of its ELF file.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct kernel_symbol {
	uint64_t address, size;	/* where it ran */
	const char *name;
	char kind;		/* as nm says it: t, T, d, D... */
};

struct kernel_symbols {
	struct kernel_symbol *list;	/* by address */
	size_t count;
	char *names;
};

/*
 * Reads the table; slide is added to each address: the kernel did not run where it was linked.
 * @return 0, or -1 with one line in error (STREAM_ERROR bytes); there are no symbols then, which is fine for look-ups.
 */
int kernel_symbols_open(struct kernel_symbols *symbols, const char *path, uint64_t slide, char *error);
void kernel_symbols_close(struct kernel_symbols *symbols);
/* What an address lies in, and where in it. NULL: in nothing that has a name. */
const struct kernel_symbol *kernel_symbols_find(const struct kernel_symbols *symbols, uint64_t address,
						uint64_t *offset);
