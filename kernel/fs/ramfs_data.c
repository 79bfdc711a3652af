/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Content of files in memory: pages on demand, holes where nothing was written. A write holds the inode's mutex
 * throughout; a read takes pages one by one, each with a reference of its own, and copies without any lock, because the
 * copy may fault on a mapping of the very same file.
 */
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>

#include "fs_internal.h"
#include "ramfs.h"

#define PAGE_INDEX(offset) ((uint64_t)(offset) >> PAGE_SHIFT)
#define PAGE_OFFSET(offset) ((size_t)(offset) & (PAGE_SIZE - 1))

/* The page at index with a reference of the caller's; NULL: a hole. */
static struct page *get_page(struct ramfs_inode *ri, uint64_t index)
{
	unsigned long flags = spin_lock(&ri->pages_lock);
	struct page *page = page_tree_find(&ri->pages, index);

	if (page)
		page_get(page);
	spin_unlock(&ri->pages_lock, flags);
	return page;
}

static int insert_page(struct ramfs_inode *ri, uint64_t index, struct page *page)
{
	unsigned long flags = spin_lock(&ri->pages_lock);
	int err = page_tree_insert(&ri->pages, index, page);

	if (!err)
		ri->page_count++;
	spin_unlock(&ri->pages_lock, flags);
	return err;
}

/* The same, made and cleared when absent. Inode's mutex. */
static int make_page(struct ramfs_inode *ri, uint64_t index, struct page **out)
{
	struct page *page = get_page(ri, index);
	int err;

	*out = page;
	if (page)
		return 0;
	if (atomic_fetch_add(&ri->fs->pages, 1) >= ri->fs->pages_limit) {
		err = -ENOSPC;
		goto err_limit;
	}
	err = -ENOMEM;
	page = page_alloc_zeroed(0);
	if (!page)
		goto err_limit;
	err = insert_page(ri, index, page);
	if (err)
		goto err_insert;
	*out = page_get(page);
	return 0;

err_insert:
	page_put(page);
err_limit:
	atomic_fetch_sub(&ri->fs->pages, 1);
	return err;
}

static void drop_pages(struct ramfs_inode *ri, uint64_t first, uint64_t last)
{
	unsigned long flags = spin_lock(&ri->pages_lock);
	size_t count = page_tree_remove(&ri->pages, first, last);

	ri->page_count -= count;
	spin_unlock(&ri->pages_lock, flags);
	atomic_fetch_sub(&ri->fs->pages, count);
}

void ramfs_free_pages(struct ramfs_inode *ri)
{
	if (ri->pages.root)
		drop_pages(ri, 0, UINT64_MAX);
}

static ssize_t ramfs_read(struct file *file, struct io *io, off_t *position)
{
	struct inode *inode = file->inode;
	off_t offset = *position;
	ssize_t n = 0, total = 0;

	while (io->remaining) {
		off_t size = atomic_load(&inode->size);
		struct page *page;
		size_t len;

		if (offset >= size)
			break;
		len = min(PAGE_SIZE - PAGE_OFFSET(offset), (size_t)min((off_t)io->remaining, size - offset));
		page = get_page(ramfs_of(inode), PAGE_INDEX(offset));
		if (page) {
			n = io_put(io, (char *)page_virt(page) + PAGE_OFFSET(offset), len);
			page_put(page);
		} else {
			n = io_put_zero(io, len);
		}
		if (n > 0) {
			offset += n;
			total += n;
		}
		if (n != (ssize_t)len)
			break;
	}
	*position = offset;
	if (!total && n < 0)
		return n;
	inode_accessed(inode, file);
	return total;
}

/* Whole pages are written or none: of the one in which the file would grow, nothing. */
static int cut_before_end(struct ramfs_inode *ri, struct io *io, off_t offset)
{
	off_t end = (off_t)align_down((uint64_t)ri->inode.size, PAGE_SIZE);

	if (offset >= end)
		return -EPERM;
	io->remaining = (size_t)(end - offset);
	return 0;
}

