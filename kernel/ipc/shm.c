/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared memory: making segments, attaching and detaching them.
 *
 * A segment's memory is a nameless file, as behind any shared mapping. Each attachment maps a file of its own that has
 * the same inode: it counts the mappings, whoever makes or ends them (fork, mprotect, munmap, exec, the end).
 */
#include "shm.h"

#include <kernel/abi/fcntl.h>
#include <kernel/abi/mman.h>
#include <kernel/aspace.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <kernel/vfs.h>

static void destroy(struct ipc_object *object);

struct ipc_table shm_table = IPC_TABLE_INIT(shm_table, destroy);

/* ---- segments ---- */

uint64_t shm_pages(const struct shm_segment *segment)
{
	return align_up((uint64_t)segment->size, PAGE_SIZE) >> PAGE_SHIFT;
}

uint64_t shm_total_pages(void)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < IPC_OBJECTS_MAX; i++)
		total += shm_table.objects[i] ? shm_pages(shm_segment_of(shm_table.objects[i])) : 0;
	return total;
}

static int create(const struct ipc_request *request, struct ipc_object **object)
{
	struct shm_segment *segment;
	int err;

	if (request->size < SHMMIN || request->size > SHMMAX)
		return -EINVAL;
	/* There are no huge pages, so none is ever free. */
	if (request->flags & SHM_HUGETLB)
		return process_capable(CAP_IPC_LOCK) ? -ENOMEM : -EPERM;
	segment = heap_zalloc(sizeof(*segment));
	if (!segment)
		return -ENOMEM;
	segment->size = request->size;
	segment->creator = process_current()->pid;
	segment->ctime = ipc_now();
	err = shm_total_pages() + shm_pages(segment) > SHMALL ? -ENOSPC : 0;
	if (!err)
		err = file_create_memory(segment->size, &segment->memory);
	if (err) {
		heap_free(segment);
		return err;
	}
	*object = &segment->ipc;
	return 0;
}

static bool is_large(const struct ipc_object *object, size_t size)
{
	return container_of(object, const struct shm_segment, ipc)->size >= size;
}

SYSCALL(shmget, int key, size_t size, int flags)
{
	const struct ipc_request request = { key, (unsigned)flags, size, is_large, create };

	return ipc_get(&shm_table, &request);
}

/* Nobody can find it by its key any more; it goes when nobody uses it. */
static void destroy(struct ipc_object *object)
{
	struct shm_segment *segment = shm_segment_of(object);

	object->key = IPC_PRIVATE;
	object->mode |= SHM_DEST;
	if (segment->files)
		return;
	ipc_remove(&shm_table, object);
	file_put(segment->memory);
	heap_free(segment);
}

/* ---- files that attachments map ---- */

static int attachment_map_page(struct file *file, uint64_t index, bool create_page, struct page **page)
{
	return file->inode->fops->map_page(file, index, create_page, page);
}

static void attachment_mapped(struct file *file, bool writable UNUSED, bool added)
{
	struct shm_segment *segment = file->data;
	const struct process *process = process_current();

	mutex_lock(&shm_table.lock);
	segment->attached += added ? 1u : -1u;
	*(added ? &segment->atime : &segment->dtime) = ipc_now();
	if (process)
		segment->last = process->pid;
	mutex_unlock(&shm_table.lock);
}

static void attachment_release(struct file *file)
{
	struct shm_segment *segment = file->data;

	mutex_lock(&shm_table.lock);
	segment->files--;
	if (segment->ipc.mode & SHM_DEST)
		destroy(&segment->ipc);
	mutex_unlock(&shm_table.lock);
}

static const struct file_ops attachment_fops = {
	.name = "/SYSV (deleted)",
	.map_page = attachment_map_page,
	.mapped = attachment_mapped,
	.release = attachment_release,
};

/* ---- shmat ---- */

/* A file to map. Afterwards the segment stays as long as that does. */
static int make_attachment(int id, int flags, struct file **file, size_t *size)
{
	const unsigned wanted = IPC_READ | (flags & SHM_RDONLY ? 0 : IPC_WRITE) | (flags & SHM_EXEC ? IPC_EXECUTE : 0);
	struct ipc_object *object = ipc_find(&shm_table, id);
	struct shm_segment *segment;
	struct inode *inode;
	int err = object ? ipc_check_access(object, wanted) : -EINVAL;

	if (err)
		return err;
	segment = shm_segment_of(object);
	inode = inode_get(segment->memory->inode);
	*file = file_alloc(&attachment_fops, flags & SHM_RDONLY ? O_RDONLY : O_RDWR, inode, segment);
	if (!*file) {
		inode_put(inode);
		return -ENOMEM;
	}
	segment->files++;
	*size = segment->size;
	return 0;
}

static long map_attachment(struct file *file, size_t size, uint64_t address, bool fixed, int flags)
{
	unsigned prot = PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) | (flags & SHM_EXEC ? PROT_EXEC : 0);
	unsigned map_flags = MAP_SHARED;
	long result;

	if (fixed)
		map_flags |= flags & SHM_REMAP ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	result = aspace_mmap(aspace_current(), address, size, prot, map_flags, file, 0);
	return result == -EEXIST ? -EINVAL : result;
}

SYSCALL(shmat, int id, uint64_t address, int flags)
{
	const bool fixed = address;
	struct file *file;
	size_t size;
	long result;

	if (!is_aligned(address, PAGE_SIZE)) {
		if (!(flags & SHM_RND))
			return -EINVAL;
		address &= PAGE_MASK;
	}
	if (!address && (flags & SHM_REMAP))
		return -EINVAL;
	mutex_lock(&shm_table.lock);
	result = make_attachment(id, flags, &file, &size);
	mutex_unlock(&shm_table.lock);
	if (result)
		return result;
	result = map_attachment(file, size, address, fixed, flags);
	file_put(file);
	return result;
}

/* ---- shmdt ---- */

/* Is it a piece of an attachment that begins there? The lock of its address space is not held: it may be gone. */
static bool is_piece(const struct region *region, uint64_t address)
{
	return region->file && region->file->ops == &attachment_fops &&
	       region->start - address == (uint64_t)region->offset;
}

/* Unmaps what is left of the first attachment that begins there, whatever the program has cut out of it. */
SYSCALL(shmdt, uint64_t address)
{
	struct aspace *as = aspace_current();
	struct region region;
	struct file *file = NULL;
	long result = -EINVAL;

	if (!is_aligned(address, PAGE_SIZE))
		return -EINVAL;
	for (uint64_t at = address; aspace_region_after(as, at, &region); at = region.end) {
		bool wanted = is_piece(&region, address) && (!file || file == region.file);

		if (wanted)
			result = aspace_munmap(as, region.start, region.end - region.start);
		if (wanted && !file)
			file = region.file;
		else if (region.file)
			file_put(region.file);
	}
	if (file)
		file_put(file);
	return result;
}
