/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file's procedure linkage table: code of the linker's, by which a program calls what is in libraries, and which no
 * symbol names. x86_64 only. The file may be anything: what it says wrongly gives no names.
 */
#pragma once

#include <stdint.h>

struct elf_file;
struct Elf;
struct plt;

/* @return what has to be closed, also where there is no such table. elf outlives it. */
struct plt *plt_open(struct Elf *elf);
/* NULL is nothing. */
void plt_close(struct plt *plt);

/**
 * The name of the entry that holds an address: the function's that it leads to, with @plt behind it. Where that has no
 * name either it is called by its place in the file, and what binds the others when they are first called is .plt.
 *
 * @param file whose functions may be what is chosen from when the program starts (IFUNC)
 * @return the table's; NULL: the address is in none of its entries
 */
const char *plt_symbol(struct plt *plt, struct elf_file *file, uint64_t address);