/* What a write at offset may not do: seals, and the program's own size limit. Cuts the cursor. */
static int check_write(struct ramfs_inode *ri, struct io *io, off_t offset)
{
	if (ri->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if (file_size_limit(offset, &io->remaining))
		return -EFBIG;
	if ((ri->seals & F_SEAL_GROW) && offset + (off_t)io->remaining > ri->inode.size)
		return cut_before_end(ri, io, offset);
	return 0;
}

/* A write by someone who is not the owner takes set-user-ID away. */
static void drop_suid(struct inode *inode)
{
	if (!(inode->mode & (S_ISUID | S_ISGID)) || cred_capable(credentials_current(), CAP_FSETID))
		return;
	inode->mode &= ~S_ISUID;
	if (inode->mode & S_IXGRP)
		inode->mode &= ~S_ISGID;
}

static ssize_t write_pages(struct ramfs_inode *ri, struct io *io, off_t *offset)
{
	ssize_t n = 0, total = 0;

	while (io->remaining) {
		size_t len = min(PAGE_SIZE - PAGE_OFFSET(*offset), io->remaining);
		struct page *page;
		int err = make_page(ri, PAGE_INDEX(*offset), &page);

		if (err)
			return total ? total : err;
		n = io_get(io, (char *)page_virt(page) + PAGE_OFFSET(*offset), len);
		page_put(page);
		if (n > 0) {
			*offset += n;
			total += n;
			if (*offset > ri->inode.size)
				atomic_store(&ri->inode.size, *offset);
		}
		if (n != (ssize_t)len)
			break;
	}
	return total ? total : n;
}

static ssize_t ramfs_write(struct file *file, struct io *io, off_t *position)
{
	struct ramfs_inode *ri = ramfs_of(file->inode);
	ssize_t n;

	if (!io->remaining)
		return 0;
	mutex_lock(&ri->inode.lock);
	if (file->flags & O_APPEND)
		*position = ri->inode.size;
	n = check_write(ri, io, *position);
	if (!n) {
		drop_suid(&ri->inode);
		inode_touch(&ri->inode, TOUCH_MTIME | TOUCH_CTIME);
		n = write_pages(ri, io, position);
	}
	mutex_unlock(&ri->inode.lock);
	return n;
}

/* Clears [from, to) within one page, if it is there. */
static void clear_part(struct ramfs_inode *ri, off_t from, off_t to)
{
	struct page *page = from < to ? get_page(ri, PAGE_INDEX(from)) : NULL;

	if (!page)
		return;
	memset((char *)page_virt(page) + PAGE_OFFSET(from), 0, (size_t)(to - from));
	page_put(page);
}

int ramfs_truncate(struct inode *inode, off_t size)
{
	struct ramfs_inode *ri = ramfs_of(inode);
	off_t old = inode->size;

	if ((size < old && (ri->seals & F_SEAL_SHRINK)) || (size > old && (ri->seals & F_SEAL_GROW)))
		return -EPERM;
	atomic_store(&inode->size, size);
	if (size < old) {
		off_t page_end = (off_t)min(align_up((uint64_t)size, PAGE_SIZE), (uint64_t)INT64_MAX);

		clear_part(ri, size, page_end);
		if (ri->pages.root)
			drop_pages(ri, PAGE_INDEX(page_end), UINT64_MAX);
		aspace_forget_file(inode, (uint64_t)page_end, UINT64_MAX, true);
	}
	inode_touch(inode, TOUCH_MTIME | TOUCH_CTIME);
	return 0;
}

static int ramfs_file_truncate(struct file *file, off_t size)
{
	return inode_truncate(file->inode, size);
}

static int punch_hole(struct ramfs_inode *ri, off_t offset, off_t end)
{
	off_t first_full = (off_t)min(align_up((uint64_t)offset, PAGE_SIZE), (uint64_t)end);
	off_t last_full = max((off_t)align_down((uint64_t)end, PAGE_SIZE), first_full);

	if (ri->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	clear_part(ri, offset, first_full);
	if (first_full < last_full) {
		drop_pages(ri, PAGE_INDEX(first_full), PAGE_INDEX(last_full) - 1);
		aspace_forget_file(&ri->inode, (uint64_t)first_full, (uint64_t)last_full, false);
	}
	clear_part(ri, last_full, end);
	inode_touch(&ri->inode, TOUCH_MTIME | TOUCH_CTIME);
	return 0;
}

/* All or nothing as to space: what does not fit the limit is refused before a page is made. */
static int reserve_pages(struct ramfs_inode *ri, off_t offset, off_t end, bool keep_size)
{
	uint64_t first = PAGE_INDEX(offset), last = PAGE_INDEX(end - 1);
	int err = 0;

	if (!keep_size && end > ri->inode.size) {
		size_t one = 1;

		if (ri->seals & F_SEAL_GROW)
			return -EPERM;
		if (file_size_limit(end - 1, &one))
			return -EFBIG;
	}
	if (last - first >= ri->fs->pages_limit)
		return -ENOSPC;
	for (uint64_t index = first; !err && index <= last; index++) {
		struct page *page;

		err = make_page(ri, index, &page);
		if (!err)
			page_put(page);
	}
	if (err)
		return err == -ENOMEM ? -ENOSPC : err;
	if (!keep_size && end > ri->inode.size)
		atomic_store(&ri->inode.size, end);
	inode_touch(&ri->inode, TOUCH_CTIME | TOUCH_MTIME);
	return 0;
}

static int ramfs_allocate(struct file *file, int mode, off_t offset, off_t len)
{
	struct ramfs_inode *ri = ramfs_of(file->inode);
	int err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	mutex_lock(&ri->inode.lock);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		err = punch_hole(ri, offset, offset + len);
	else
		err = reserve_pages(ri, offset, offset + len, mode & FALLOC_FL_KEEP_SIZE);
	mutex_unlock(&ri->inode.lock);
	return err;
}

/* SEEK_DATA and SEEK_HOLE: the end of the file is a hole. */
static off_t seek_content(struct file *file, off_t offset, bool hole)
{
	struct ramfs_inode *ri = ramfs_of(file->inode);
	off_t size = ri->inode.size, found;
	unsigned long flags;
	uint64_t index;

	if (offset < 0 || offset >= size)
		return -ENXIO;
	flags = spin_lock(&ri->pages_lock);
	index = page_tree_next(&ri->pages, PAGE_INDEX(offset), hole);
	spin_unlock(&ri->pages_lock, flags);
	found = index > PAGE_INDEX(size) ? size : max(offset, (off_t)(index << PAGE_SHIFT));
	if (found >= size) {
		if (!hole)
			return -ENXIO;
		found = size;
	}
	return file_seek_to(file, found, INT64_MAX);
}

static off_t ramfs_seek(struct file *file, off_t offset, int whence)
{
	if (whence == SEEK_DATA || whence == SEEK_HOLE)
		return seek_content(file, offset, whence == SEEK_HOLE);
	return file_seek_size(file, offset, whence, file->inode->size);
}

static int ramfs_map_page(struct file *file, uint64_t index, bool create, struct page **page)
{
	struct ramfs_inode *ri = ramfs_of(file->inode);
	int err = 0;

	if (index >= PAGE_INDEX(align_up((uint64_t)atomic_load(&ri->inode.size), PAGE_SIZE)))
		return -EFAULT;
	*page = get_page(ri, index);
	if (*page || !create)
		return 0;
	/*
	 * A write of this very file may be what faults, from a mapping of it: then the mutex is the caller's already.
	 */
	if (mutex_is_mine(&ri->inode.lock))
		return make_page(ri, index, page);
	mutex_lock(&ri->inode.lock);
	err = make_page(ri, index, page);
	mutex_unlock(&ri->inode.lock);
	return err;
}

static void ramfs_mapped(struct file *file, bool writable, bool added)
{
	if (writable)
		atomic_fetch_add(&ramfs_of(file->inode)->writable_mappings, added ? 1u : -1u);
}

static int ramfs_may_map_writable(struct file *file)
{
	return memfd_check_writable(ramfs_of(file->inode));
}

static int ramfs_sync(struct file *file UNUSED, bool data_only UNUSED)
{
	return 0;
}

static long ramfs_fcntl(struct file *file, unsigned command, uint64_t argument)
{
	return memfd_fcntl(file, command, argument);
}

const struct file_ops ramfs_fops = {
	.read = ramfs_read,
	.write = ramfs_write,
	.seek = ramfs_seek,
	.truncate = ramfs_file_truncate,
	.allocate = ramfs_allocate,
	.map_page = ramfs_map_page,
	.mapped = ramfs_mapped,
	.may_map_writable = ramfs_may_map_writable,
	.sync = ramfs_sync,
	.fcntl = ramfs_fcntl,
};
