/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Orphans: files without a name that are still open, and files that are being cut. They are a list on the disk, which
 * begins in the superblock and goes on in the inodes' times of deletion, so that a mount after a crash can end what was
 * begun.
 */
#include <kernel/log.h>

#include "ext.h"

int ext_orphan_add(struct ext_inode *ei)
{
	struct ext_fs *fs = ei->fs;

	if (ei->orphan)
		return 0;
	ei->orphan = true;
	ei->orphan_next = fs->super->last_orphan;
	fs->super->last_orphan = (uint32_t)ei->inode.ino;
	ext_super_changed(fs);
	return 0;
}

/* The one before it on the list: it is in memory as well, since only a mount leaves any that are not. */
static struct ext_inode *find_before(struct ext_fs *fs, uint32_t ino)
{
	for (unsigned i = 0; i < EXT_INODE_HASH; i++)
		for (struct ext_inode *ei = fs->inode_hash[i]; ei; ei = ei->hash_next)
			if (ei->orphan && ei->orphan_next == ino)
				return ei;
	return NULL;
}

int ext_orphan_remove(struct ext_inode *ei)
{
	struct ext_fs *fs = ei->fs;
	uint32_t ino = (uint32_t)ei->inode.ino;

	if (!ei->orphan)
		return 0;
	ei->orphan = false;
	if (fs->super->last_orphan == ino) {
		fs->super->last_orphan = ei->orphan_next;
		ext_super_changed(fs);
	} else {
		struct ext_inode *before = find_before(fs, ino);

		if (!before)
			return ext_corrupt(fs, "inode %u is missing from the list of orphans", ino);
		before->orphan_next = ei->orphan_next;
		ext_inode_changed(&before->inode);
	}
	ei->orphan_next = 0;
	ext_inode_changed(&ei->inode);
	return 0;
}

/* Without its tree: the list may lead anywhere, in a ring too, so that each is taken off before it is looked at. */
void ext_orphans_end(struct ext_fs *fs)
{
	unsigned count = 0;
	uint32_t ino;

	while ((ino = fs->super->last_orphan) && !ext_begin(fs)) {
		struct ext_inode *ei;
		int err;

		ext_end(fs);
		err = ino < fs->first_ino || ino > fs->inodes_count ? -EUCLEAN : ext_inode_get(fs, ino, &ei);
		if (err || ++count > fs->inodes_count) {
			ext_corrupt(fs, "inode %u is on the list of orphans", ino);
			mutex_lock(&fs->lock);
			fs->super->last_orphan = 0;
			ext_super_changed(fs);
			mutex_unlock(&fs->lock);
			if (!err)
				inode_put(&ei->inode);
			break;
		}
		mutex_lock(&fs->lock);
		fs->super->last_orphan = ei->orphan_next <= fs->inodes_count ? ei->orphan_next : 0;
		ext_super_changed(fs);
		ei->orphan_next = 0;
		if (ei->inode.nlink && S_ISREG(ei->inode.mode))
			ext_cut(ei);
		ext_inode_changed(&ei->inode);
		if (ei->orphan) { /* it was taken for one that has just lost its name */
			fs->super->last_orphan = ei->orphan_next;
			ei->orphan = false;
			ei->orphan_next = 0;
		}
		mutex_unlock(&fs->lock);
		inode_put(&ei->inode);
	}
	if (count)
		log_info("%s: ext: %u files that a crash had left were ended", fs->dev->name, count);
}
