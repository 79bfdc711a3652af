/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of the kernel's addresses. See kernel_symbols.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_symbols.h"
#include "stream.h"

/* Symbols without a size end where the next one begins, or here. */
#define SIZE_MAX_GUESS 4096

static int compare(const void *a, const void *b)
{
	const struct kernel_symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	/* Of several at one address the last one with a size wins. */
	return x->size != y->size ? (x->size < y->size ? -1 : 1) : -strcmp(x->name, y->name);
}

static char kind_of(Elf *elf, const GElf_Sym *sym)
{
	Elf_Scn *section = elf_getscn(elf, sym->st_shndx);
	GElf_Shdr header;
	char kind = 'd';

	if (!section || !gelf_getshdr(section, &header))
		return 'a';
	if (header.sh_flags & SHF_EXECINSTR)
		kind = 't';
	else if (header.sh_type == SHT_NOBITS)
		kind = 'b';
	else if (!(header.sh_flags & SHF_WRITE))
		kind = 'r';
	return GELF_ST_BIND(sym->st_info) == STB_LOCAL ? kind : (char)(kind - 'a' + 'A');
}

static void add(struct kernel_symbols *symbols, Elf *elf, Elf_Data *data, size_t i, const Elf_Data *strings,
		uint64_t slide)
{
	const char *names = strings->d_buf;
	GElf_Sym sym;
	int type;

	if (!gelf_getsym(data, (int)i, &sym) || sym.st_name >= strings->d_size || sym.st_shndx == SHN_UNDEF ||
	    sym.st_shndx >= SHN_LORESERVE)
		return;
	type = GELF_ST_TYPE(sym.st_info);
	if ((type != STT_FUNC && type != STT_OBJECT && type != STT_NOTYPE) || !names[sym.st_name] ||
	    !memchr(names + sym.st_name, '\0', strings->d_size - sym.st_name))
		return;
	symbols->list[symbols->count++] = (struct kernel_symbol){ .address = sym.st_value + slide,
								  .size = sym.st_size,
								  .name = symbols->names + sym.st_name,
								  .kind = kind_of(elf, &sym) };
}

/* Names go into text of several kinds. */
static void clean(char *names, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (names[i] && (names[i] <= ' ' || names[i] >= 0x7f || names[i] == '"' || names[i] == '\\'))
			names[i] = '?';
}

static int read_table(struct kernel_symbols *symbols, Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
		      uint64_t slide)
{
	Elf_Scn *string_section = elf_getscn(elf, header->sh_link);
	Elf_Data *data = elf_getdata(section, NULL);
	Elf_Data *strings = string_section ? elf_getdata(string_section, NULL) : NULL;
	size_t count;

	if (!data || !strings || !strings->d_size || header->sh_entsize != sizeof(Elf64_Sym))
		return -1;
	count = data->d_size / header->sh_entsize;
	symbols->list = calloc(count + 1, sizeof(*symbols->list));
	symbols->names = malloc(strings->d_size);
	if (!symbols->list || !symbols->names)
		return -1;
	memcpy(symbols->names, strings->d_buf, strings->d_size);
	clean(symbols->names, strings->d_size);
	for (size_t i = 1; i < count; i++)
		add(symbols, elf, data, i, strings, slide);
	qsort(symbols->list, symbols->count, sizeof(*symbols->list), compare);
	return 0;
}

static int read_elf(struct kernel_symbols *symbols, Elf *elf, uint64_t slide)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while (elf && (section = elf_nextscn(elf, section)) != NULL)
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			return read_table(symbols, elf, section, &header, slide);
	return -1;
}

int kernel_symbols_open(struct kernel_symbols *symbols, const char *path, uint64_t slide, char *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	Elf *elf;

	*symbols = (struct kernel_symbols){ 0 };
	if (fd < 0) {
		snprintf(error, STREAM_ERROR, "%.200s: %s", path, strerror(errno));
		return -1;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	err = read_elf(symbols, elf, slide);
	elf_end(elf);
	close(fd);
	if (!err)
		return 0;
	kernel_symbols_close(symbols);
	snprintf(error, STREAM_ERROR, "%.200s: no table of symbols", path);
	return -1;
}

void kernel_symbols_close(struct kernel_symbols *symbols)
{
	free(symbols->list);
	free(symbols->names);
	*symbols = (struct kernel_symbols){ 0 };
}

const struct kernel_symbol *kernel_symbols_find(const struct kernel_symbols *symbols, uint64_t address,
						uint64_t *offset)
{
	size_t low = 0, high = symbols->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	*offset = address - symbols->list[low - 1].address;
	if (*offset >= (symbols->list[low - 1].size ? symbols->list[low - 1].size : SIZE_MAX_GUESS))
		return NULL;
	return &symbols->list[low - 1];
}
