/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names for a procedure linkage table: see plt.h. An entry jumps through a slot that a relocation fills, and that is
 * what it is told by: their order says it neither where a linker sorts them, as it does IFUNCs, nor in .plt.got. The
 * names are those of Linux' perf since 6.3. Those before name .plt alone, by the order, and part of it as _init.
 */
#include "plt.h"

#include "demangle.h"
#include "elf_file.h"
#include "profile.h"

#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 1024	/* perf's */

struct reloc {
	uint64_t slot, resolver;	/* resolver: of an IFUNC */
	const Elf_Data *symbols;
	size_t strings;			/* of the symbols, a section's number */
	size_t symbol, order;
};

/* .plt, .plt.sec or .plt.got. */
struct stubs {
	uint64_t address, offset;
	const uint8_t *code;
	size_t size, entry_size;
	char **names;			/* of those that were asked for */
};

struct plt {
	Elf *elf;
	struct stubs stubs[3];
	size_t stubs_count;
	struct reloc *relocs;		/* by slot */
	size_t reloc_count;
	struct reloc *pushed;		/* .rela.plt, as it is: lazy entries say their number in it */
	size_t pushed_count;
};

static Elf_Scn *find_section(Elf *elf, const char *name, GElf_Shdr *shdr)
{
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
		const char *its = gelf_getshdr(section, shdr) ? elf_strptr(elf, names, shdr->sh_name) : NULL;

		if (its && !strcmp(its, name))
			return section;
	}
	return NULL;
}

static void add_stubs(struct plt *plt, const char *name)
{
	GElf_Shdr shdr;
	Elf_Scn *section = find_section(plt->elf, name, &shdr);
	Elf_Data *data = section && shdr.sh_flags & SHF_EXECINSTR ? elf_getdata(section, NULL) : NULL;
	struct stubs *stubs = &plt->stubs[plt->stubs_count];

	if (!data || !data->d_buf || !data->d_size)
		return;
	*stubs = (struct stubs){ .address = shdr.sh_addr,
				 .offset = shdr.sh_offset,
				 .code = data->d_buf,
				 .size = data->d_size,
				 .entry_size = shdr.sh_entsize };
	/* lld says no size. */
	if (stubs->entry_size != 8 && stubs->entry_size != 16)
		stubs->entry_size = shdr.sh_addralign == 8 ? 8 : 16;
	stubs->names = memory_new((stubs->size - 1) / stubs->entry_size + 1, sizeof(*stubs->names));
	plt->stubs_count++;
}

static bool fills_slot(const GElf_Rela *rela)
{
	return GELF_R_TYPE(rela->r_info) == R_X86_64_JUMP_SLOT || GELF_R_TYPE(rela->r_info) == R_X86_64_GLOB_DAT ||
	       GELF_R_TYPE(rela->r_info) == R_X86_64_IRELATIVE;
}

static void add_relocs(struct plt *plt, const char *name)
{
	GElf_Shdr shdr, symbols_shdr;
	Elf_Scn *section = find_section(plt->elf, name, &shdr);
	Elf_Data *data = section && shdr.sh_type == SHT_RELA ? elf_getdata(section, NULL) : NULL;
	Elf_Scn *symbols = data ? elf_getscn(plt->elf, shdr.sh_link) : NULL;
	struct reloc common = { 0 };
	GElf_Rela rela;

	/* None where a program is linked statically. */
	if (symbols && gelf_getshdr(symbols, &symbols_shdr) &&
	    (symbols_shdr.sh_type == SHT_DYNSYM || symbols_shdr.sh_type == SHT_SYMTAB)) {
		common.symbols = elf_getdata(symbols, NULL);
		common.strings = symbols_shdr.sh_link;
	}
	for (int i = 0; data && i < INT32_MAX && gelf_getrela(data, i, &rela); i++) {
		struct reloc *reloc;

		if (!fills_slot(&rela))
			continue;
		plt->relocs = memory_more(plt->relocs, plt->reloc_count, sizeof(*plt->relocs));
		reloc = &plt->relocs[plt->reloc_count++];
		*reloc = common;
		reloc->slot = rela.r_offset;
		reloc->order = (size_t)i;
		if (GELF_R_TYPE(rela.r_info) == R_X86_64_IRELATIVE)
			reloc->resolver = (uint64_t)rela.r_addend;
		else
			reloc->symbol = GELF_R_SYM(rela.r_info);
	}
}

