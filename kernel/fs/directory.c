/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open directories: reading entries, seeking. Positions: 0 is ".", 1 is "..", then each name has a number that no other
 * name of the directory ever gets, so that a position stays right whatever is created and removed meanwhile.
 */
#include <kernel/abi/dirent.h>
#include <kernel/vfs.h>

#include "fs_internal.h"

bool directory_emit_dots(struct file *file, struct dir_context *context)
{
	struct dentry *dir = file->dentry, *parent = dir->parent;

	if (file->position == 0) {
		if (!context->emit(context, ".", 1, dir->inode->ino, DT_OF_MODE(S_IFDIR), 1))
			return false;
		file->position = 1;
	}
	if (file->position == 1) {
		if (file->mount && dir == file->mount->root && file->mount->mountpoint)
			parent = file->mount->mountpoint->parent;
		if (!context->emit(context, "..", 2, parent->inode->ino, DT_OF_MODE(S_IFDIR), 2))
			return false;
		file->position = 2;
	}
	return true;
}

static int directory_iterate(struct file *file, struct dir_context *context)
{
	struct dentry *dir = file->dentry;
	int err = 0;

	vfs_lock();
	if (dir->unlinked) {
		err = -ENOENT;
	} else if (directory_emit_dots(file, context)) {
		list_foreach(&dir->children, struct dentry, siblings, d) {
			if ((off_t)d->cookie < file->position)
				continue;
			if (!context->emit(context, d->name, d->name_len, d->inode->ino, DT_OF_MODE(d->inode->mode),
					   (off_t)d->cookie + 1))
				break;
			file->position = (off_t)d->cookie + 1;
		}
	}
	vfs_unlock();
	return err;
}

static ssize_t directory_read(struct file *file UNUSED, struct io *io UNUSED, off_t *position UNUSED)
{
	return -EISDIR;
}

static off_t directory_seek(struct file *file, off_t offset, int whence)
{
	if (whence == SEEK_END)
		return file_seek_size(file, offset, whence, (off_t)file->inode->next_cookie);
	return file_seek_size(file, offset, whence, 0);
}

static int directory_sync(struct file *file UNUSED, bool data_only UNUSED)
{
	return 0;
}

const struct file_ops directory_fops = {
	.read = directory_read,
	.seek = directory_seek,
	.iterate = directory_iterate,
	.sync = directory_sync,
};
