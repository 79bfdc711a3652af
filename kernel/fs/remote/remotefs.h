/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file system of a file server, whatever protocol it speaks (protocol.h): 9P, FUSE.
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

#include "../fs_internal.h"
#include "../page_tree.h"
#include "protocol.h"

#define REMOTE_INODE_BUCKETS 64
#define REMOTE_READ_AHEAD_MIN 4u		/* pages */
#define REMOTE_BELIEVED_NS NSEC_PER_SEC
#define REMOTE_BELIEVED_AT_OPEN_NS (2 * NSEC_PER_MSEC) /* what the walk to the file has just learnt */

struct remote_fs {
	struct superblock *sb;
	struct remote_client *client;
	struct spinlock lock;		/* guards what follows */
	struct list inodes[REMOTE_INODE_BUCKETS]; /* by number, without directories; they hold no reference */
	struct list cached;		/* inodes that have pages */
	size_t pages;			/* atomic: of all */
	uint32_t unlinked_next;		/* for names of files that have lost theirs */
};

struct remote_inode {
	struct inode inode;		/* must be first */
	struct remote_fs *fs;
	struct list node;		/* in fs->inodes, or on no list */
	struct spinlock fid_lock;	/* guards the next four */
	struct remote_fid *fid;		/* never open */
	struct remote_fid *created;		/* open as it was made, for the open that made it; NULL */
	bool vanished;			/* unlinked while open: the root directory has it under another name */
	uint32_t vanished_number;
	uint64_t asked_ns;		/* when attributes were; 0: ask for them. Any value does no harm */
	uint64_t number;		/* the server's; inode.ino is what programs are told */
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
	struct remote_fid *writer;		/* an open fid to write what mappings have changed */
};

/* An open file's data. */
struct remote_handle {
	struct remote_fid *fid;
	uint32_t io_max;		/* bytes a message moves, whole pages */
	uint64_t next;			/* where the last read ended; any value will do */
	unsigned window;		/* pages to read ahead */
	/* Of a directory: entries that were read and not yet given out. */
	struct page *entries;		/* REMOTE_ENTRIES_PAGES; NULL */
	uint32_t entries_at, entries_end;
	uint64_t entries_offset;	/* position of the one at entries_at */
};
#define REMOTE_ENTRIES_PAGES 8u

static inline struct remote_inode *remote_of(struct inode *inode)
{
	return container_of(inode, struct remote_inode, inode);
}
static inline struct remote_fs *remote_fs_of(const struct inode *inode)
{
	return inode->sb->data;
}

extern const struct file_ops remote_file_ops, remote_directory_ops;

/* ---- inode.c ---- */

/*
 * The inode that a fid, which is taken over in any case, is for: one that is known already, or a new one. Referenced.
 * attributes: what the server says of it.
 */
int remote_inode_get(struct remote_fs *fs, struct remote_fid *fid, const struct remote_attributes *attributes,
		     struct inode **out);
/* A reference, unless the last one has just gone. fs->lock. */
bool remote_inode_try_get(struct remote_inode *pi);
/* Its fid, referenced. */
struct remote_fid *remote_inode_fid(struct remote_inode *pi);
/* Gives it another, which is taken over. */
void remote_inode_set_fid(struct remote_inode *pi, struct remote_fid *fid);
void remote_inode_free(struct inode *inode);
/* Asks for attributes when those that are there are older than that. -ENOENT and others: it has none any more. */
int remote_inode_refresh(struct remote_inode *pi, uint64_t age_ns);
/* The same under inode.lock. */
int remote_inode_refresh_locked(struct remote_inode *pi, uint64_t age_ns);
/* Attributes that came from the server. Under inode.lock. -ESTALE: those of another kind of file. */
int remote_inode_apply(struct remote_inode *pi, const struct remote_attributes *attributes);
int remote_change(struct inode *inode, const struct inode_change *change);
void remote_refresh(struct inode *inode);

/* ---- names.c ---- */

int remote_find(struct inode *dir, const char *name, size_t len, struct inode **out);
int remote_check(struct dentry *dentry);
int remote_make(struct inode *dir, const char *name, size_t len, const struct inode_wanted *wanted, struct inode **out);
int remote_add_link(struct inode *dir, const char *name, size_t len, struct inode *inode);
int remote_remove(struct dentry *victim);
int remote_move(struct dentry *source, struct inode *dir, const char *name, size_t len, struct dentry *target,
		unsigned flags);
/* The last open file of a vanished one is closed: its other name goes too. */
void remote_vanished_end(struct remote_inode *pi);

/* ---- data.c ---- */

ssize_t remote_data_read(struct file *file, struct io *io, off_t *position);
/* Under inode.lock. */
ssize_t remote_data_write(struct file *file, struct io *io, off_t *position);
int remote_data_map(struct file *file, uint64_t index, bool create, struct page **page);
/* What mappings have changed goes to the server. must: not even a kill ends it. */
int remote_data_flush(struct remote_inode *pi, bool must);
/* Pages that nobody maps are forgotten: the server has others. */
void remote_data_forget(struct remote_inode *pi);
/* The size has changed. Under inode.lock. */
void remote_data_resized(struct remote_inode *pi, off_t old_size, off_t size);
void remote_data_free(struct remote_inode *pi);

/* ---- super.c ---- */

/*
 * For file systems of this kind: fills a superblock with a file system on that client, which is destroyed on an error.
 * root: of the tree, taken over in any case. -ENOTDIR, -ENOMEM.
 */
int remote_mount(struct superblock *sb, struct remote_client *client, struct remote_fid *root);
/* As struct filesystem.blocks. */
uint64_t remote_blocks(const struct inode *inode);
/* One word of mount options, up to a comma: calls apply with it; its error. */
int remote_each_option(const char *text, int (*apply)(void *arg, const char *word, size_t len), void *arg);
