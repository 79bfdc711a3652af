/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The 9P file system's own parts.
 *
 * What is believed for how long. Names and attributes: a second; then the server is asked again, by name, and a file
 * that is another one now takes the place of the old. Content: pages stay as long as size, time and version of the file
 * do, which are asked for at each open, and each second while it is read. Writes go to the server before they return,
 * so that the host sees them at once; only what a program writes into a shared mapping waits for msync, fsync, the last
 * unmapping or the file's close. Locks are the guest's own. Content that the host changes while it is mapped is not
 * seen in the mapping; changes by both sides at the same time are for locks of another kind to prevent.
 *
 * Locking: inode->lock, then data_lock; an address space's lock, then data_lock. Programs' memory is touched under
 * inode->lock at most. Messages are sent under any of them.
 */
#pragma once

#include "messages.h"

#include "../fs_internal.h"
#include "../page_tree.h"

#define P9_INODE_BUCKETS 64
#define P9_READ_AHEAD_MIN 4u		/* pages */
#define P9_BELIEVED_NS NSEC_PER_SEC
#define P9_BELIEVED_AT_OPEN_NS (2 * NSEC_PER_MSEC) /* what the walk to the file has just learnt */

struct p9_fs {
	struct superblock *sb;
	struct p9_client *client;
	struct spinlock lock;		/* guards what follows */
	struct list inodes[P9_INODE_BUCKETS]; /* by number, without directories; they hold no reference */
	struct list cached;		/* inodes that have pages */
	size_t pages;			/* atomic: of all */
	uint32_t unlinked_next;		/* for names of files that have lost theirs */
};

struct p9_inode {
	struct inode inode;		/* must be first */
	struct p9_fs *fs;
	struct list node;		/* in fs->inodes, or on no list */
	struct spinlock fid_lock;	/* guards the next four */
	struct p9_fid *fid;		/* never open */
	struct p9_fid *created;		/* open as it was made, for the open that made it; NULL */
	bool vanished;			/* unlinked while open: the root directory has it under another name */
	uint32_t vanished_number;
	uint64_t asked_ns;		/* when attributes were; 0: ask for them. Any value does no harm */
	/* Under inode.lock: */
	bool written;			/* by us since then: that they are others says nothing */
	uint32_t version;
	uint64_t blocks;
	unsigned handles;		/* atomic: open files, those of mappings included */
	unsigned writable_mappings;	/* atomic */
	struct mutex data_lock;		/* guards what follows, and transfers of pages */
	struct list cached;		/* in fs->cached, under its lock, while there are pages */
	struct page_tree pages;
	size_t page_count;
	struct p9_fid *writer;		/* an open fid to write what mappings have changed */
};

/* An open file's data. */
struct p9_handle {
	struct p9_fid *fid;
	uint32_t io_max;		/* bytes a message moves, whole pages */
	uint64_t next;			/* where the last read ended; any value will do */
	unsigned window;		/* pages to read ahead */
	/* Of a directory: entries that were read and not yet given out. */
	struct page *entries;		/* P9_ENTRIES_PAGES; NULL */
	uint32_t entries_at, entries_end;
	uint64_t entries_offset;	/* position of the one at entries_at */
};
#define P9_ENTRIES_PAGES 8u

static inline struct p9_inode *p9_of(struct inode *inode)
{
	return container_of(inode, struct p9_inode, inode);
}
static inline struct p9_fs *p9_fs_of(const struct inode *inode)
{
	return inode->sb->data;
}

extern const struct superblock_ops p9_superblock_ops;
extern const struct file_ops p9_file_ops, p9_directory_ops;

/* ---- inode.c ---- */

/*
 * The inode that a fid, which is taken over in any case, is for: one that is known already, or a new one. Referenced.
 * root: it is the root directory.
 */
int p9_inode_get(struct p9_fs *fs, struct p9_fid *fid, struct inode **out);
/* A reference, unless the last one has just gone. fs->lock. */
bool p9_inode_try_get(struct p9_inode *pi);
/* Its fid, referenced. */
struct p9_fid *p9_inode_fid(struct p9_inode *pi);
/* Gives it another, which is taken over. */
void p9_inode_set_fid(struct p9_inode *pi, struct p9_fid *fid);
void p9_inode_free(struct inode *inode);
/* Asks for attributes when those that are there are older than that. -ENOENT and others: it has none any more. */
int p9_inode_refresh(struct p9_inode *pi, uint64_t age_ns);
/* The same under inode.lock. */
int p9_inode_refresh_locked(struct p9_inode *pi, uint64_t age_ns);
/* Attributes that came from the server. Under inode.lock. -ESTALE: those of another kind of file. */
int p9_inode_apply(struct p9_inode *pi, const struct p9_attributes *attributes);
int p9_change(struct inode *inode, const struct inode_change *change);
void p9_refresh(struct inode *inode);

/* ---- names.c ---- */

int p9_find(struct inode *dir, const char *name, size_t len, struct inode **out);
int p9_check(struct dentry *dentry);
int p9_make(struct inode *dir, const char *name, size_t len, const struct inode_wanted *wanted, struct inode **out);
int p9_add_link(struct inode *dir, const char *name, size_t len, struct inode *inode);
int p9_remove(struct dentry *victim);
int p9_move(struct dentry *source, struct inode *dir, const char *name, size_t len, struct dentry *target,
	    unsigned flags);
/* The last open file of a vanished one is closed: its other name goes too. */
void p9_vanished_end(struct p9_inode *pi);

/* ---- data.c ---- */

ssize_t p9_data_read(struct file *file, struct io *io, off_t *position);
/* Under inode.lock. */
ssize_t p9_data_write(struct file *file, struct io *io, off_t *position);
int p9_data_map(struct file *file, uint64_t index, bool create, struct page **page);
/* What mappings have changed goes to the server. must: not even a kill ends it. */
int p9_data_flush(struct p9_inode *pi, bool must);
/* Pages that nobody maps are forgotten: the server has others. */
void p9_data_forget(struct p9_inode *pi);
/* The size has changed. Under inode.lock. */
void p9_data_resized(struct p9_inode *pi, off_t old_size, off_t size);
void p9_data_free(struct p9_inode *pi);

/* ---- xattr.c ---- */

int p9_xattr_set(struct inode *inode, const char *name, const void *value, size_t size, unsigned flags);
ssize_t p9_xattr_get(struct inode *inode, const char *name, void *buf, size_t size);
ssize_t p9_xattr_list(struct inode *inode, void *buf, size_t size);
int p9_xattr_remove(struct inode *inode, const char *name);
