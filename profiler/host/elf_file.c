/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading ELF files: see elf_file.h. Which of several names for an address is chosen is what perf chooses.
 */
#include "elf_file.h"

#include "demangle.h"
#include "plt.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct symbol {
	uint64_t start, end;
	uint64_t section_end;
	const char *name;	/* the ELF file's, or demangled */
	bool weak, global;
	bool demangled;		/* name is ours */
	bool tried;		/* it is as readable as it gets */
};

struct elf_file {
	int fd;
	Elf *elf;
	struct elf_file *debug;	/* has the names in this one's place */
	struct plt *plt;	/* what no symbols are for */
	struct symbol *symbols;
	size_t symbol_count;
	bool is_debug, symbols_read, frames_read;
	Dwarf *dwarf;
	Dwarf_CFI *frames, *own_frames;
};

struct elf_file *elf_file_open(const char *path, char *error)
{
	struct elf_file *file = memory_new(1, sizeof(*file));
	struct stat st;

	elf_version(EV_CURRENT);
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file->fd < 0 || fstat(file->fd, &st)) {
		snprintf(error, PROFILE_ERROR, "%.180s: %s", path, strerror(errno));
		goto err;
	}
	/* Read as a whole, so that a file that somebody cuts short meanwhile is an error and no signal. */
	file->elf = S_ISREG(st.st_mode) ? elf_begin(file->fd, ELF_C_READ, NULL) : NULL;
	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF) {
		snprintf(error, PROFILE_ERROR, "%.180s: no ELF file", path);
		goto err;
	}
	return file;
err:
	elf_file_close(file);
	return NULL;
}

void elf_file_close(struct elf_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < file->symbol_count; i++)
		if (file->symbols[i].demangled)
			free((char *)file->symbols[i].name);
	free(file->symbols);
	elf_file_close(file->debug);
	plt_close(file->plt);
	if (file->own_frames)
		dwarf_cfi_end(file->own_frames);
	if (file->dwarf)
		dwarf_end(file->dwarf);
	if (file->elf)
		elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	free(file);
}

size_t elf_file_build_id(const struct elf_file *file, uint8_t build_id[BUILD_ID_MAX])
{
	const void *bytes;
	ssize_t size = dwelf_elf_gnu_build_id(file->elf, &bytes);

	if (size <= 0)
		return 0;
	if (size > BUILD_ID_MAX)
		size = BUILD_ID_MAX;
	memcpy(build_id, bytes, (size_t)size);
	return (size_t)size;
}

size_t elf_path_build_id(const char *path, uint8_t build_id[BUILD_ID_MAX])
{
	char error[PROFILE_ERROR];
	struct elf_file *file = elf_file_open(path, error);
	size_t size = file ? elf_file_build_id(file, build_id) : 0;

	elf_file_close(file);
	return size;
}

bool elf_file_address(const struct elf_file *file, uint64_t offset, uint64_t *address)
{
	size_t count;
	GElf_Phdr phdr;

	if (elf_getphdrnum(file->elf, &count))
		return false;
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		if (!gelf_getphdr(file->elf, (int)i, &phdr) || phdr.p_type != PT_LOAD)
			continue;
		if (offset >= phdr.p_offset && offset - phdr.p_offset < phdr.p_filesz) {
			*address = phdr.p_vaddr + (offset - phdr.p_offset);
			return true;
		}
	}
	return false;
}

/* ---- names ---- */

static int underscores(const char *name)
{
	return (int)strspn(name, "_");
}

