/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open files of a remote file system: regular ones, and directories.
 */
#include "remotefs.h"

#include <kernel/abi/dirent.h>
#include <kernel/abi/fcntl.h>
#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>

#define OPEN_FLAGS_KEPT (O_DSYNC | O_SYNC)

/* ---- opening and closing ---- */

static uint32_t io_max(const struct remote_client *client, uint32_t iounit)
{
	uint32_t most = client->io_max;

	if (iounit)
		most = min(most, max(iounit, (uint32_t)PAGE_SIZE));
	return align_down(most, (uint32_t)PAGE_SIZE);
}

/* The fid that the file was made with, for the first open that it serves; NULL. */
static struct remote_fid *take_created(struct remote_inode *pi)
{
	unsigned long flags = spin_lock(&pi->fid_lock);
	struct remote_fid *fid = pi->created;

	pi->created = NULL;
	spin_unlock(&pi->fid_lock, flags);
	return fid;
}

static int open_fid(struct remote_inode *pi, unsigned flags, struct remote_fid **out, uint32_t *iounit)
{
	struct remote_fid *fid;
	int err;

	*iounit = 0;
	*out = take_created(pi);
	if (*out && !(flags & OPEN_FLAGS_KEPT))
		return 0;
	remote_fid_put(*out);
	fid = remote_inode_fid(pi);
	err = remote_protocol_of(fid)->open(fid, flags, out, iounit);
	remote_fid_put(fid);
	return err;
}

static int open_any(struct file *file, unsigned flags)
{
	struct remote_inode *pi = remote_of(file->inode);
	struct remote_handle *handle = heap_zalloc(sizeof(*handle));
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
	handle->window = REMOTE_READ_AHEAD_MIN;
	file->data = handle;
	atomic_fetch_add(&pi->handles, 1);
	return 0;
}

/* Access mode 3 is for neither, but both must be allowed. */
static int file_open(struct file *file)
{
	unsigned access = file->flags & O_ACCMODE;
	int err = remote_inode_refresh(remote_of(file->inode), REMOTE_BELIEVED_AT_OPEN_NS);

	if (err && err != -ENOENT)
		return err;
	return open_any(file, (access == O_ACCMODE ? O_RDWR : access) | (file->flags & OPEN_FLAGS_KEPT));
}

static void file_release(struct file *file)
{
	struct remote_inode *pi = remote_of(file->inode);
	struct remote_handle *handle = file->data;

	if (S_ISREG(file->inode->mode))
		remote_data_flush(pi, true);
	if (S_ISREG(file->inode->mode) && remote_protocol_of(handle->fid)->flush)
		remote_protocol_of(handle->fid)->flush(handle->fid);
	remote_fid_put(handle->fid);
	if (handle->entries)
		remote_frames_put(handle->entries, REMOTE_ENTRIES_PAGES);
	heap_free(handle);
	if (atomic_fetch_sub(&pi->handles, 1) == 1)
		remote_vanished_end(pi);
}

/* ---- regular files ---- */

static ssize_t read_file(struct file *file, struct io *io, off_t *position)
{
	/* What cannot be asked for any more is as it was. */
	(void)remote_inode_refresh(remote_of(file->inode), REMOTE_BELIEVED_NS);
	return remote_data_read(file, io, position);
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
	err = remote_change(inode, &change);
	if (!err)
		inode->mode = (inode->mode & S_IFMT) | change.mode;
	return err;
}

static ssize_t write_file(struct file *file, struct io *io, off_t *position)
{
	struct inode *inode = file->inode;
	ssize_t n = 0;

	if (!io->remaining)
		return 0;
	mutex_lock(&inode->lock);
	if (file->flags & O_APPEND) {
		n = remote_inode_refresh_locked(remote_of(inode), REMOTE_BELIEVED_AT_OPEN_NS);
		n = n == -ENOENT ? 0 : n;
		*position = inode->size;
	}
	if (!n && file_size_limit(*position, &io->remaining))
		n = -EFBIG;
	if (!n)
		n = drop_suid(inode);
	if (!n)
		n = remote_data_write(file, io, position);
	if (n > 0)
		inode_touch(inode, TOUCH_MTIME | TOUCH_CTIME);
	mutex_unlock(&inode->lock);
	return n;
}

