/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What /proc tells of a process's memory: maps, statm, and the strings that its program started with.
 */
#include <kernel/abi/mman.h>
#include <kernel/aspace.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/string.h>

#include "proc.h"

#define NAME_COLUMN 73
#define STRINGS_MAX (128 * KIB)

struct aspace *proc_aspace(struct process *process)
{
	struct aspace *as = NULL;

	if (!process_hold(process))
		return NULL;
	if (process->aspace)
		as = aspace_get(process->aspace);
	process_unhold();
	return as;
}

/* ---- maps ---- */

static const char *region_kind(const struct aspace *as, const struct region *region)
{
	if (region->start < as->brk && region->end > as->brk_start && as->brk > as->brk_start)
		return "[heap]";
	if (region->start <= as->layout.stack_start && as->layout.stack_start < region->end)
		return "[stack]";
	if (as->layout.vdso && region->end == as->layout.vdso)
		return "[vvar]";
	if (as->layout.vdso && region->start == as->layout.vdso)
		return "[vdso]";
	return "";
}

static void show_region(struct proc_text *text, const struct aspace *as, const struct region *region, char *room)
{
	const struct inode *inode = region->file ? region->file->inode : NULL;
	size_t from = text->len;
	const char *kind;

	proc_print(text, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu ", (unsigned long long)region->start,
		   (unsigned long long)region->end, region->prot & PROT_READ ? 'r' : '-',
		   region->prot & PROT_WRITE ? 'w' : '-', region->prot & PROT_EXEC ? 'x' : '-',
		   (region->flags & MAP_TYPE) == MAP_SHARED ? 's' : 'p',
		   inode ? (unsigned long long)region->offset : 0ULL, inode ? DEV_MAJOR(inode->sb->dev) : 0,
		   inode ? DEV_MINOR(inode->sb->dev) : 0, inode ? (unsigned long long)inode->ino : 0ULL);
	kind = region_kind(as, region);
	if (region->file && *kind != '[')
		kind = "";
	if (region->file || *kind)
		proc_print(text, "%*s", max(NAME_COLUMN - (int)(text->len - from), 0), "");
	if (region->file && !region->file->mount && (region->flags & MAP_ANONYMOUS))
		proc_print(text, "/dev/zero (deleted)");
	else if (region->file)
		proc_put_escaped(text, file_name(region->file, room, PATH_MAX), "");
	proc_print(text, "%s\n", kind);
}

int proc_show_maps(struct proc_text *text, const struct proc_subject *subject)
{
	struct aspace *as = proc_aspace(subject->process);
	char *room = heap_alloc(PATH_MAX);
	struct region region;

	text->failed = !room;
	for (uint64_t at = 0; as && !text->failed && aspace_region_after(as, at, &region); at = region.end) {
		show_region(text, as, &region, room);
		if (region.file)
			file_put(region.file);
	}
	heap_free(room);
	if (as)
		aspace_put(as);
	return 0;
}

/* ---- sizes ---- */

static void measure_region(const struct aspace *as, const struct region *region, struct proc_memory *memory)
{
	uint64_t pages = (region->end - region->start) / PAGE_SIZE;

	if ((region->flags & MAP_TYPE) == MAP_SHARED)
		memory->shared += pages;
	else if (!strcmp(region_kind(as, region), "[stack]"))
		memory->stack += pages;
	else if (region->prot & PROT_WRITE)
		memory->data += pages;
	else if (region->prot & PROT_EXEC)
		memory->code += pages;
	else if (region->file)
		memory->libraries += pages;
}

void proc_measure(struct aspace *as, struct proc_memory *memory)
{
	struct region region;

	*memory = (struct proc_memory){ 0 };
	for (uint64_t at = 0; aspace_region_after(as, at, &region); at = region.end) {
		measure_region(as, &region, memory);
		if (region.file)
			file_put(region.file);
	}
	mutex_lock(&as->lock);
	memory->total = as->pages_total;
	memory->resident = as->pages;
	memory->locked = as->pages_locked;
	mutex_unlock(&as->lock);
}

int proc_show_statm(struct proc_text *text, const struct proc_subject *subject)
{
	struct aspace *as = proc_aspace(subject->process);
	struct proc_memory m = { 0 };

	if (as) {
		proc_measure(as, &m);
		aspace_put(as);
	}
	proc_print(text, "%llu %llu %llu %llu 0 %llu 0\n", (unsigned long long)m.total, (unsigned long long)m.resident,
		   (unsigned long long)min(m.shared, m.resident), (unsigned long long)m.code,
		   (unsigned long long)(m.data + m.stack));
	return 0;
}

/* ---- what the program started with ---- */

enum part { ARGUMENTS, ENVIRONMENT, AUXV };

/* The program may have unmapped it since: then there is nothing to tell. */
static int show_part(struct proc_text *text, struct process *process, enum part part)
{
	struct aspace *as = proc_aspace(process);
	const struct aspace_layout *layout = as ? &as->layout : NULL;
	const uint64_t bounds[][2] = {
		{ layout ? layout->arg_start : 0, layout ? layout->arg_end : 0 },
		{ layout ? layout->env_start : 0, layout ? layout->env_end : 0 },
		{ layout ? layout->auxv_start : 0, layout ? layout->auxv_end : 0 },
	};
	size_t len = (size_t)min(bounds[part][1] - bounds[part][0], (uint64_t)STRINGS_MAX);
	char *copy = len ? heap_alloc(len) : NULL;

	text->failed = len && !copy;
	if (copy && !aspace_read(as, bounds[part][0], copy, len))
		proc_put(text, copy, len);
	heap_free(copy);
	if (as)
		aspace_put(as);
	return 0;
}

int proc_show_cmdline(struct proc_text *text, const struct proc_subject *subject)
{
	return show_part(text, subject->process, ARGUMENTS);
}

int proc_show_environ(struct proc_text *text, const struct proc_subject *subject)
{
	return show_part(text, subject->process, ENVIRONMENT);
}

int proc_show_auxv(struct proc_text *text, const struct proc_subject *subject)
{
	return show_part(text, subject->process, AUXV);
}