/* Negative: a is the better name. */
static int compare_names(const struct symbol *a, const struct symbol *b)
{
	if (a->weak != b->weak)
		return a->weak ? 1 : -1;
	if (a->global != b->global)
		return a->global ? -1 : 1;
	if (underscores(a->name) != underscores(b->name))
		return underscores(a->name) - underscores(b->name);
	if (strlen(a->name) != strlen(b->name))
		return strlen(a->name) > strlen(b->name) ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* By start; those that say how long they are first, then the better name. */
static int compare_symbols(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if ((a->end > a->start) != (b->end > b->start))
		return a->end > a->start ? -1 : 1;
	return compare_names(a, b);
}

static void add_symbol(struct elf_file *file, const GElf_Sym *sym, uint64_t section_end, const char *name)
{
	uint64_t end = sym->st_value + sym->st_size;

	if (!name || !*name || end < sym->st_value)
		return;
	file->symbols = memory_more(file->symbols, file->symbol_count, sizeof(*file->symbols));
	file->symbols[file->symbol_count++] = (struct symbol){ .start = sym->st_value,
							       .end = end,
							       .section_end = section_end,
							       .name = name,
							       .weak = GELF_ST_BIND(sym->st_info) == STB_WEAK,
							       .global = GELF_ST_BIND(sym->st_info) == STB_GLOBAL };
}

/* True where the symbol's section holds code, and *end of that section. */
static bool in_code(const struct elf_file *file, const GElf_Sym *sym, uint64_t *end)
{
	Elf_Scn *section = sym->st_shndx < SHN_LORESERVE ? elf_getscn(file->elf, sym->st_shndx) : NULL;
	GElf_Shdr shdr;

	if (!section || !gelf_getshdr(section, &shdr) || !(shdr.sh_flags & SHF_EXECINSTR))
		return false;
	*end = shdr.sh_addr + shdr.sh_size;
	return true;
}

static void read_table(struct elf_file *file, Elf_Scn *section, const GElf_Shdr *shdr)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = data && shdr->sh_entsize ? shdr->sh_size / shdr->sh_entsize : 0;
	uint64_t end;
	GElf_Sym sym;

	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		int type;

		if (!gelf_getsym(data, (int)i, &sym))
			break;
		type = GELF_ST_TYPE(sym.st_info);
		if (type != STT_FUNC && type != STT_GNU_IFUNC && (type != STT_NOTYPE || shdr->sh_type == SHT_DYNSYM))
			continue;
		if (sym.st_shndx != SHN_UNDEF && in_code(file, &sym, &end))
			add_symbol(file, &sym, end, elf_strptr(file->elf, shdr->sh_link, sym.st_name));
	}
}

static bool has_symtab(const struct elf_file *file, GElf_Word type, Elf_Scn **section, GElf_Shdr *shdr)
{
	for (*section = NULL; (*section = elf_nextscn(file->elf, *section));)
		if (gelf_getshdr(*section, shdr) && shdr->sh_type == type)
			return true;
	return false;
}

/* Debian's -dbgsym packages have the names that were taken out of a program. */
static struct elf_file *open_debug(const struct elf_file *file)
{
	char path[128] = "/usr/lib/debug/.build-id/", error[PROFILE_ERROR];
	uint8_t id[BUILD_ID_MAX];
	size_t size = elf_file_build_id(file, id), at = strlen(path);

	if (!size)
		return NULL;
	for (size_t i = 0; i < size; i++)
		at += (size_t)snprintf(path + at, sizeof(path) - at, i == 1 ? "/%02x" : "%02x", id[i]);
	snprintf(path + at, sizeof(path) - at, ".debug");
	return elf_file_open(path, error);
}

/*
 * Names of assembly say no length: they reach to the next one, as for perf, but not into another section, which may
 * have no names. Only where all names are there.
 */
static void extend_symbols(struct elf_file *file)
{
	size_t count = 0;

	for (size_t i = 0; i < file->symbol_count; i++)
		if (!count || file->symbols[count - 1].start != file->symbols[i].start)
			file->symbols[count++] = file->symbols[i];
	file->symbol_count = count;
	for (size_t i = 0; i < count; i++) {
		struct symbol *symbol = &file->symbols[i];
		uint64_t next = i + 1 < count ? symbol[1].start : UINT64_MAX;

		if (symbol->end == symbol->start && symbol->section_end > symbol->start)
			symbol->end = next < symbol->section_end ? next : symbol->section_end;
	}
}