/* The server is not asked for holes: all of it is content. */
static off_t seek_file(struct file *file, off_t offset, int whence)
{
	off_t size;

	if (whence == SEEK_END || whence == SEEK_DATA || whence == SEEK_HOLE)
		(void)remote_inode_refresh(remote_of(file->inode), REMOTE_BELIEVED_NS);
	size = atomic_load(&file->inode->size);
	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return file_seek_size(file, offset, whence, size);
	if (offset < 0 || offset >= size)
		return -ENXIO;
	return file_seek_to(file, whence == SEEK_DATA ? offset : size, INT64_MAX);
}

static void file_mapped(struct file *file, bool writable, bool added)
{
	struct remote_inode *pi = remote_of(file->inode);

	if (writable && atomic_fetch_add(&pi->writable_mappings, added ? 1u : -1u) == 1 && !added)
		remote_data_flush(pi, true);
}

static int file_truncate(struct file *file, off_t size)
{
	return inode_truncate(file->inode, size);
}

static int file_sync(struct file *file, bool data_only)
{
	struct remote_handle *handle = file->data;
	int err = S_ISREG(file->inode->mode) ? remote_data_flush(remote_of(file->inode), false) : 0, synced;

	synced = remote_protocol_of(handle->fid)->fsync(handle->fid, data_only, S_ISDIR(file->inode->mode));
	return err ? err : synced;
}

const struct file_ops remote_file_ops = {
	.open = file_open,
	.read = read_file,
	.write = write_file,
	.seek = seek_file,
	.map_page = remote_data_map,
	.mapped = file_mapped,
	.truncate = file_truncate,
	.sync = file_sync,
	.release = file_release,
};

/* ---- directories: positions are the server's, which gives "." and ".." as it likes ---- */

/* The next one. -EIO: it is none. */
static int parse_entry(const struct remote_handle *handle, struct remote_entry *e)
{
	const uint8_t *at = (uint8_t *)page_virt(handle->entries) + handle->entries_at;
	uint32_t left = handle->entries_end - handle->entries_at;

	if (!remote_protocol_of(handle->fid)->entry(at, left, e) || !e->bytes || e->bytes > left)
		return -EIO;
	if (!e->len || e->next > INT64_MAX || memchr(e->name, '/', e->len) || memchr(e->name, 0, e->len))
		return -EIO;
	return 0;
}

/* More entries, from a position on; none at the end. */
static int read_entries(struct remote_handle *handle, uint64_t offset)
{
	uint32_t bytes = min((uint32_t)(REMOTE_ENTRIES_PAGES * PAGE_SIZE), handle->io_max);
	struct page *pages[REMOTE_ENTRIES_PAGES], *run;
	int err;

	/* Fresh frames: the old ones may be what a killed reader has asked for. */
	run = page_run_alloc(REMOTE_ENTRIES_PAGES);
	if (!run)
		return -ENOMEM;
	for (unsigned i = 0; i < REMOTE_ENTRIES_PAGES; i++)
		pages[i] = &run[i];
	err = remote_protocol_of(handle->fid)->readdir(handle->fid, offset, pages, &bytes);
	if (handle->entries)
		remote_frames_put(handle->entries, REMOTE_ENTRIES_PAGES);
	handle->entries = run;
	handle->entries_at = 0;
	handle->entries_end = err ? 0 : bytes;
	handle->entries_offset = offset;
	return err;
}

/* Gives entries out until there is no room (1), or there are no more here. */
static int emit_entries(struct file *file, struct dir_context *context)
{
	struct remote_handle *handle = file->data;

	while (handle->entries_at < handle->entries_end) {
		struct remote_entry e;

		if (parse_entry(handle, &e))
			return remote_offence(handle->fid->client, "a directory entry that is none");
		if (!context->emit(context, e.name, e.len, e.ino, e.type, (off_t)e.next))
			return 1;
		handle->entries_at += e.bytes;
		handle->entries_offset = e.next;
		file->position = (off_t)e.next;
	}
	return 0;
}

static int iterate_directory(struct file *file, struct dir_context *context)
{
	struct remote_handle *handle = file->data;
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
static off_t seek_directory(struct file *file, off_t offset, int whence)
{
	struct remote_handle *handle = file->data;

	handle->entries_at = handle->entries_end = 0;
	return whence == SEEK_END ? -EINVAL : file_seek_size(file, offset, whence, 0);
}

static int directory_open(struct file *file)
{
	return open_any(file, O_RDONLY | O_DIRECTORY);
}

const struct file_ops remote_directory_ops = {
	.open = directory_open,
	.seek = seek_directory,
	.iterate = iterate_directory,
	.sync = file_sync,
	.release = file_release,
};
