/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changing content: writes, truncation, holes, and blocks in advance. The inode's mutex is held. A page gets the bytes
 * first, then its blocks; what finds no room on the disk is taken out of it again.
 */
#include <kernel/aspace.h>
#include <kernel/process.h>
#include <kernel/string.h>

#include "ext.h"

#define DIRTY_SHARE 8u	/* pages are written when more than that part of memory waits for it */

/* ---- blocks for bytes ---- */

/*
 * Blocks for [from, to) of the file, which is in the page and is to be written from now on; *to is what has them in the
 * end. In one piece with the size, so that no commit sees blocks that were not written.
 */
static int make_blocks(struct ext_inode *ei, struct page *page, uint64_t from, uint64_t *to, bool grow)
{
	struct ext_fs *fs = ei->fs;
	uint64_t block = from >> fs->block_shift, end = (*to + fs->block_size - 1) >> fs->block_shift;
	int err = ext_begin(fs);

	if (err)
		return err;
	while (!err && block < end) {
		struct ext_run run;
		bool fresh;

		err = block >= ext_map_limit(ei)
			      ? -EFBIG
			      : ext_map_create(ei, (uint32_t)block, (unsigned)(end - block), &run, &fresh);
		if (!err)
			block += min((uint64_t)run.len, end - block);
	}
	if (err)
		*to = max(from, min(*to, block << fs->block_shift));
	if (*to > from)
		ext_page_dirty(ei, page);
	if (*to > from && grow && (off_t)*to > ei->inode.size)
		atomic_store(&ei->inode.size, (off_t)*to);
	ext_inode_changed(&ei->inode);
	list_remove(&ei->pages_node);
	list_append(&fs->with_pages, &ei->pages_node);
	ext_end(fs);
	return err;
}

/* The same once more after a commit, where blocks wait for one to be free. */
static int make_blocks_or_commit(struct ext_inode *ei, struct page *page, uint64_t from, uint64_t to, bool grow,
				 uint64_t *done)
{
	int err;

	*done = to;
	err = make_blocks(ei, page, from, done, grow);
	if (err == -ENOSPC && ei->fs->freed_blocks) {
		mutex_lock(&ei->fs->lock);
		err = ext_commit(ei->fs);
		mutex_unlock(&ei->fs->lock);
		*done = to;
		err = err ?: make_blocks(ei, page, from, done, grow);
	}
	return err;
}

/* ---- write ---- */

/* The page to write into: read, unless nothing of it will be left, or it lies beyond the end. */
static int page_for_write(struct ext_inode *ei, uint64_t index, bool whole, struct page **page)
{
	uint64_t pages = ((uint64_t)ei->inode.size + PAGE_SIZE - 1) / PAGE_SIZE;
	int err;

	*page = ext_page_find(ei, index);
	if (*page)
		return 0;
	if (!whole && index < pages)
		return ext_page_read(ei, index, 1, page);
	if (page_free_count() < page_total_count() / DIRTY_SHARE) {
		mutex_lock(&ei->fs->lock);
		ext_pages_reclaim(ei->fs);
		mutex_unlock(&ei->fs->lock);
	}
	*page = page_alloc_zeroed(0);
	if (!*page)
		return -ENOMEM;
	(*page)->flags = 0;
	err = ext_page_insert(ei, index, *page);
	if (err == -EEXIST) {
		page_put(*page);
		*page = ext_page_find(ei, index);
		return *page ? 0 : -ENOMEM;
	}
	if (err)
		page_put(*page);
	return err;
}

/*
 * Bytes that have no place on the disk: where the page held what the file had there before, that is gone with a page
 * that is dropped and read again.
 */
static void take_back(struct ext_inode *ei, struct page *page, uint64_t from, uint64_t to)
{
	if (page->flags & EXT_PAGE_DIRTY)
		memset((char *)page_virt(page) + from % PAGE_SIZE, 0, (size_t)(to - from));
	else
		ext_pages_drop(ei, from / PAGE_SIZE, from / PAGE_SIZE);
}

