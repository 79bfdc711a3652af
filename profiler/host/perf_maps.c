/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a recording says of processes: their mappings and the names of their threads. See perf_reader.h.
 */
#include "perf_reader.h"

#include <stdlib.h>
#include <string.h>

uint32_t perf_map_object(struct perf_reader *reader, const char *path)
{
	for (size_t i = 0; i < reader->build_id_count; i++)
		if (!strcmp(reader->build_ids[i].path, path))
			return profile_object(reader->profile, path, reader->build_ids[i].bytes,
					      reader->build_ids[i].size);
	return profile_object(reader->profile, path, NULL, 0);
}

/* "[kernel.kallsyms]_stext": the object, and a symbol whose place the offset is. */
void perf_map_kernel(struct perf_reader *reader, const char *name, uint64_t start, uint64_t size, uint64_t offset)
{
	struct profile *p = reader->profile;
	const char *end = strchr(name, ']');
	size_t length = end ? (size_t)(end - name) + 1 : strlen(name);
	struct profile_object *object;
	char path[256];

	/* Modules are mapped like it, with paths, and are objects without a symbol of reference. */
	if (*name != '[' || !end || !end[1]) {
		struct perf_map map = { start, size, start, perf_map_object(reader, name) };

		p->objects[map.object].is_kernel = true;
		perf_map_add(reader, UINT32_MAX, &map);
		return;
	}
	if (length >= sizeof(path))
		length = sizeof(path) - 1;
	memcpy(path, name, length);
	path[length] = '\0';
	reader->kernel = (struct perf_map){ start, size, 0, perf_map_object(reader, path) };
	object = &p->objects[reader->kernel.object];
	object->is_kernel = true;
	object->reference = profile_string(p, end + 1);
	p->objects[reader->kernel.object].reference_at = offset;
	reader->kernel_known = true;
}

static struct perf_process *process_find(struct perf_reader *reader, uint32_t pid)
{
	if (reader->last_process < reader->process_count && reader->processes[reader->last_process].pid == pid)
		return &reader->processes[reader->last_process];
	for (size_t i = 0; i < reader->process_count; i++)
		if (reader->processes[i].pid == pid) {
			reader->last_process = i;
			return &reader->processes[i];
		}
	return NULL;
}

static struct perf_process *process_get(struct perf_reader *reader, uint32_t pid)
{
	struct perf_process *process = process_find(reader, pid);

	if (process)
		return process;
	reader->processes = memory_more(reader->processes, reader->process_count, sizeof(*process));
	process = &reader->processes[reader->process_count++];
	*process = (struct perf_process){ .pid = pid };
	return process;
}

void perf_map_add(struct perf_reader *reader, uint32_t pid, const struct perf_map *map)
{
	struct perf_process *process = process_get(reader, pid);

	process->maps = memory_more(process->maps, process->map_count, sizeof(*map));
	process->maps[process->map_count++] = *map;
}

void perf_process_fork(struct perf_reader *reader, uint32_t pid, uint32_t parent)
{
	struct perf_process *from;
	size_t count;

	if (pid == parent)
		return;
	perf_process_forget(reader, pid);
	from = process_find(reader, parent);
	count = from ? from->map_count : 0;
	for (size_t i = 0; i < count; i++) {
		/* Adding may move them. */
		struct perf_map map = process_find(reader, parent)->maps[i];

		perf_map_add(reader, pid, &map);
	}
}

void perf_process_forget(struct perf_reader *reader, uint32_t pid)
{
	struct perf_process *process = process_find(reader, pid);

	if (!process)
		return;
	free(process->maps);
	process->maps = NULL;
	process->map_count = 0;
}

static const struct perf_map *map_find(struct perf_reader *reader, uint32_t pid, uint64_t address)
{
	const struct perf_process *process = process_find(reader, pid);

	for (size_t i = process ? process->map_count : 0; i > 0; i--)
		if (address - process->maps[i - 1].start < process->maps[i - 1].size)
			return &process->maps[i - 1];
	return NULL;
}

uint32_t perf_place(struct perf_reader *reader, uint32_t pid, uint64_t address, bool in_kernel, bool caller)
{
	const struct perf_map *map = map_find(reader, in_kernel ? UINT32_MAX : pid, address);
	struct profile *p = reader->profile;
	uint32_t object;

	if (map)
		return profile_place(p, map->object, address - map->start + map->offset, caller);
	if (in_kernel && reader->kernel_known)
		return profile_place(p, reader->kernel.object, address, caller);
	object = profile_object(p, in_kernel ? "[kernel]" : "[unknown]", NULL, 0);
	p->objects[object].is_kernel = in_kernel;
	return profile_place(p, object, address, caller);
}

/* ---- threads ---- */

static struct perf_thread *thread_find(struct perf_reader *reader, uint32_t tid)
{
	if (reader->last_thread < reader->thread_count && reader->threads[reader->last_thread].tid == tid)
		return &reader->threads[reader->last_thread];
	for (size_t i = 0; i < reader->thread_count; i++)
		if (reader->threads[i].tid == tid) {
			reader->last_thread = i;
			return &reader->threads[i];
		}
	return NULL;
}

void perf_thread_name(struct perf_reader *reader, uint32_t tid, uint32_t comm)
{
	struct perf_thread *thread = thread_find(reader, tid);

	if (!thread) {
		reader->threads = memory_more(reader->threads, reader->thread_count, sizeof(*thread));
		thread = &reader->threads[reader->thread_count++];
	}
	*thread = (struct perf_thread){ tid, comm };
}

uint32_t perf_thread_comm(struct perf_reader *reader, uint32_t tid)
{
	struct perf_thread *thread = thread_find(reader, tid);

	return thread ? thread->comm : 0;
}

void perf_maps_free(struct perf_reader *reader)
{
	for (size_t i = 0; i < reader->process_count; i++)
		free(reader->processes[i].maps);
	free(reader->processes);
	free(reader->threads);
}