static int by_slot(const void *left, const void *right)
{
	const struct reloc *a = left, *b = right;

	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

struct plt *plt_open(Elf *elf)
{
	struct plt *plt = memory_new(1, sizeof(*plt));
	GElf_Ehdr ehdr;

	plt->elf = elf;
	if (!gelf_getehdr(elf, &ehdr) || ehdr.e_machine != EM_X86_64 || gelf_getclass(elf) != ELFCLASS64)
		return plt;
	add_stubs(plt, ".plt");
	add_stubs(plt, ".plt.sec");
	add_stubs(plt, ".plt.got");
	if (!plt->stubs_count)
		return plt;
	add_relocs(plt, ".rela.plt");
	plt->pushed_count = plt->reloc_count;
	if (plt->pushed_count) {
		plt->pushed = memory_new(plt->pushed_count, sizeof(*plt->pushed));
		memcpy(plt->pushed, plt->relocs, plt->pushed_count * sizeof(*plt->pushed));
	}
	add_relocs(plt, ".rela.dyn");
	if (plt->reloc_count)
		qsort(plt->relocs, plt->reloc_count, sizeof(*plt->relocs), by_slot);
	return plt;
}

void plt_close(struct plt *plt)
{
	if (!plt)
		return;
	for (size_t i = 0; i < plt->stubs_count; i++) {
		const struct stubs *stubs = &plt->stubs[i];

		for (size_t at = 0; at * stubs->entry_size < stubs->size; at++)
			free(stubs->names[at]);
		free(stubs->names);
	}
	free(plt->relocs);
	free(plt->pushed);
	free(plt);
}

/* ---- entries ---- */

static uint64_t slot_of(const struct reloc *reloc)
{
	return reloc->slot;
}

static uint64_t order_of(const struct reloc *reloc)
{
	return reloc->order;
}

/* The first one with that key, by which they are sorted; NULL: there is none. */
static const struct reloc *find_reloc(const struct reloc *relocs, size_t count,
				      uint64_t (*key_of)(const struct reloc *reloc), uint64_t key)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (key_of(&relocs[middle]) < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && key_of(&relocs[low]) == key ? &relocs[low] : NULL;
}

enum entry { ENTRY_NONE, ENTRY_HEADER, ENTRY_JUMP };

/* [endbr64] [bnd] jmp *slot(%rip), or [endbr64] push $order, where .plt.sec jumps; the header is push *(%rip). */
static enum entry decode(const struct plt *plt, const struct stubs *stubs, size_t at, const struct reloc **reloc)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	size_t begin = at, end = stubs->size - at < stubs->entry_size ? stubs->size : at + stubs->entry_size;
	const uint8_t *code = stubs->code;
	uint32_t number;

	if (end - at >= sizeof(endbr64) && !memcmp(code + at, endbr64, sizeof(endbr64)))
		at += sizeof(endbr64);
	if (end - at >= 5 && code[at] == 0x68) {
		memcpy(&number, code + at + 1, sizeof(number));
		*reloc = find_reloc(plt->pushed, plt->pushed_count, order_of, number);
		return ENTRY_JUMP;
	}
	if (at < end && code[at] == 0xf2)
		at++;
	if (end - at < 6 || code[at] != 0xff)
		return ENTRY_NONE;
	if (code[at + 1] == 0x35 && !begin)
		return ENTRY_HEADER;
	if (code[at + 1] != 0x25)
		return ENTRY_NONE;
	memcpy(&number, code + at + 2, sizeof(number));
	*reloc = find_reloc(plt->relocs, plt->reloc_count, slot_of,
			    stubs->address + at + 6 + (uint64_t)(int64_t)(int32_t)number);
	return ENTRY_JUMP;
}

/* NULL: it has none. */
static const char *function_of(const struct plt *plt, struct elf_file *file, const struct reloc *reloc)
{
	const char *name;
	GElf_Sym sym;

	if (reloc->resolver)
		return elf_file_symbol_at(file, reloc->resolver);
	if (!reloc->symbols || reloc->symbol > INT32_MAX ||
	    !gelf_getsym((Elf_Data *)reloc->symbols, (int)reloc->symbol, &sym))
		return NULL;
	name = elf_strptr(plt->elf, reloc->strings, sym.st_name);
	return name && *name ? name : NULL;
}

static char *make_name(const struct plt *plt, struct elf_file *file, const struct stubs *stubs, size_t at)
{
	const struct reloc *reloc = NULL;
	enum entry entry = decode(plt, stubs, at, &reloc);
	const char *function = reloc ? function_of(plt, file, reloc) : NULL;
	char *name, *source_name;

	if (entry == ENTRY_NONE)
		return NULL;
	name = memory_new(NAME_MAX_BYTES, 1);
	source_name = function ? demangle(function) : NULL;
	if (entry == ENTRY_HEADER)
		snprintf(name, NAME_MAX_BYTES, ".plt");
	else if (function)
		snprintf(name, NAME_MAX_BYTES, "%s@plt", source_name ? source_name : function);
	else
		snprintf(name, NAME_MAX_BYTES, "offset_0x%" PRIx64 "@plt", stubs->offset + at);
	free(source_name);
	return name;
}

const char *plt_symbol(struct plt *plt, struct elf_file *file, uint64_t address)
{
	for (size_t i = 0; i < plt->stubs_count; i++) {
		struct stubs *stubs = &plt->stubs[i];
		uint64_t at = address - stubs->address;

		if (at >= stubs->size)
			continue;
		at /= stubs->entry_size;
		if (!stubs->names[at])
			stubs->names[at] = make_name(plt, file, stubs, at * stubs->entry_size);
		return stubs->names[at];
	}
	return NULL;
}