/* One page's part. @return bytes, or an error; *stop: no more after it. */
static ssize_t write_part(struct ext_inode *ei, struct io *io, off_t offset, size_t len, bool *stop)
{
	uint64_t from = (uint64_t)offset, done;
	struct page *page;
	ssize_t n;
	int err = page_for_write(ei, from / PAGE_SIZE, len == PAGE_SIZE, &page);

	*stop = true;
	if (err)
		return err;
	n = io_get(io, (char *)page_virt(page) + from % PAGE_SIZE, len);
	if (n <= 0) {
		/* A new page that got nothing is a hole's; one that was to be overwritten must be read again. */
		if (!(page->flags & EXT_PAGE_DIRTY))
			ext_pages_drop(ei, from / PAGE_SIZE, from / PAGE_SIZE);
		page_put(page);
		return n;
	}
	if ((size_t)n < len && len == PAGE_SIZE && !(page->flags & EXT_PAGE_DIRTY) && offset + n < ei->inode.size) {
		/* The rest of the page was never read: nothing of it counts. */
		ext_pages_drop(ei, from / PAGE_SIZE, from / PAGE_SIZE);
		page_put(page);
		io_revert(io, (size_t)n);
		return -EFAULT;
	}
	err = make_blocks_or_commit(ei, page, from, from + (uint64_t)n, true, &done);
	if (done < from + (uint64_t)n) {
		take_back(ei, page, done, from + (uint64_t)n);
		io_revert(io, (size_t)(from + (uint64_t)n - done));
		n = (ssize_t)(done - from);
	}
	page_put(page);
	*stop = err || (size_t)n < len;
	return n > 0 ? n : err;
}

static ssize_t write_pages(struct ext_inode *ei, struct io *io, off_t *offset)
{
	ssize_t n = 0, total = 0;
	bool stop = false;

	while (io->remaining && !stop) {
		size_t len = min(PAGE_SIZE - (size_t)*offset % PAGE_SIZE, io->remaining);

		n = write_part(ei, io, *offset, len, &stop);
		if (n <= 0)
			break;
		*offset += n;
		total += n;
	}
	return total ? total : n;
}

static void drop_suid(struct inode *inode)
{
	if (!(inode->mode & (S_ISUID | S_ISGID)) || cred_capable(credentials_current(), CAP_FSETID))
		return;
	inode->mode &= ~S_ISUID;
	if (inode->mode & S_IXGRP)
		inode->mode &= ~S_ISGID;
}

/* Content beyond the end, in the page where that is, is cleared before the file grows over it. */
static int clear_tail(struct ext_inode *ei, off_t from, off_t to)
{
	size_t at = (size_t)from % PAGE_SIZE;
	struct page *page;
	int err;

	if (!at || from >= to)
		return 0;
	err = ext_page_read(ei, (uint64_t)from / PAGE_SIZE, 1, &page);
	if (err)
		return err;
	/* Only what has blocks is written: where they end before, there is nothing but zeros on the disk. */
	memset((char *)page_virt(page) + at, 0, min(PAGE_SIZE - at, (size_t)(to - from)));
	ext_page_dirty(ei, page);
	page_put(page);
	return 0;
}

ssize_t ext_file_write(struct file *file, struct io *io, off_t *position)
{
	struct ext_inode *ei = ext_inode_of(file->inode);
	struct ext_fs *fs = ei->fs;
	ssize_t n = 0;

	if (!io->remaining)
		return 0;
	if (fs->sb->read_only)
		return -EROFS;
	mutex_lock(&ei->inode.lock);
	if (file->flags & O_APPEND)
		*position = ei->inode.size;
	if (file_size_limit(*position, &io->remaining))
		n = -EFBIG;
	else if (*position > ei->inode.size)
		n = clear_tail(ei, ei->inode.size, *position);
	if (!n) {
		drop_suid(&ei->inode);
		inode_touch(&ei->inode, TOUCH_MTIME | TOUCH_CTIME);
		n = write_pages(ei, io, position);
	}
	mutex_unlock(&ei->inode.lock);
	if (atomic_load(&fs->dirty_pages) > page_total_count() / DIRTY_SHARE) {
		mutex_lock(&fs->lock);
		ext_commit(fs);
		mutex_unlock(&fs->lock);
	}
	if (n > 0 && (file->flags & O_DSYNC)) {
		int err = file->ops->sync(file, false);

		n = err ? err : n;
	}
	return n;
}

/* ---- truncation ---- */

int ext_cut(struct ext_inode *ei)
{
	uint64_t first = ((uint64_t)ei->inode.size + ei->fs->block_size - 1) >> ei->fs->block_shift;

	return ext_unmap(ei, first, UINT64_MAX);
}

int ext_truncate(struct inode *inode, off_t size)
{
	struct ext_inode *ei = ext_inode_of(inode);
	off_t old = inode->size;
	int err;

	if ((uint64_t)size >> ei->fs->block_shift >= ext_map_limit(ei))
		return -EFBIG;
	err = size < old ? clear_tail(ei, size, old) : clear_tail(ei, old, size);
	if (!err)
		err = ext_begin(ei->fs);
	if (err)
		return err;
	atomic_store(&inode->size, size);
	if (size < old) {
		uint64_t end = align_up((uint64_t)size, PAGE_SIZE);

		ext_pages_drop(ei, end / PAGE_SIZE, UINT64_MAX);
		err = ext_cut(ei);
	}
	inode_touch(inode, TOUCH_MTIME | TOUCH_CTIME);
	ext_inode_changed(inode);
	ext_end(ei->fs);
	if (size < old)
		aspace_forget_file(inode, align_up((uint64_t)size, PAGE_SIZE), UINT64_MAX, true);
	return err;
}

