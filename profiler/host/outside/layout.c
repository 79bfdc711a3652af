/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A kernel's structures, by libdw. See layout.h.
 */
#include "layout.h"

#include "../elf_file.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A structure, and a member of it or of what is in it. */
static const struct {
	const char *type, *path;
} names[MEMBERS] = {
	[CPU_THREAD] = { "cpu", "thread" },
	[CPU_RUNNING] = { "cpu", "running" },
	[CPU_IDLE] = { "cpu", "idle" },
	[CPU_ID] = { "cpu", "id" },
	[CPU_USER_SP] = { "cpu", "user_sp" },
	[CPU_IST] = { "cpu", "arch.ist" },
	[THREAD_STACK_BASE] = { "thread", "stack_base" },
	[THREAD_STACK_SIZE] = { "thread", "stack_size" },
	[THREAD_ALT_LOW] = { "thread", "context.alt_low" },
	[THREAD_ALT_HIGH] = { "thread", "context.alt_high" },
	[THREAD_PROCESS] = { "thread", "process" },
	[THREAD_ID] = { "thread", "id" },
	[THREAD_NAME] = { "thread", "name" },
	[PROCESS_PID] = { "process", "pid" },
	[PROCESS_HAS_CODE] = { "process", "has_code" },
	[PROCESS_ASPACE] = { "process", "aspace" },
	[PROCESS_PROGRAM] = { "process", "program" },
	[PROCESS_NAME] = { "process", "name" },
	[ASPACE_REGIONS] = { "aspace", "regions" },
	[ASPACE_COUNT] = { "aspace", "region_count" },
	[REGION_NODE] = { "region", "node" },
	[REGION_START] = { "region", "start" },
	[REGION_END] = { "region", "end" },
	[REGION_PROT] = { "region", "prot" },
	[REGION_FILE] = { "region", "file" },
	[REGION_OFFSET] = { "region", "offset" },
	[FILE_DENTRY] = { "file", "dentry" },
	[FILE_MOUNT] = { "file", "mount" },
	[DENTRY_PARENT] = { "dentry", "parent" },
	[DENTRY_NAME] = { "dentry", "name" },
	[DENTRY_NAME_LEN] = { "dentry", "name_len" },
	[MOUNT_PARENT] = { "mount", "parent" },
	[MOUNT_MOUNTPOINT] = { "mount", "mountpoint" },
	[MOUNT_ROOT] = { "mount", "root" },
	[REGS_RAX] = { "arch_regs", "rax" },
	[REGS_RDX] = { "arch_regs", "rdx" },
	[REGS_RCX] = { "arch_regs", "rcx" },
	[REGS_RBX] = { "arch_regs", "rbx" },
	[REGS_RSI] = { "arch_regs", "rsi" },
	[REGS_RDI] = { "arch_regs", "rdi" },
	[REGS_RBP] = { "arch_regs", "rbp" },
	[REGS_RSP] = { "arch_regs", "rsp" },
	[REGS_R8] = { "arch_regs", "r8" },
	[REGS_R9] = { "arch_regs", "r9" },
	[REGS_R10] = { "arch_regs", "r10" },
	[REGS_R11] = { "arch_regs", "r11" },
	[REGS_R12] = { "arch_regs", "r12" },
	[REGS_R13] = { "arch_regs", "r13" },
	[REGS_R14] = { "arch_regs", "r14" },
	[REGS_R15] = { "arch_regs", "r15" },
	[REGS_RIP] = { "arch_regs", "rip" },
	[REGS_LAST] = { "arch_regs", "ss" },
};

/* ---- structures ---- */

static bool named(Dwarf_Die *die, int tag, const char *name, size_t len)
{
	const char *its = dwarf_tag(die) == tag ? dwarf_diename(die) : NULL;

	return its && !strncmp(its, name, len) && !its[len];
}

