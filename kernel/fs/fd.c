/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptor tables: small numbers that name open files. Files are put outside the table's lock, since that may do
 * anything.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/atomic.h>
#include <kernel/fd.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#include "fs_internal.h"

#define FIRST_SIZE 16u
#define RLIMIT_NOFILE_INDEX 7
#define SELECT_MIN 64u
#define SIZE_LIMIT (1u << 20) /* whatever the resource limit says */

int fd_table_create(struct fd_table **out)
{
	struct fd_table *table = heap_zalloc(sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->slots = heap_array(FIRST_SIZE, sizeof(*table->slots));
	if (!table->slots) {
		heap_free(table);
		return -ENOMEM;
	}
	mutex_init(&table->lock);
	table->refs = 1;
	table->size = FIRST_SIZE;
	*out = table;
	return 0;
}

struct fd_table *fd_table_get(struct fd_table *table)
{
	atomic_fetch_add(&table->refs, 1);
	return table;
}

int fd_table_copy(struct fd_table *from, struct fd_table **out)
{
	struct fd_table *table = heap_zalloc(sizeof(*table));

	if (!table)
		return -ENOMEM;
	mutex_init(&table->lock);
	table->refs = 1;
	mutex_lock(&from->lock);
	table->slots = heap_array(from->size, sizeof(*table->slots));
	if (!table->slots) {
		mutex_unlock(&from->lock);
		heap_free(table);
		return -ENOMEM;
	}
	table->size = from->size;
	table->lowest_free = from->lowest_free;
	for (unsigned fd = 0; fd < from->size; fd++) {
		table->slots[fd] = from->slots[fd];
		if (table->slots[fd].file)
			file_get(table->slots[fd].file);
	}
	mutex_unlock(&from->lock);
	*out = table;
	return 0;
}

/* What closing a descriptor does besides dropping the reference. */
static void file_close(const struct fd_table *table, struct file *file)
{
	if (!list_empty(&file->inode->locks))
		lock_release_table(file->inode, table);
	file_put(file);
}

void fd_table_put(struct fd_table *table)
{
	if (!table || atomic_fetch_sub(&table->refs, 1) != 1)
		return;
	for (unsigned fd = 0; fd < table->size; fd++)
		if (table->slots[fd].file)
			file_close(table, table->slots[fd].file);
	heap_free(table->slots);
	heap_free(table);
}

bool fd_table_is_shared(const struct fd_table *table)
{
	return atomic_load(&table->refs) > 1;
}

static struct fd_table *table_current(void)
{
	struct process *process = process_current();

	return process ? process->fds : NULL;
}

static unsigned fd_limit(void)
{
	uint64_t limit = process_current()->rlimits[RLIMIT_NOFILE_INDEX].current;

	return (unsigned)min(limit, (uint64_t)SIZE_LIMIT);
}

/* The slot of an open descriptor, NULL when it is not open. Table lock. */
static struct fd_slot *slot_of(struct fd_table *table, int fd)
{
	if (fd < 0 || (unsigned)fd >= table->size || !table->slots[fd].file)
		return NULL;
	return &table->slots[fd];
}

struct file *fd_table_file(struct fd_table *table, int fd)
{
	struct file *file = NULL;
	struct fd_slot *slot;

	if (!table)
		return NULL;
	mutex_lock(&table->lock);
	slot = slot_of(table, fd);
	if (slot)
		file = file_get(slot->file);
	mutex_unlock(&table->lock);
	return file;
}

struct file *fd_get_any(int fd)
{
	return fd_table_file(table_current(), fd);
}

struct file *fd_get(int fd)
{
	struct file *file = fd_get_any(fd);

	if (file && (file->flags & O_PATH)) {
		file_put(file);
		return NULL;
	}
	return file;
}

/* Makes room for descriptor fd. Table lock. */
static int table_grow(struct fd_table *table, unsigned fd)
{
	unsigned size = table->size;
	struct fd_slot *slots;

	while (size <= fd)
		size *= 2;
	if (size == table->size)
		return 0;
	slots = heap_resize(table->slots, size * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	memset(slots + table->size, 0, (size - table->size) * sizeof(*slots));
	table->slots = slots;
	table->size = size;
	return 0;
}

static int install_locked(struct fd_table *table, struct file *file, unsigned from, bool close_on_exec)
{
	unsigned fd = max(from, table->lowest_free);
	int err;

	while (fd < table->size && table->slots[fd].file)
		fd++;
	if (fd >= fd_limit())
		return -EMFILE;
	err = table_grow(table, fd);
	if (err)
		return err;
	table->slots[fd] = (struct fd_slot){ file, close_on_exec };
	if (from <= table->lowest_free)
		table->lowest_free = fd + 1;
	return (int)fd;
}

int fd_install(struct file *file, int from, bool close_on_exec)
{
	struct fd_table *table = table_current();
	int fd;

	if (from < 0 || (unsigned)from >= fd_limit())
		return from ? -EINVAL : -EMFILE;
	mutex_lock(&table->lock);
	fd = install_locked(table, file, (unsigned)from, close_on_exec);
	mutex_unlock(&table->lock);
	return fd;
}

int fd_install_at(struct file *file, int fd, bool close_on_exec)
{
	struct fd_table *table = table_current();
	struct file *old = NULL;
	int err;

	if (fd < 0 || (unsigned)fd >= fd_limit())
		return -EBADF;
	mutex_lock(&table->lock);
	err = table_grow(table, (unsigned)fd);
	if (!err) {
		old = table->slots[fd].file;
		table->slots[fd] = (struct fd_slot){ file, close_on_exec };
	}
	mutex_unlock(&table->lock);
	if (old)
		file_close(table, old);
	return err ? err : fd;
}

/* Empties a slot. Table lock. */
static struct file *slot_take(struct fd_table *table, unsigned fd)
{
	struct file *file = table->slots[fd].file;

	table->slots[fd] = (struct fd_slot){ NULL, false };
	table->lowest_free = min(table->lowest_free, fd);
	return file;
}

int fd_close(int fd)
{
	struct fd_table *table = table_current();
	struct file *file = NULL;

	mutex_lock(&table->lock);
	if (slot_of(table, fd))
		file = slot_take(table, (unsigned)fd);
	mutex_unlock(&table->lock);
	if (!file)
		return -EBADF;
	file_close(table, file);
	return 0;
}

int fd_get_flags(int fd)
{
	struct fd_table *table = table_current();
	struct fd_slot *slot;
	int flags = -EBADF;

	mutex_lock(&table->lock);
	slot = slot_of(table, fd);
	if (slot)
		flags = slot->close_on_exec ? FD_CLOEXEC : 0;
	mutex_unlock(&table->lock);
	return flags;
}

int fd_set_flags(int fd, bool close_on_exec)
{
	struct fd_table *table = table_current();
	struct fd_slot *slot;

	mutex_lock(&table->lock);
	slot = slot_of(table, fd);
	if (slot)
		slot->close_on_exec = close_on_exec;
	mutex_unlock(&table->lock);
	return slot ? 0 : -EBADF;
}

/* Takes the next open descriptor in [*fd, last] that should close; only_marked: those marked close-on-exec. */
static struct file *take_next(struct fd_table *table, unsigned *fd, unsigned last, bool only_marked)
{
	struct file *file = NULL;

	mutex_lock(&table->lock);
	for (; !file && *fd < table->size && *fd <= last; ++*fd)
		if (table->slots[*fd].file && (!only_marked || table->slots[*fd].close_on_exec))
			file = slot_take(table, *fd);
	mutex_unlock(&table->lock);
	return file;
}

int fd_close_range(unsigned first, unsigned last, bool only_cloexec)
{
	struct fd_table *table = table_current();
	struct file *file;

	if (first > last)
		return -EINVAL;
	if (!only_cloexec) {
		while ((file = take_next(table, &first, last, false)))
			file_close(table, file);
		return 0;
	}
	mutex_lock(&table->lock);
	for (unsigned fd = first; fd < table->size && fd <= last; fd++)
		if (table->slots[fd].file)
			table->slots[fd].close_on_exec = true;
	mutex_unlock(&table->lock);
	return 0;
}

void fd_close_on_exec(void)
{
	struct fd_table *table = table_current();
	struct file *file;
	unsigned fd = 0;

	while ((file = take_next(table, &fd, UINT32_MAX, true)))
		file_close(table, file);
}

unsigned fd_table_size(void)
{
	return max(table_current()->size, SELECT_MIN);
}

int fd_install_anonymous(const struct file_ops *ops, unsigned flags, void *data, bool close_on_exec)
{
	struct inode *inode = inode_anonymous();
	struct file *file = file_alloc(ops, flags, inode, data);
	int fd;

	if (!file) {
		struct file never_open = { .data = data };

		ops->release(&never_open);
		inode_put(inode);
		return -ENOMEM;
	}
	fd = fd_install(file, 0, close_on_exec);
	if (fd < 0)
		file_put(file);
	return fd;
}
