/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names, as the tree asks for them: found in directories, given, taken away.
 */
#include <kernel/string.h>

#include "ext.h"

int ext_find(struct inode *inode, const char *name, size_t len, struct inode **out)
{
	struct ext_inode *dir = ext_inode_of(inode), *ei;
	struct ext_fs *fs = dir->fs;
	uint32_t ino;
	int err;

	mutex_lock(&fs->lock);
	err = ext_dir_find(dir, name, len, &ino);
	mutex_unlock(&fs->lock);
	if (!err && (ino == EXT_ROOT_INO || (ino < fs->first_ino && ino != EXT_ROOT_INO)))
		err = ext_corrupt(fs, "directory %llu names inode %u", (unsigned long long)inode->ino, ino);
	if (!err)
		err = ext_inode_get(fs, ino, &ei);
	if (err == -ESTALE)
		err = ext_corrupt(fs, "directory %llu names inode %u, which is free", (unsigned long long)inode->ino,
				  ino);
	if (err)
		return err;
	if (!ei->inode.nlink) {
		err = ext_corrupt(fs, "inode %u has a name, and no links", ino);
		inode_put(&ei->inode);
		return err;
	}
	*out = &ei->inode;
	return 0;
}

int ext_ops_begin(struct superblock *sb)
{
	return ext_begin(ext_fs_of(sb));
}

void ext_ops_end(struct superblock *sb)
{
	ext_end(ext_fs_of(sb));
}

#define LINKS_MAX 65000u

/* The text of a new link: in the inode where it fits, else in a block. */
static int store_link(struct ext_inode *ei)
{
	struct ext_fs *fs = ei->fs;
	struct ext_buffer *buffer;
	struct ext_run run;
	bool fresh;
	int err;

	if (ei->inode.size < (off_t)sizeof(ei->block)) {
		memcpy(ei->block, ei->inode.target, (size_t)ei->inode.size);
		return 0;
	}
	if (ei->inode.size >= fs->block_size)
		return -ENAMETOOLONG;
	if (fs->has_extents) {
		ei->flags |= EXT_FLAG_EXTENTS;
		ei->extents_loaded = ei->extents_changed = true;
	}
	err = ext_map_create(ei, 0, 1, &run, &fresh);
	if (!err)
		err = ext_buffer_new(fs, run.start, EXT_TREE, &buffer);
	if (err)
		return err;
	memcpy(buffer->data, ei->inode.target, (size_t)ei->inode.size);
	ext_buffer_put(fs, buffer);
	return 0;
}

int ext_link(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	struct ext_inode *ei = ext_inode_of(inode);
	int err = 0;

	if ((S_ISDIR(inode->mode) ? dir : inode)->nlink >= LINKS_MAX)
		return -EMLINK;
	if (ei->is_new && S_ISDIR(inode->mode) && !inode->size)
		err = ext_dir_make(ei, (uint32_t)dir->ino);
	else if (ei->is_new && S_ISLNK(inode->mode))
		err = store_link(ei);
	return err ? err : ext_dir_add(ext_inode_of(dir), name, len, (uint32_t)inode->ino, inode->mode);
}

int ext_unlink(struct inode *dir, const char *name, size_t len)
{
	return ext_dir_remove(ext_inode_of(dir), name, len);
}

int ext_replace(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	return ext_dir_replace(ext_inode_of(dir), name, len, (uint32_t)inode->ino, inode->mode);
}

int ext_reparent(struct inode *inode, struct inode *dir)
{
	return ext_dir_replace(ext_inode_of(inode), "..", 2, (uint32_t)dir->ino, S_IFDIR);
}

int ext_is_empty(struct inode *inode)
{
	struct ext_inode *dir = ext_inode_of(inode);
	int err;

	mutex_lock(&dir->fs->lock);
	err = ext_dir_is_empty(dir);
	mutex_unlock(&dir->fs->lock);
	return err;
}