/* The member with that name, whose type is in *type then, and what it adds to *offset. */
static bool member_find(Dwarf_Die *structure, const char *name, size_t len, Dwarf_Die *type, uint64_t *offset)
{
	Dwarf_Attribute attribute;
	Dwarf_Die die;
	Dwarf_Word at;

	if (dwarf_child(structure, &die))
		return false;
	do {
		if (!named(&die, DW_TAG_member, name, len))
			continue;
		if (dwarf_formudata(dwarf_attr(&die, DW_AT_data_member_location, &attribute), &at) ||
		    !dwarf_formref_die(dwarf_attr(&die, DW_AT_type, &attribute), type) || dwarf_peel_type(type, type))
			return false;
		*offset += at;
		return true;
	} while (!dwarf_siblingof(&die, &die));
	return false;
}

static bool member_place(struct layout *layout, enum member member, Dwarf_Die structure)
{
	const char *name = names[member].path;
	uint64_t offset = 0;
	Dwarf_Word size;

	for (bool more = true; more;) {
		size_t len = strcspn(name, ".");
		Dwarf_Die type;

		if (!member_find(&structure, name, len, &type, &offset))
			return false;
		structure = type;
		more = name[len];
		name += len + more;
	}
	if (dwarf_aggregate_size(&structure, &size) || !size || offset + size > UINT32_MAX)
		return false;
	layout->members[member].offset = (uint32_t)offset;
	layout->members[member].size = (uint32_t)size;
	return true;
}

/* Members of a structure that have not been found yet. @return how many were */
static unsigned take_structure(struct layout *layout, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	unsigned found = 0;

	for (enum member m = 0; name && m < MEMBERS; m++)
		if (!layout->members[m].size && !strcmp(names[m].type, name))
			found += member_place(layout, m, *die);
	return found;
}

static int read_structures(struct layout *layout, Dwarf *dwarf, const char *path, char *error)
{
	Dwarf_CU *unit = NULL;
	unsigned found = 0;
	Dwarf_Die top, die;

	while (found < MEMBERS && !dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &top, NULL)) {
		if (dwarf_child(&top, &die))
			continue;
		do {
			if (dwarf_tag(&die) == DW_TAG_structure_type)
				found += take_structure(layout, &die);
		} while (found < MEMBERS && !dwarf_siblingof(&die, &die));
	}
	for (enum member m = 0; m < MEMBERS; m++)
		if (!layout->members[m].size) {
			snprintf(error, PROFILE_ERROR,
				 "%.120s: its debug information does not say where %s of struct %s is", path,
				 names[m].path, names[m].type);
			return -1;
		}
	layout->regs_size = layout->members[REGS_LAST].offset + layout->members[REGS_LAST].size;
	return 0;
}

/* ---- symbols ---- */

static int read_symbols(struct layout *layout, const char *path, char *error)
{
	const struct {
		const char *name;
		uint64_t *value;
	} symbols[] = {
		{ "_stext", &layout->text_start },	  { "_etext", &layout->text_end },
		{ "trap_stubs", &layout->entry_start },	  { "user_resume", &layout->entry_end },
		{ "syscall_stub", &layout->syscall_start }, { "quick_last", &layout->syscall_end },
		{ "quick_first", &layout->quick_start },  { "quick_last", &layout->quick_end },
	};
	struct elf_file *file = elf_file_open(path, error);
	int status = 0;

	if (!file)
		return -1;
	for (size_t i = 0; !status && i < sizeof(symbols) / sizeof(symbols[0]); i++)
		if (!elf_file_find(file, symbols[i].name, symbols[i].value)) {
			snprintf(error, PROFILE_ERROR, "%.180s: has no symbol %s", path, symbols[i].name);
			status = -1;
		}
	layout->build_id_size = elf_file_build_id(file, layout->build_id);
	elf_file_close(file);
	return status;
}

int layout_read(struct layout *layout, const char *path, char *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), status = -1;
	Dwarf *dwarf = fd < 0 ? NULL : dwarf_begin(fd, DWARF_C_READ);

	*layout = (struct layout){ 0 };
	if (!dwarf)
		snprintf(error, PROFILE_ERROR, "%.180s: %s", path, fd < 0 ? strerror(errno) : "no debug information");
	else
		status = read_structures(layout, dwarf, path, error);
	if (dwarf)
		dwarf_end(dwarf);
	if (fd >= 0)
		close(fd);
	return status ? status : read_symbols(layout, path, error);
}
