/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tells the reader of a profile which file a program's address is in: a program's start and each mapping that can
 * be executed.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/abi/mman.h>
#include <kernel/aspace.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/profile.h>
#include <kernel/vfs.h>

/* The file's path in buf; "" when it has none. */
static const char *path_of(struct file *file, char *buf, size_t size)
{
	char *name;

	if (!file || !file->mount || path_name_any((struct path){ file->mount, file->dentry }, buf, size, &name) < 0)
		return "";
	return name;
}

static void tell(uint64_t start, uint64_t len, struct file *file, uint64_t offset, char *buf)
{
	const char *path = start == process_current()->aspace->layout.vdso ? "[vdso]" : path_of(file, buf, PATH_MAX);

	TRACE(process_map, process_current()->pid, start, len, offset, path);
}

void profiler_tell_map(uint64_t start, uint64_t len, struct file *file, uint64_t offset)
{
	char *buf;

	if (!trace_is_on())
		return;
	buf = heap_alloc(PATH_MAX);
	if (buf)
		tell(start, len, file, offset, buf);
	heap_free(buf);
}

void profiler_tell_program(struct file *program)
{
	struct region region;
	uint64_t at = 0;
	char *buf;

	if (!trace_is_on())
		return;
	buf = heap_alloc(PATH_MAX);
	if (!buf)
		return;
	TRACE(process_exec, process_current()->pid, path_of(program, buf, PATH_MAX));
	for (; aspace_region_after(process_current()->aspace, at, &region); at = region.end) {
		if (region.prot & PROT_EXEC)
			tell(region.start, region.end - region.start, region.file, (uint64_t)region.offset, buf);
		if (region.file)
			file_put(region.file);
	}
	heap_free(buf);
}
