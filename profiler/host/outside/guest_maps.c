/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads, processes and their mappings, read in the kernel's own structures, and told when they are news: a process'
 * mappings when their number has changed, when code runs in none that is known, and now and then.
 */
#include "guest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define REGIONS_MAX 4096	/* of a process, looked at */
#define MAPS_MAX (1u << 17)	/* and told of, of all */
#define PROCESSES_MAX 4096
#define THREADS_MAX 65536
#define NAMES_MAX 64		/* parts of a path */
#define LOOK_AGAIN 256		/* samples after which mappings are looked at in any case */
#define PATH_MAX_GUEST 256
#define PROT_EXEC_GUEST 4

struct known_map {
	uint64_t start, end, offset;
	char path[PATH_MAX_GUEST];
};

struct known_process {
	uint32_t pid, until_look;
	uint64_t aspace, program, regions;
	struct known_map *maps;
	size_t count;
};

struct known_thread {
	uint32_t id, pid;
	char name[GUEST_NAME];
};

struct guest_known {
	struct known_process *processes;
	struct known_thread *threads;
	size_t process_count, thread_count, map_count;
};

/* What is being told of. */
struct telling {
	struct guest_known *known;
	struct guest *guest;
	struct outside_stream *stream;
	const struct outside_at *at;
	const struct guest_thread *thread;
};

struct guest_known *guest_known_new(void)
{
	return memory_new(1, sizeof(struct guest_known));
}

void guest_known_free(struct guest_known *known)
{
	for (size_t i = 0; i < known->process_count; i++)
		free(known->processes[i].maps);
	free(known->processes);
	free(known->threads);
	free(known);
}

static bool get(const struct telling *t, uint64_t base, enum member member, uint64_t *value)
{
	return layout_get(&t->guest->layout, &t->guest->memory, base, member, value);
}

/* ---- paths ---- */

/* Puts a name, and a slash before it, in front of *at. */
static bool prepend(const struct telling *t, uint64_t dentry, char *buf, char **at)
{
	uint64_t name, len;

	if (!get(t, dentry, DENTRY_NAME, &name) || !get(t, dentry, DENTRY_NAME_LEN, &len) ||
	    (size_t)(*at - buf) < len + 1 || !guest_memory_read(&t->guest->memory, name, *at - len, len))
		return false;
	*at -= len;
	*--*at = '/';
	return true;
}

/* The path of a file; "" where it has none, or none that can be. */
static void path_of(const struct telling *t, uint64_t file, char path[PATH_MAX_GUEST])
{
	char buf[PATH_MAX_GUEST], *at = buf + sizeof(buf) - 1;
	uint64_t dentry, mount, root;

	*at = '\0';
	path[0] = '\0';
	if (!file || !get(t, file, FILE_DENTRY, &dentry) || !get(t, file, FILE_MOUNT, &mount) || !dentry || !mount)
		return;
	for (unsigned i = 0; i < NAMES_MAX; i++) {
		if (!get(t, mount, MOUNT_ROOT, &root))
			return;
		if (dentry != root) {
			if (!prepend(t, dentry, buf, &at) || !get(t, dentry, DENTRY_PARENT, &dentry))
				return;
			continue;
		}
		if (!get(t, mount, MOUNT_MOUNTPOINT, &dentry) || !get(t, mount, MOUNT_PARENT, &mount))
			return;
		if (!mount) {
			memcpy(path, at, (size_t)(buf + sizeof(buf) - at));
			return;
		}
	}
}

/* ---- mappings ---- */

static bool is_known(const struct known_process *p, const struct known_map *map)
{
	for (size_t i = p->count; i > 0; i--)
		if (p->maps[i - 1].start == map->start)
			return p->maps[i - 1].end == map->end && p->maps[i - 1].offset == map->offset &&
			       !strcmp(p->maps[i - 1].path, map->path);
	return false;
}

/* Replaces one that begins there too. */
static void keep(struct known_process *p, const struct known_map *map)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->maps[i].start == map->start) {
			p->maps[i] = *map;
			return;
		}
	p->maps = memory_more(p->maps, p->count, sizeof(*map));
	p->maps[p->count++] = *map;
}

static void look_at_region(const struct telling *t, struct known_process *p, uint64_t region)
{
	struct known_map map;
	uint64_t prot, file;

	if (!get(t, region, REGION_PROT, &prot) || !(prot & PROT_EXEC_GUEST) ||
	    !get(t, region, REGION_START, &map.start) || !get(t, region, REGION_END, &map.end) ||
	    !get(t, region, REGION_OFFSET, &map.offset) || !get(t, region, REGION_FILE, &file) ||
	    map.start >= map.end || !guest_is_program(map.start))
		return;
	path_of(t, file, map.path);
	if (is_known(p, &map) || p->count >= REGIONS_MAX || t->known->map_count >= MAPS_MAX)
		return;
	t->known->map_count++;
	keep(p, &map);
	outside_stream_tell(t->stream, t->at, OUTSIDE_MAP,
			    (uint64_t[]){ p->pid, map.start, map.end - map.start, map.offset }, 4, map.path);
}

