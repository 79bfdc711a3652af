/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An ELF file's names and the tables that tell how to unwind its calls, by libelf and libdw. The file may be anything:
 * what it says wrongly gives no names.
 */
#pragma once

#include "profile.h"

struct elf_file;

/**
 * Opens a file.
 *
 * @return NULL with one line in error (PROFILE_ERROR bytes); to be closed otherwise.
 */
struct elf_file *elf_file_open(const char *path, char *error);
/* NULL is nothing. */
void elf_file_close(struct elf_file *file);

/* @return bytes of it, 0: there is none. */
size_t elf_file_build_id(const struct elf_file *file, uint8_t build_id[BUILD_ID_MAX]);
/* The same of a file with that name. */
size_t elf_path_build_id(const char *path, uint8_t build_id[BUILD_ID_MAX]);

/* Where the byte at that offset is, as linked. False: nowhere. */
bool elf_file_address(const struct elf_file *file, uint64_t offset, uint64_t *address);

/**
 * Names of .symtab, else of the file's of the same build id in /usr/lib/debug, else of .dynsym; and where none of these
 * are, those of plt.h.
 *
 * @return the name of the function that holds an address, demangled; NULL: none that says it does. The file's.
 */
const char *elf_file_symbol(struct elf_file *file, uint64_t address);

/* The name of the function that begins there, demangled or not. NULL: none does. */
const char *elf_file_symbol_at(struct elf_file *file, uint64_t address);

/* The variable that holds an address, of .symtab. */
const char *elf_file_variable(struct elf_file *file, uint64_t address);

/* The address of the symbol with that name. False: there is none. */
bool elf_file_find(struct elf_file *file, const char *name, uint64_t *address);

/* The tables for unwinding, of .eh_frame else of .debug_frame; NULL: none. */
struct Dwarf_CFI_s *elf_file_frames(struct elf_file *file);
