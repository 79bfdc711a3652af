/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses to names by libdwfl: see symbols.h. Images are linked at the addresses they run at, so no base is added.
 */
#include "symbols.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERROR 256
#define BUILD_ID_HEX 64

struct symbols {
	Dwfl *dwfl;
	Dwfl_Module *module;
	char build_id[BUILD_ID_HEX + 1];
};

static void read_build_id(struct symbols *symbols)
{
	const unsigned char *bits;
	GElf_Addr address;
	int n = dwfl_module_build_id(symbols->module, &bits, &address);

	for (int i = 0; i < n && i < BUILD_ID_HEX / 2; i++)
		snprintf(symbols->build_id + i * 2, 3, "%02x", bits[i]);
}

struct symbols *symbols_open(const char *image, char *error)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.section_address = dwfl_offline_section_address,
	};
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols) {
		snprintf(error, ERROR, "out of memory");
		return NULL;
	}
	symbols->dwfl = dwfl_begin(&callbacks);
	if (symbols->dwfl) {
		dwfl_report_begin(symbols->dwfl);
		symbols->module = dwfl_report_elf(symbols->dwfl, "image", image, -1, 0, false);
		dwfl_report_end(symbols->dwfl, NULL, NULL);
	}
	if (!symbols->module) {
		snprintf(error, ERROR, "no symbols from %.120s: %.80s", image, dwfl_errmsg(-1));
		symbols_close(symbols);
		return NULL;
	}
	read_build_id(symbols);
	return symbols;
}

/* Paths in DWARF are as the compiler was given them: relative to the source tree, or below it. */
static const char *short_file(const char *file)
{
	static const char *const rooms[] = { "/kernel/", "/arch/",	"/plat/",
					     "/fuzz/",	 "/harnesses/", "/instrumentation/" };
	const char *first = NULL;

	if (!file || *file != '/')
		return file && !strncmp(file, "./", 2) ? file + 2 : file;
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		const char *at = strstr(file, rooms[i]);

		if (at && (!first || at < first))
			first = at;
	}
	return first ? first + 1 : file;
}

/* The place in the function that encloses an inlined one is where it was called. */
static void call_site(Dwarf_Die *inlined, Dwarf_Die *cu, struct symbol_frame *frame)
{
	Dwarf_Attribute attr;
	Dwarf_Word number;
	Dwarf_Files *files;

	if (!dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attr), &number))
		frame->line = (int)number;
	if (!dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attr), &number) &&
	    !dwarf_getsrcfiles(cu, &files, NULL))
		frame->file = short_file(dwarf_filesrc(files, number, NULL, NULL));
}

/* The functions that hold pc, innermost first. The first frame's place is set by the caller. */
static size_t inline_chain(Dwarf_Die *cu, Dwarf_Addr pc, struct symbol_frame *frames, size_t max)
{
	Dwarf_Die *scopes;
	int n = dwarf_getscopes(cu, pc, &scopes);
	size_t count = 0;
	Dwarf_Die *inlined = NULL;

	for (int i = 0; i < n && count < max; i++) {
		int tag = dwarf_tag(&scopes[i]);

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
			continue;
		if (inlined)
			call_site(inlined, cu, &frames[count]);
		frames[count++].function = dwarf_diename(&scopes[i]);
		if (tag == DW_TAG_subprogram)
			break;
		inlined = &scopes[i];
	}
	if (n > 0)
		free(scopes);
	return count;
}

size_t symbols_lookup(struct symbols *symbols, uint64_t pc, struct symbol_frame *frames, size_t max)
{
	Dwarf_Addr bias;
	Dwarf_Die *cu;
	Dwfl_Line *line;
	size_t count = 0;

	memset(frames, 0, max * sizeof(*frames));
	cu = dwfl_module_addrdie(symbols->module, pc, &bias);
	if (cu)
		count = inline_chain(cu, pc - bias, frames, max);
	if (!count) {
		frames[0].function = dwfl_module_addrname(symbols->module, pc);
		count = 1;
	}
	line = dwfl_module_getsrc(symbols->module, pc);
	if (line)
		frames[0].file = short_file(dwfl_lineinfo(line, NULL, &frames[0].line, NULL, NULL, NULL));
	for (size_t i = 0; i < count; i++) {
		if (!frames[i].function)
			frames[i].function = "?";
	}
	return count;
}

const char *symbols_build_id(struct symbols *symbols)
{
	return symbols->build_id;
}

void symbols_close(struct symbols *symbols)
{
	if (!symbols)
		return;
	if (symbols->dwfl)
		dwfl_end(symbols->dwfl);
	free(symbols);
}