static void look_at_regions(const struct telling *t, struct known_process *p)
{
	const struct layout *l = &t->guest->layout;
	uint64_t head = p->aspace + l->members[ASPACE_REGIONS].offset, node;

	p->until_look = LOOK_AGAIN;
	if (!guest_memory_read(&t->guest->memory, head, &node, sizeof(node)))
		return;
	for (unsigned i = 0; i < REGIONS_MAX && node != head; i++) {
		look_at_region(t, p, node - l->members[REGION_NODE].offset);
		if (!guest_memory_read(&t->guest->memory, node, &node, sizeof(node)))
			return;
	}
}

static bool is_mapped(const struct known_process *p, uint64_t pc)
{
	for (size_t i = 0; i < p->count; i++)
		if (pc >= p->maps[i].start && pc < p->maps[i].end)
			return true;
	return false;
}

/* ---- processes and threads ---- */

/* NULL: there are too many. */
static struct known_process *process_get(struct guest_known *known, uint32_t pid)
{
	for (size_t i = known->process_count; i > 0; i--)
		if (known->processes[i - 1].pid == pid)
			return &known->processes[i - 1];
	if (known->process_count == PROCESSES_MAX)
		return NULL;
	known->processes = memory_more(known->processes, known->process_count, sizeof(*known->processes));
	known->processes[known->process_count] = (struct known_process){ .pid = pid };
	return &known->processes[known->process_count++];
}

static void tell_process(const struct telling *t, const uint64_t *pcs, size_t count)
{
	struct known_process *p = process_get(t->known, t->thread->pid);
	uint64_t aspace, program, regions;
	char path[PATH_MAX_GUEST];
	bool look;

	/* One that ends has given them up, and is what it was. */
	if (!p || !get(t, t->thread->process, PROCESS_ASPACE, &aspace) ||
	    !get(t, t->thread->process, PROCESS_PROGRAM, &program) || !aspace || !program ||
	    !get(t, aspace, ASPACE_COUNT, &regions))
		return;
	if (aspace != p->aspace || program != p->program) {
		path_of(t, program, path);
		outside_stream_tell(t->stream, t->at, OUTSIDE_EXEC, (uint64_t[]){ p->pid }, 1, path);
		outside_stream_tell(t->stream, t->at, OUTSIDE_THREAD_NAME, (uint64_t[]){ t->thread->id }, 1,
				    t->thread->name);
		p->count = 0;
		p->aspace = aspace;
		p->program = program;
		p->regions = 0;
	}
	look = regions != p->regions || !p->until_look;
	for (size_t i = 0; !look && i < count; i++)
		look = !is_mapped(p, pcs[i]);
	p->until_look -= !look;
	p->regions = regions;
	if (look)
		look_at_regions(t, p);
}

static void tell_thread(const struct telling *t)
{
	struct guest_known *known = t->known;
	const struct guest_thread *thread = t->thread;
	struct known_thread *its = NULL;

	for (size_t i = known->thread_count; i > 0 && !its; i--)
		if (known->threads[i - 1].id == thread->id)
			its = &known->threads[i - 1];
	/* Who has left his process to end is still a thread of it. */
	if (its && ((its->pid == thread->pid && !strcmp(its->name, thread->name)) || !thread->pid))
		return;
	if (!its && known->thread_count == THREADS_MAX)
		return;
	if (!its || its->pid != thread->pid)
		outside_stream_tell(t->stream, t->at, OUTSIDE_THREAD_START, (uint64_t[]){ thread->id, 0, thread->pid },
				    3, thread->name);
	else
		outside_stream_tell(t->stream, t->at, OUTSIDE_THREAD_NAME, (uint64_t[]){ thread->id }, 1, thread->name);
	if (!its) {
		known->threads = memory_more(known->threads, known->thread_count, sizeof(*its));
		its = &known->threads[known->thread_count++];
	}
	its->id = thread->id;
	its->pid = thread->pid;
	memcpy(its->name, thread->name, sizeof(its->name));
}

void guest_known_tell(struct guest_known *known, struct guest *guest, struct outside_stream *stream,
		      const struct outside_at *at, const struct guest_thread *thread, const uint64_t *pcs, size_t count)
{
	const struct telling t = { known, guest, stream, at, thread };

	tell_thread(&t);
	if (thread->process)
		tell_process(&t, pcs, count);
}

uint32_t guest_known_find(const struct guest_known *known, uint64_t address)
{
	for (size_t i = known->process_count; i > 0; i--) {
		if (!is_mapped(&known->processes[i - 1], address))
			continue;
		for (size_t t = 0; t < known->thread_count; t++)
			if (known->threads[t].pid == known->processes[i - 1].pid)
				return known->threads[t].id;
	}
	return 0;
}
