/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a recording says of processes: their mappings and the names of their threads. See processes.h.
 */
#include "processes.h"

#include <stdlib.h>
#include <string.h>

uint32_t process_object(struct processes *all, const char *path)
{
	for (size_t i = 0; i < all->build_id_count; i++)
		if (!strcmp(all->build_ids[i].path, path))
			return profile_object(all->profile, path, all->build_ids[i].bytes, all->build_ids[i].size);
	return profile_object(all->profile, path, NULL, 0);
}

/* "[kernel.kallsyms]_stext": the object, and a symbol whose place the offset is. */
void process_map_kernel(struct processes *all, const char *name, uint64_t start, uint64_t size, uint64_t offset)
{
	struct profile *p = all->profile;
	const char *end = strchr(name, ']');
	size_t length = end ? (size_t)(end - name) + 1 : strlen(name);
	struct profile_object *object;
	char path[256];

	/* Modules are mapped like it, with paths, and are objects without a symbol of reference. */
	if (*name != '[' || !end || !end[1]) {
		struct map map = { start, size, start, process_object(all, name) };

		p->objects[map.object].is_kernel = true;
		process_map(all, UINT32_MAX, &map);
		return;
	}
	if (length >= sizeof(path))
		length = sizeof(path) - 1;
	memcpy(path, name, length);
	path[length] = '\0';
	all->kernel = (struct map){ start, size, 0, process_object(all, path) };
	object = &p->objects[all->kernel.object];
	object->is_kernel = true;
	object->reference = profile_string(p, end + 1);
	p->objects[all->kernel.object].reference_at = offset;
	all->kernel_known = true;
}

static struct process *process_find(struct processes *all, uint32_t pid)
{
	if (all->last < all->count && all->list[all->last].pid == pid)
		return &all->list[all->last];
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].pid == pid) {
			all->last = i;
			return &all->list[i];
		}
	return NULL;
}

static struct process *process_get(struct processes *all, uint32_t pid)
{
	struct process *process = process_find(all, pid);

	if (process)
		return process;
	all->list = memory_more(all->list, all->count, sizeof(*process));
	process = &all->list[all->count++];
	*process = (struct process){ .pid = pid };
	return process;
}

void process_map(struct processes *all, uint32_t pid, const struct map *map)
{
	struct process *process = process_get(all, pid);

	process->maps = memory_more(process->maps, process->map_count, sizeof(*map));
	process->maps[process->map_count++] = *map;
}

void process_fork(struct processes *all, uint32_t pid, uint32_t parent)
{
	struct process *from;
	size_t count;

	if (pid == parent)
		return;
	process_forget(all, pid);
	from = process_find(all, parent);
	count = from ? from->map_count : 0;
	for (size_t i = 0; i < count; i++) {
		/* Adding may move them. */
		struct map map = process_find(all, parent)->maps[i];

		process_map(all, pid, &map);
	}
}

void process_forget(struct processes *all, uint32_t pid)
{
	struct process *process = process_find(all, pid);

	if (!process)
		return;
	free(process->maps);
	process->maps = NULL;
	process->map_count = 0;
}

const struct map *process_map_find(struct processes *all, uint32_t pid, uint64_t address)
{
	const struct process *process = process_find(all, pid);

	for (size_t i = process ? process->map_count : 0; i > 0; i--)
		if (address - process->maps[i - 1].start < process->maps[i - 1].size)
			return &process->maps[i - 1];
	return NULL;
}

uint32_t process_place(struct processes *all, uint32_t pid, uint64_t address, bool in_kernel, bool caller)
{
	const struct map *map = process_map_find(all, in_kernel ? UINT32_MAX : pid, address);
	struct profile *p = all->profile;
	uint32_t object;

	if (map)
		return profile_place(p, map->object, address - map->start + map->offset, caller);
	if (in_kernel && all->kernel_known)
		return profile_place(p, all->kernel.object, address, caller);
	object = profile_object(p, in_kernel ? "[kernel]" : "[unknown]", NULL, 0);
	p->objects[object].is_kernel = in_kernel;
	return profile_place(p, object, address, caller);
}

/* ---- threads ---- */

static struct thread *thread_find(struct processes *all, uint32_t tid)
{
	if (all->last_thread < all->thread_count && all->threads[all->last_thread].tid == tid)
		return &all->threads[all->last_thread];
	for (size_t i = 0; i < all->thread_count; i++)
		if (all->threads[i].tid == tid) {
			all->last_thread = i;
			return &all->threads[i];
		}
	return NULL;
}

void process_thread_name(struct processes *all, uint32_t tid, uint32_t comm)
{
	struct thread *thread = thread_find(all, tid);

	if (!thread) {
		all->threads = memory_more(all->threads, all->thread_count, sizeof(*thread));
		thread = &all->threads[all->thread_count++];
	}
	*thread = (struct thread){ tid, comm };
}

uint32_t process_thread_comm(struct processes *all, uint32_t tid)
{
	struct thread *thread = thread_find(all, tid);

	return thread ? thread->comm : 0;
}

void processes_free(struct processes *all)
{
	for (size_t i = 0; i < all->count; i++)
		free(all->list[i].maps);
	for (size_t i = 0; i < all->build_id_count; i++)
		free(all->build_ids[i].path);
	free(all->build_ids);
	free(all->list);
	free(all->threads);
}
