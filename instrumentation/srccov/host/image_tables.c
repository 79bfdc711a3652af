/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds in an image what clang's source coverage put there: counters, and the sections that describe them. A booted
 * image's counters are at the physical address that its program headers give; saki.host moves its own to 1 MiB into
 * the memory file.
 */
#include "cov.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOST_IMAGE_PHYS 0x100000u

struct reader {
	Elf *elf;
	size_t names;  /* section names' string table */
	uint64_t start, stop, host_start;
};

static void note_symbol(struct reader *reader, const char *name, uint64_t value)
{
	if (!strcmp(name, "__start___llvm_prf_cnts"))
		reader->start = value;
	else if (!strcmp(name, "__stop___llvm_prf_cnts"))
		reader->stop = value;
	else if (!strcmp(name, "__start_saki_image"))
		reader->host_start = value;
}

static void read_symbols(struct reader *reader, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym symbol;

	for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
		const char *name = elf_strptr(reader->elf, header->sh_link, symbol.st_name);

		if (name && symbol.st_shndx != SHN_UNDEF)
			note_symbol(reader, name, symbol.st_value);
	}
}

static uint8_t *copy_section(Elf_Scn *section, const GElf_Shdr *header, uint64_t *virt, size_t *size)
{
	Elf_Data *data = elf_rawdata(section, NULL);
	uint8_t *copy = data && data->d_buf ? malloc(data->d_size) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy, data->d_buf, data->d_size);
	*virt = header->sh_addr;
	*size = data->d_size;
	return copy;
}

static void read_section(struct reader *reader, Elf_Scn *section, struct image_tables *tables)
{
	const char *name;
	GElf_Shdr header;

	if (!gelf_getshdr(section, &header))
		return;
	name = elf_strptr(reader->elf, reader->names, header.sh_name);
	if (header.sh_type == SHT_SYMTAB)
		read_symbols(reader, section, &header);
	else if (name && !strcmp(name, "__llvm_prf_data") && !tables->data)
		tables->data = copy_section(section, &header, &tables->data_virt, &tables->data_size);
	else if (name && !strcmp(name, "__llvm_prf_names") && !tables->names)
		tables->names = copy_section(section, &header, &tables->names_virt, &tables->names_size);
}

/* The physical address of a virtual one, by the program headers; 0 when no segment holds it. */
static uint64_t load_address(Elf *elf, uint64_t virt)
{
	GElf_Phdr segment;

	for (int i = 0; gelf_getphdr(elf, i, &segment); i++) {
		if (segment.p_type == PT_LOAD && virt - segment.p_vaddr < segment.p_memsz)
			return virt - segment.p_vaddr + segment.p_paddr;
	}
	return 0;
}

static int read_elf(struct reader *reader, struct image_tables *tables)
{
	Elf_Scn *section = NULL;

	if (elf_getshdrstrndx(reader->elf, &reader->names))
		return -1;
	while ((section = elf_nextscn(reader->elf, section)))
		read_section(reader, section, tables);
	if (!tables->data || !tables->names || reader->stop <= reader->start)
		return -1;
	tables->counters_virt = reader->start;
	tables->counter_count = (reader->stop - reader->start) / sizeof(uint64_t);
	tables->counters_phys = reader->host_start ? reader->start - reader->host_start + HOST_IMAGE_PHYS
						   : load_address(reader->elf, reader->start);
	return tables->counters_phys ? 0 : -1;
}

int image_tables_read(struct image_tables *tables, const char *path, char *error)
{
	struct reader reader = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = -1;

	memset(tables, 0, sizeof(*tables));
	if (fd < 0) {
		snprintf(error, COV_ERROR, "%.180s: %s", path, strerror(errno));
		return -1;
	}
	elf_version(EV_CURRENT);
	reader.elf = elf_begin(fd, ELF_C_READ, NULL);
	if (reader.elf)
		err = read_elf(&reader, tables);
	if (err)
		snprintf(error, COV_ERROR, "%.180s has no source coverage; use a preset with srccov", path);
	elf_end(reader.elf);
	close(fd);
	return err;
}

void image_tables_free(struct image_tables *tables)
{
	free(tables->data);
	free(tables->names);
}
