/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions as people choose them. See functions.h.
 */
#include <fcntl.h>
#include <fnmatch.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "functions.h"
#include "kernel_symbols.h"
#include "stream.h"

#define SECTION "__patchable_function_entries"
#define DIGIT_BITS 6

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static Elf_Data *find_entries(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *name = gelf_getshdr(section, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;

		if (name && !strcmp(name, SECTION))
			return elf_rawdata(section, NULL);
	}
	return NULL;
}

/* Where the functions begin that can be traced, to be freed; NULL: there are none. */
static uint64_t *read_entries(const char *image, size_t *count)
{
	int fd = open(image, O_RDONLY | O_CLOEXEC);
	Elf *elf = fd >= 0 && elf_version(EV_CURRENT) != EV_NONE ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
	Elf_Data *data = find_entries(elf);
	uint64_t *entries = data && data->d_buf && data->d_size >= sizeof(*entries) ? malloc(data->d_size) : NULL;

	if (entries) {
		memcpy(entries, data->d_buf, data->d_size);
		*count = data->d_size / sizeof(*entries);
	}
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return entries;
}

/* Sets a bit for each function that a pattern names. @return how many that are */
static size_t choose(char *bitmap, const uint64_t *entries, size_t count, const struct kernel_symbols *symbols,
		     const char *pattern)
{
	size_t chosen = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t offset;
		const struct kernel_symbol *symbol = kernel_symbols_find(symbols, entries[i], &offset);

		if (!symbol || offset || fnmatch(pattern, symbol->name, 0))
			continue;
		bitmap[i / DIGIT_BITS] |= (char)(1 << i % DIGIT_BITS);
		chosen++;
	}
	return chosen;
}

/* Digits for numbers; what is zero at the end need not be said. */
static void encode(char *bitmap, size_t size, size_t *chosen)
{
	size_t end = 0;

	*chosen = 0;
	for (size_t i = 0; i < size; i++) {
		*chosen += (size_t)__builtin_popcount((unsigned)bitmap[i]);
		end = bitmap[i] ? i + 1 : end;
		bitmap[i] = digits[(unsigned)bitmap[i]];
	}
	bitmap[end] = '\0';
}

static int choose_all(char *bitmap, const uint64_t *entries, size_t count, const struct kernel_symbols *symbols,
		      char *patterns, char *error)
{
	char *rest = patterns, *pattern;

	while ((pattern = strsep(&rest, ","))) {
		if (choose(bitmap, entries, count, symbols, pattern))
			continue;
		snprintf(error, STREAM_ERROR, "\"%.80s\" is no function of this kernel that can be traced", pattern);
		return -1;
	}
	return 0;
}

char *functions_choose(const char *image, const char *patterns, size_t *count, char *error)
{
	struct kernel_symbols symbols;
	size_t entries_count = 0, size;
	uint64_t *entries = read_entries(image, &entries_count);
	char *bitmap, *copy;

	if (!entries) {
		snprintf(error, STREAM_ERROR, "%.160s: its functions cannot be traced: preset profile's can", image);
		return NULL;
	}
	if (kernel_symbols_open(&symbols, image, 0, error)) {
		free(entries);
		return NULL;
	}
	size = (entries_count + DIGIT_BITS - 1) / DIGIT_BITS;
	bitmap = calloc(1, size + 1);
	copy = strdup(patterns);
	if (!bitmap || !copy || choose_all(bitmap, entries, entries_count, &symbols, copy, error)) {
		if (!bitmap || !copy)
			snprintf(error, STREAM_ERROR, "no memory");
		free(bitmap);
		bitmap = NULL;
	} else {
		encode(bitmap, size, count);
	}
	free(copy);
	kernel_symbols_close(&symbols);
	free(entries);
	return bitmap;
}