static void read_symbols(struct elf_file *file)
{
	Elf_Scn *section;
	GElf_Shdr shdr;
	bool all = has_symtab(file, SHT_SYMTAB, &section, &shdr);

	file->symbols_read = true;
	if (!all) {
		file->debug = file->is_debug ? NULL : open_debug(file);
		if (file->debug) {
			file->debug->is_debug = true;
			return;
		}
		if (!has_symtab(file, SHT_DYNSYM, &section, &shdr))
			return;
	}
	read_table(file, section, &shdr);
	if (file->symbol_count)
		qsort(file->symbols, file->symbol_count, sizeof(*file->symbols), compare_symbols);
	if (all)
		extend_symbols(file);
}

static const char *demangled(struct symbol *symbol)
{
	char *text = symbol->tried ? NULL : demangle(symbol->name);

	symbol->tried = true;
	if (!text)
		return symbol->name;
	symbol->name = text;
	symbol->demangled = true;
	return text;
}

/* Those of the file itself or of its debug information. */
static struct symbol *find_symbol(struct elf_file *file, uint64_t address)
{
	size_t low = 0, high;

	if (!file->symbols_read)
		read_symbols(file);
	if (file->debug)
		return find_symbol(file->debug, address);
	/* The last one that starts at or before it; symbols may lie in each other, but rarely deep. */
	for (high = file->symbol_count; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (file->symbols[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i > 0 && low - i < 16; i--) {
		struct symbol *symbol = &file->symbols[i - 1];

		if (address < symbol->end) {
			/* The first of those with this start is the best. */
			while (symbol > file->symbols && symbol[-1].start == symbol->start && address < symbol[-1].end)
				symbol--;
			return symbol;
		}
	}
	return NULL;
}

const char *elf_file_symbol(struct elf_file *file, uint64_t address)
{
	struct symbol *symbol = find_symbol(file, address);

	if (symbol)
		return demangled(symbol);
	if (!file->plt)
		file->plt = plt_open(file->elf);
	return plt_symbol(file->plt, file, address);
}

const char *elf_file_symbol_at(struct elf_file *file, uint64_t address)
{
	const struct symbol *symbol = find_symbol(file, address);

	return symbol && symbol->start == address ? symbol->name : NULL;
}

/* Goes through .symtab; wanted() says which one it is. */
static const char *search(struct elf_file *file, bool (*wanted)(const GElf_Sym *, const char *, const void *),
			  const void *key, GElf_Sym *sym)
{
	Elf_Scn *section;
	GElf_Shdr shdr;
	Elf_Data *data;

	if (!has_symtab(file, SHT_SYMTAB, &section, &shdr) || !shdr.sh_entsize)
		return NULL;
	data = elf_getdata(section, NULL);
	for (size_t i = 0; data && i < shdr.sh_size / shdr.sh_entsize && i < INT32_MAX; i++) {
		const char *name;

		if (!gelf_getsym(data, (int)i, sym))
			break;
		name = elf_strptr(file->elf, shdr.sh_link, sym->st_name);
		if (name && wanted(sym, name, key))
			return name;
	}
	return NULL;
}

static bool has_name(const GElf_Sym *sym, const char *name, const void *key)
{
	return !strcmp(name, key);
}

bool elf_file_find(struct elf_file *file, const char *name, uint64_t *address)
{
	GElf_Sym sym;

	if (!search(file, has_name, name, &sym))
		return false;
	*address = sym.st_value;
	return true;
}

static bool holds(const GElf_Sym *sym, const char *name, const void *key)
{
	return GELF_ST_TYPE(sym->st_info) == STT_OBJECT && *(const uint64_t *)key - sym->st_value < sym->st_size;
}

const char *elf_file_variable(struct elf_file *file, uint64_t address)
{
	GElf_Sym sym;

	return search(file, holds, &address, &sym);
}

/* ---- unwinding ---- */

struct Dwarf_CFI_s *elf_file_frames(struct elf_file *file)
{
	if (file->frames_read)
		return file->frames;
	file->frames_read = true;
	file->own_frames = dwarf_getcfi_elf(file->elf);
	file->frames = file->own_frames;
	if (!file->frames) {
		file->dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
		file->frames = file->dwarf ? dwarf_getcfi(file->dwarf) : NULL;
	}
	return file->frames;
}
