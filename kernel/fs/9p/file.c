/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open files of a 9P file system: regular ones, and directories.
 */
#include "p9fs.h"

#include <kernel/abi/dirent.h>
#include <kernel/abi/fcntl.h>
#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>

#define OPEN_FLAGS_KEPT (O_DSYNC | O_SYNC)

/* ---- opening and closing ---- */

static uint32_t io_max(const struct p9_client *client, uint32_t iounit)
{
	uint32_t most = client->msize - P9_HEAD;

	if (iounit)
		most = min(most, max(iounit, (uint32_t)PAGE_SIZE));
	return align_down(most, (uint32_t)PAGE_SIZE);
}

/* The fid that the file was made with, for the first open that it serves; NULL. */
static struct p9_fid *take_created(struct p9_inode *pi)
{
	unsigned long flags = spin_lock(&pi->fid_lock);
	struct p9_fid *fid = pi->created;

	pi->created = NULL;
	spin_unlock(&pi->fid_lock, flags);
	return fid;
}

static int open_fid(struct p9_inode *pi, unsigned flags, struct p9_fid **out, uint32_t *iounit)
{
	struct p9_fid *closed, *fid;
	int err;

	*iounit = 0;
	*out = take_created(pi);
	if (*out && !(flags & OPEN_FLAGS_KEPT))
		return 0;
	p9_fid_put(*out);
	closed = p9_inode_fid(pi);
	err = p9_walk(closed, NULL, 0, &fid, NULL);
	p9_fid_put(closed);
	if (err)
		return err;
	err = p9_open(fid, flags, iounit);
	if (err)
		p9_fid_put(fid);
	else
		*out = fid;
	return err;
}

static int open_any(struct file *file, unsigned flags)
{
	struct p9_inode *pi = p9_of(file->inode);
	struct p9_handle *handle = heap_zalloc(sizeof(*handle));
	uint32_t iounit;
	int err;

	if (!handle)
		return -ENOMEM;
	err = open_fid(pi, flags, &handle->fid, &iounit);
	if (err) {
		heap_free(handle);
		return err;
	}
	handle->io_max = io_max(pi->fs->client, iounit);
	handle->window = P9_READ_AHEAD_MIN;
	file->data = handle;
	atomic_fetch_add(&pi->handles, 1);
	return 0;
}

/* Access mode 3 is for neither, but both must be allowed. */
static int file_open(struct file *file)
{
	unsigned access = file->flags & O_ACCMODE;
	int err = p9_inode_refresh(p9_of(file->inode), P9_BELIEVED_AT_OPEN_NS);

	if (err && err != -ENOENT)
		return err;
	return open_any(file, (access == O_ACCMODE ? O_RDWR : access) | (file->flags & OPEN_FLAGS_KEPT));
}

static void file_release(struct file *file)
{
	struct p9_inode *pi = p9_of(file->inode);
	struct p9_handle *handle = file->data;

	if (S_ISREG(file->inode->mode))
		p9_data_flush(pi, true);
	p9_fid_put(handle->fid);
	if (handle->entries)
		p9_frames_put(handle->entries, P9_ENTRIES_PAGES);
	heap_free(handle);
	if (atomic_fetch_sub(&pi->handles, 1) == 1)
		p9_vanished_end(pi);
}

/* ---- regular files ---- */

static ssize_t file_read_p9(struct file *file, struct io *io, off_t *position)
{
	/* What cannot be asked for any more is as it was. */
	(void)p9_inode_refresh(p9_of(file->inode), P9_BELIEVED_NS);
	return p9_data_read(file, io, position);
}

/* A write by someone who is not the owner takes set-user-ID away. */
static int drop_suid(struct inode *inode)
{
	struct inode_change change = { .which = INODE_MODE };
	int err;

	if (!(inode->mode & (S_ISUID | S_ISGID)) || cred_capable(credentials_current(), CAP_FSETID))
		return 0;
	change.mode = inode->mode & S_IALLUGO & ~S_ISUID;
	if (inode->mode & S_IXGRP)
		change.mode &= ~S_ISGID;
	err = p9_change(inode, &change);
	if (!err)
		inode->mode = (inode->mode & S_IFMT) | change.mode;
	return err;
}

static ssize_t file_write_p9(struct file *file, struct io *io, off_t *position)
{
	struct inode *inode = file->inode;
	ssize_t n = 0;

	if (!io->remaining)
		return 0;
	mutex_lock(&inode->lock);
	if (file->flags & O_APPEND) {
		n = p9_inode_refresh_locked(p9_of(inode), P9_BELIEVED_AT_OPEN_NS);
		n = n == -ENOENT ? 0 : n;
		*position = inode->size;
	}
	if (!n && file_size_limit(*position, &io->remaining))
		n = -EFBIG;
	if (!n)
		n = drop_suid(inode);
	if (!n)
		n = p9_data_write(file, io, position);
	if (n > 0)
		inode_touch(inode, TOUCH_MTIME | TOUCH_CTIME);
	mutex_unlock(&inode->lock);
	return n;
}

/* The server is not asked for holes: all of it is content. */
static off_t file_seek(struct file *file, off_t offset, int whence)
{
	off_t size;

	if (whence == SEEK_END || whence == SEEK_DATA || whence == SEEK_HOLE)
		(void)p9_inode_refresh(p9_of(file->inode), P9_BELIEVED_NS);
	size = atomic_load(&file->inode->size);
	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return file_seek_size(file, offset, whence, size);
	if (offset < 0 || offset >= size)
		return -ENXIO;
	return file_seek_to(file, whence == SEEK_DATA ? offset : size, INT64_MAX);
}