/* ---- fallocate ---- */

/* Part of a page becomes zeros. */
static int clear_part(struct ext_inode *ei, off_t from, off_t to)
{
	struct page *page;
	uint64_t done;
	int err;

	to = min(to, ei->inode.size);
	if (from >= to)
		return 0;
	err = ext_page_read(ei, (uint64_t)from / PAGE_SIZE, 1, &page);
	if (err)
		return err;
	memset((char *)page_virt(page) + (size_t)from % PAGE_SIZE, 0, (size_t)(to - from));
	err = make_blocks_or_commit(ei, page, (uint64_t)from, (uint64_t)to, false, &done);
	page_put(page);
	return err;
}

/* Whole pages are given up; parts are cleared, and dirty only where they have blocks. */
static int punch_hole(struct ext_inode *ei, off_t offset, off_t end)
{
	off_t first_full, last_full;
	unsigned shift = ei->fs->block_shift;
	int err;

	end = min(end, (off_t)align_up((uint64_t)ei->inode.size, PAGE_SIZE));
	if (offset >= end)
		return 0;
	first_full = min((off_t)align_up((uint64_t)offset, PAGE_SIZE), end);
	last_full = max((off_t)align_down((uint64_t)end, PAGE_SIZE), first_full);
	err = clear_part(ei, offset, first_full);
	if (!err)
		err = clear_part(ei, last_full, end);
	if (err || first_full >= last_full)
		return err;
	err = ext_begin(ei->fs);
	if (err)
		return err;
	ext_pages_drop(ei, (uint64_t)first_full / PAGE_SIZE, (uint64_t)last_full / PAGE_SIZE - 1);
	err = ext_unmap(ei, (uint64_t)first_full >> shift, ((uint64_t)last_full >> shift) - 1);
	inode_touch(&ei->inode, TOUCH_MTIME | TOUCH_CTIME);
	ext_inode_changed(&ei->inode);
	ext_end(ei->fs);
	aspace_forget_file(&ei->inode, (uint64_t)first_full, (uint64_t)last_full, false);
	return err;
}

/* Blocks that hold zeros: pages of zeros that wait to be written. */
static int reserve(struct ext_inode *ei, off_t offset, off_t end, bool keep_size)
{
	size_t one = 1;
	int err = 0;

	if (keep_size)
		end = min(end, ei->inode.size);
	else if (end > ei->inode.size && file_size_limit(end - 1, &one))
		return -EFBIG;
	if (((uint64_t)end >> ei->fs->block_shift) >= ext_map_limit(ei))
		return -EFBIG;
	if (offset < end &&
	    (uint64_t)(end - offset) >> ei->fs->block_shift > ei->fs->free_blocks + ei->fs->freed_blocks)
		return -ENOSPC;
	if (end > ei->inode.size)
		err = clear_tail(ei, ei->inode.size, end);
	while (!err && offset < end) {
		off_t next = min((off_t)align_down((uint64_t)offset, PAGE_SIZE) + (off_t)PAGE_SIZE, end);
		struct page *page;
		uint64_t done;

		err = page_for_write(ei, (uint64_t)offset / PAGE_SIZE, false, &page);
		if (err)
			break;
		err = make_blocks_or_commit(ei, page, (uint64_t)offset, (uint64_t)next, true, &done);
		if (err && !(page->flags & EXT_PAGE_DIRTY)) {
			ext_pages_drop(ei, (uint64_t)offset / PAGE_SIZE, (uint64_t)offset / PAGE_SIZE);
		}
		page_put(page);
		offset = next;
	}
	inode_touch(&ei->inode, TOUCH_MTIME | TOUCH_CTIME);
	ext_inode_changed(&ei->inode);
	return err;
}

int ext_file_allocate(struct file *file, int mode, off_t offset, off_t len)
{
	struct ext_inode *ei = ext_inode_of(file->inode);
	int err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	mutex_lock(&ei->inode.lock);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		err = punch_hole(ei, offset, offset + len);
	else
		err = reserve(ei, offset, offset + len, mode & FALLOC_FL_KEEP_SIZE);
	mutex_unlock(&ei->inode.lock);
	return err;
}