static void file_mapped(struct file *file, bool writable, bool added)
{
	struct p9_inode *pi = p9_of(file->inode);

	if (writable && atomic_fetch_add(&pi->writable_mappings, added ? 1u : -1u) == 1 && !added)
		p9_data_flush(pi, true);
}

static int file_truncate(struct file *file, off_t size)
{
	return inode_truncate(file->inode, size);
}

static int file_sync(struct file *file, bool data_only)
{
	struct p9_handle *handle = file->data;
	int err = S_ISREG(file->inode->mode) ? p9_data_flush(p9_of(file->inode), false) : 0, synced;

	synced = p9_fsync(handle->fid, data_only);
	/* A server may not know how to for directories: QEMU's says so. What it was told, it has done. */
	if (synced && S_ISDIR(file->inode->mode) && synced != -EIO)
		synced = 0;
	return err ? err : synced;
}

const struct file_ops p9_file_ops = {
	.open = file_open,
	.read = file_read_p9,
	.write = file_write_p9,
	.seek = file_seek,
	.map_page = p9_data_map,
	.mapped = file_mapped,
	.truncate = file_truncate,
	.sync = file_sync,
	.release = file_release,
};

/* ---- directories: positions are the server's, which gives "." and ".." as it likes ---- */

#define ENTRY_FIXED 24u /* qid[13] offset[8] type[1] name[2] */

struct entry {
	uint64_t ino, next;
	unsigned type;
	char name[NAME_MAX];
	size_t len;
	uint32_t bytes;
};

/* -EIO: it is none. */
static int parse_entry(const uint8_t *at, uint32_t left, struct entry *entry)
{
	uint16_t len;

	if (left < ENTRY_FIXED)
		return -EIO;
	memcpy(&entry->ino, at + 5, 8);
	memcpy(&entry->next, at + 13, 8);
	memcpy(&len, at + 22, 2);
	entry->type = at[21] & 15;
	entry->len = len;
	entry->bytes = ENTRY_FIXED + len;
	if (!len || len > NAME_MAX || len > left - ENTRY_FIXED || entry->next > INT64_MAX)
		return -EIO;
	memcpy(entry->name, at + ENTRY_FIXED, len); /* the device can still write there */
	return memchr(entry->name, '/', len) || memchr(entry->name, 0, len) ? -EIO : 0;
}

/* More entries, from a position on; none at the end. */
static int read_entries(struct p9_handle *handle, uint64_t offset)
{
	uint32_t bytes = min((uint32_t)(P9_ENTRIES_PAGES * PAGE_SIZE), handle->io_max);
	struct page *pages[P9_ENTRIES_PAGES], *run;
	int err;

	/* Fresh frames: the old ones may be what a killed reader has asked for. */
	run = page_run_alloc(P9_ENTRIES_PAGES);
	if (!run)
		return -ENOMEM;
	for (unsigned i = 0; i < P9_ENTRIES_PAGES; i++)
		pages[i] = &run[i];
	err = p9_readdir(handle->fid, offset, pages, &bytes);
	if (handle->entries)
		p9_frames_put(handle->entries, P9_ENTRIES_PAGES);
	handle->entries = run;
	handle->entries_at = 0;
	handle->entries_end = err ? 0 : bytes;
	handle->entries_offset = offset;
	return err;
}

/* Gives entries out until there is no room (1), or there are no more here. */
static int emit_entries(struct file *file, struct dir_context *context)
{
	struct p9_handle *handle = file->data;
	const uint8_t *base = page_virt(handle->entries);

	while (handle->entries_at < handle->entries_end) {
		struct entry e;

		if (parse_entry(base + handle->entries_at, handle->entries_end - handle->entries_at, &e))
			return p9_offence(handle->fid->client, "a directory entry that is none");
		if (!context->emit(context, e.name, e.len, e.ino, e.type, (off_t)e.next))
			return 1;
		handle->entries_at += e.bytes;
		handle->entries_offset = e.next;
		file->position = (off_t)e.next;
	}
	return 0;
}

static int directory_iterate_p9(struct file *file, struct dir_context *context)
{
	struct p9_handle *handle = file->data;
	int err = 0;

	if (file->dentry->unlinked)
		return -ENOENT;
	if (!handle->entries || handle->entries_offset != (uint64_t)file->position)
		handle->entries_at = handle->entries_end = 0;
	do {
		if (handle->entries_at == handle->entries_end)
			err = read_entries(handle, (uint64_t)file->position);
		if (err || !handle->entries_end)
			return err;
		err = emit_entries(file, context);
	} while (!err);
	return err == 1 ? 0 : err;
}

/* Of what is read next nothing is known any more: a program that goes back wants to see what has changed. */
static off_t directory_seek_p9(struct file *file, off_t offset, int whence)
{
	struct p9_handle *handle = file->data;

	handle->entries_at = handle->entries_end = 0;
	return whence == SEEK_END ? -EINVAL : file_seek_size(file, offset, whence, 0);
}

static int directory_open(struct file *file)
{
	return open_any(file, O_RDONLY | O_DIRECTORY);
}

const struct file_ops p9_directory_ops = {
	.open = directory_open,
	.seek = directory_seek_p9,
	.iterate = directory_iterate_p9,
	.sync = file_sync,
	.release = file_release,
};
