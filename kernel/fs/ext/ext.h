/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ext2 and ext4 file system, as its files share it.
 *
 * One mutex, fs->lock, is around all that is on the disk but the content of files in memory. It is taken after the tree
 * lock, an inode's mutex and an address space's lock; no memory of programs is touched under it.
 *
 * Changes of metadata are made in buffers (buffer.c), and between ext_begin() and ext_end(). They stay in memory until
 * a commit (journal.c): file data first, then the buffers, through the journal where there is one, so that after a
 * crash the disk has all of a transaction or nothing. Blocks that a transaction frees are given to nobody before it is
 * committed.
 *
 * Everything on the disk is somebody else's word: what cannot be is ext_corrupt(), which counts, logs, and gives
 * -EUCLEAN.
 */
#pragma once

#include <kernel/block.h>
#include <kernel/list.h>
#include <kernel/mutex.h>
#include <kernel/spinlock.h>

#include "../fs_internal.h"
#include "../page_tree.h"
#include "format.h"

struct ext_fs;
struct ext_inode;

/* ---- buffers: blocks of metadata (buffer.c). fs->lock ---- */

/* What a block is taken for. One that is two things at once is damage. */
enum ext_role {
	EXT_FREE,
	EXT_SUPER,
	EXT_GROUPS,
	EXT_BLOCK_BITMAP,
	EXT_INODE_BITMAP,
	EXT_INODES,
	EXT_TREE,
	EXT_DIRECTORY
};

struct ext_buffer {
	struct list node;	/* on fs->clean or fs->dirty */
	struct ext_buffer *hash_next;
	uint64_t block;
	unsigned refs;
	enum ext_role role;
	bool dirty;
	bool checked;		/* its content was found to be what it should be */
	uint32_t owner;		/* a bitmap's group, a directory's checksum seed */
	uint8_t data[];
};

/* Reads a block, unless it is there; to be put. -EIO, -ENOMEM, -EUCLEAN (beyond the end, or in another role). */
int ext_buffer_read(struct ext_fs *fs, uint64_t block, enum ext_role role, struct ext_buffer **out);
/* The same of a block that is to be written anew: all zeros. */
int ext_buffer_new(struct ext_fs *fs, uint64_t block, enum ext_role role, struct ext_buffer **out);
void ext_buffer_put(struct ext_fs *fs, struct ext_buffer *buffer);
void ext_buffer_dirty(struct ext_fs *fs, struct ext_buffer *buffer);
/* After it was written. */
void ext_buffer_clean(struct ext_fs *fs, struct ext_buffer *buffer);
/* The block is nobody's any more: what was changed in it need not be written. */
void ext_buffer_forget(struct ext_fs *fs, uint64_t block);
void ext_buffers_free(struct ext_fs *fs);
/* Puts the checksums into all that are dirty. */
int ext_buffers_seal(struct ext_fs *fs);
void ext_dir_seal(struct ext_fs *fs, struct ext_buffer *buffer);

/* ---- the file system ---- */

#define EXT_BUFFER_HASH 256u
#define EXT_INODE_HASH 256u

/* Blocks that the running transaction has freed. */
struct ext_freed {
	uint64_t block;
	uint32_t count;
};

struct ext_journal {
	struct ext_inode *inode;	/* NULL: there is no journal */
	uint32_t blocks, first;
	uint32_t sequence;		/* of the next transaction */
	uint32_t features;		/* JOURNAL_INCOMPAT_* */
	uint32_t seed;
};

struct ext_fs {
	struct superblock *sb;
	struct block_device *dev;
	struct mutex lock;

	unsigned block_size, block_shift, inode_size, group_desc_size;
	unsigned blocks_per_group, inodes_per_group, group_count, gdt_blocks;
	uint64_t blocks_count;
	uint32_t first_data_block, inodes_count, first_ino;
	bool has_csum, has_gdt_csum, is_64bit, has_filetype, has_extents;
	uint32_t csum_seed;

	struct ext_buffer *super_buffer;	/* held */
	struct ext_super *super;		/* in it */
	uint64_t free_blocks, reserved_blocks;
	uint32_t free_inodes;
	uint32_t inode_goal;			/* the group where the last inode was made */

	struct ext_buffer *buffer_hash[EXT_BUFFER_HASH];
	struct list clean, dirty;		/* clean: the least used first */
	size_t clean_count, dirty_count;

	struct ext_inode *inode_hash[EXT_INODE_HASH];
	struct spinlock dirty_lock;		/* guards dirty_inodes and the inodes' places on it */
	struct list dirty_inodes;
	struct list with_pages;			/* inodes whose content is in memory, the least used first: fs->lock */
	size_t dirty_pages;			/* atomic */

	struct ext_freed *freed;
	size_t freed_count, freed_room;
	uint64_t freed_blocks;

	struct ext_journal journal;
	bool writable;				/* marked as in use on the disk */
	bool aborted;				/* writing metadata failed: nothing is changed any more */
	unsigned errors;			/* inconsistencies found */
	unsigned io_errors;			/* atomic */
};

/* Counts damage; logs the first few. -EUCLEAN. */
int ext_corrupt(struct ext_fs *fs, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Writing failed in a way that leaves the disk half changed: read-only from now on. */
void ext_abort(struct ext_fs *fs, const char *what);

/* Takes fs->lock; changes may follow until ext_end(). -EROFS, -EIO. */
int ext_begin(struct ext_fs *fs);
void ext_end(struct ext_fs *fs);
/* Writes all that was changed, and flushes. fs->lock. -EIO. */
int ext_commit(struct ext_fs *fs);
void ext_super_changed(struct ext_fs *fs);
/* The superblock alone, at once and past the journal. fs->lock. */
int ext_super_write(struct ext_fs *fs);

static inline struct ext_fs *ext_fs_of(const struct superblock *sb)
{
	return sb->data;
}
static inline bool ext_block_is_valid(const struct ext_fs *fs, uint64_t block, uint64_t count)
{
	return block > fs->first_data_block && block < fs->blocks_count && count <= fs->blocks_count - block;
}
static inline unsigned ext_sectors(const struct ext_fs *fs)
{
	return fs->block_size / BLOCK_SECTOR;
}

/* ---- groups and allocation (group.c, alloc.c). fs->lock ---- */

/* A group's descriptor, in *buffer, which is to be put. -EUCLEAN, -EIO. */
int ext_group_get(struct ext_fs *fs, unsigned group, struct ext_group **out, struct ext_buffer **buffer);
bool ext_group_has_super(const struct ext_fs *fs, unsigned group);
uint64_t ext_group_block_bitmap(const struct ext_fs *fs, const struct ext_group *desc);
uint64_t ext_group_inode_bitmap(const struct ext_fs *fs, const struct ext_group *desc);
uint64_t ext_group_inode_table(const struct ext_fs *fs, const struct ext_group *desc);
unsigned ext_group_blocks(const struct ext_fs *fs, unsigned group);
/* A group's bitmap, made where it was never. */
int ext_bitmap_get(struct ext_fs *fs, unsigned group, enum ext_role role, struct ext_group *desc,
		   struct ext_buffer *desc_buffer, struct ext_buffer **out);
/* For ext_buffers_seal(). */
int ext_bitmap_seal(struct ext_fs *fs, struct ext_buffer *bitmap);
void ext_groups_seal(struct ext_fs *fs, struct ext_buffer *buffer);

/* Up to want adjacent blocks, near goal. -ENOSPC. */
int ext_blocks_alloc(struct ext_fs *fs, uint64_t goal, unsigned want, uint64_t *block, unsigned *count);
/* They are free when the transaction is committed. */
void ext_blocks_free(struct ext_fs *fs, uint64_t block, uint64_t count);
/* At commit. */
int ext_freed_apply(struct ext_fs *fs);
int ext_ino_alloc(struct ext_fs *fs, bool directory, uint32_t *ino);
int ext_ino_free(struct ext_fs *fs, uint32_t ino, bool directory);

/* ---- inodes (inode.c) ---- */

/* Adjacent blocks of a file that are adjacent on the disk. */
struct ext_extent {
	uint32_t block, len;
	uint64_t start;
	bool unwritten;
};

struct ext_inode {
	struct inode inode;	/* must be first */
	struct ext_fs *fs;
	struct ext_inode *hash_next;
	struct list dirty_node;	/* fs->dirty_lock */
	struct list pages_node;	/* fs->lock */

	/* All below but the pages: fs->lock. */
	uint32_t flags, generation;
	uint64_t sectors;	/* that it holds, in units of 512 bytes */
	uint64_t acl_block;
	uint32_t block[EXT_INODE_BLOCKS];
	bool is_new;		/* its place in the table is to be cleared first */
	bool orphan;		/* on the disk's list of those to be deleted or cut after a crash */
	uint32_t orphan_next;

	/* Extents, all of them, once they were needed (extent.c). */
	bool extents_loaded, extents_changed;
	struct ext_extent *extents;
	size_t extent_count, extent_room;
	uint64_t *nodes;	/* blocks of the tree */
	size_t node_count, node_room;
	uint64_t goal;		/* where the next block should be */

	uint32_t find_hint, add_hint;	/* directories: blocks to look into first */

	/* Content in memory. */
	struct page_tree pages;
	struct spinlock pages_lock;
	size_t dirty_pages, page_count;	/* under pages_lock */
	uint64_t next_read;		/* the page after the last that was read */
	unsigned write_errors;		/* atomic */
};

static inline struct ext_inode *ext_inode_of(const struct inode *inode)
{
	return (struct ext_inode *)container_of(inode, struct ext_inode, inode);
}

/* The inode of that number, referenced. -ESTALE: it is not in use. -EUCLEAN, -EIO, -ENOMEM. Takes fs->lock. */
int ext_inode_get(struct ext_fs *fs, uint32_t ino, struct ext_inode **out);
/* For the journal, which is no file; without any lookup. fs->lock. */
int ext_inode_load(struct ext_fs *fs, uint32_t ino, struct ext_inode **out);
void ext_inode_destroy(struct ext_inode *ei);
int ext_inode_create(struct superblock *sb, unsigned mode, uint32_t rdev, struct inode **out);
void ext_inode_free(struct inode *inode);
void ext_inode_changed(struct inode *inode);
/* Writes it into its buffer. fs->lock. */
int ext_inode_write(struct ext_inode *ei);
/* All that were changed. fs->lock. */
int ext_inodes_write(struct ext_fs *fs);
uint64_t ext_inode_blocks(const struct inode *inode);
uint32_t ext_inode_seed(const struct ext_inode *ei);

/* Orphans (orphan.c). fs->lock, in a transaction. */
int ext_orphan_add(struct ext_inode *ei);
int ext_orphan_remove(struct ext_inode *ei);
/* At mount: ends what a crash has interrupted. Takes fs->lock. */
void ext_orphans_end(struct ext_fs *fs);

/* ---- where a file's blocks are. fs->lock ---- */

struct ext_run {
	uint64_t start;		/* 0: a hole */
	uint32_t len;		/* blocks, at least 1 */
	bool unwritten;		/* they read as zeros */
};
/* The blocks from block on. -EUCLEAN, -EIO, -ENOMEM. */
int ext_map(struct ext_inode *ei, uint32_t block, struct ext_run *run);
/* The same, made where they are missing: up to want. *fresh: they hold nothing yet. -ENOSPC, -EFBIG. */
int ext_map_create(struct ext_inode *ei, uint32_t block, unsigned want, struct ext_run *run, bool *fresh);
/* Gives up what is in [first, last]. */
int ext_unmap(struct ext_inode *ei, uint64_t first, uint64_t last);
/* The first block that such a file cannot have. */
uint64_t ext_map_limit(const struct ext_inode *ei);

int ext_extents_map(struct ext_inode *ei, uint32_t block, struct ext_run *run);
int ext_extents_create(struct ext_inode *ei, uint32_t block, unsigned want, struct ext_run *run, bool *fresh);
int ext_extents_unmap(struct ext_inode *ei, uint64_t first, uint64_t last);
/* Writes the tree into its blocks. */
int ext_extents_write(struct ext_inode *ei);
int ext_indirect_map(struct ext_inode *ei, uint32_t block, struct ext_run *run);
int ext_indirect_create(struct ext_inode *ei, uint32_t block, struct ext_run *run, bool *fresh);
int ext_indirect_unmap(struct ext_inode *ei, uint64_t first, uint64_t last);

/* ---- directories (dir.c). fs->lock ---- */

/* -ENOENT. */
int ext_dir_find(struct ext_inode *dir, const char *name, size_t len, uint32_t *ino);
int ext_dir_add(struct ext_inode *dir, const char *name, size_t len, uint32_t ino, unsigned mode);
int ext_dir_remove(struct ext_inode *dir, const char *name, size_t len);
/* ino and mode of an existing name; ".." too. */
int ext_dir_replace(struct ext_inode *dir, const char *name, size_t len, uint32_t ino, unsigned mode);
int ext_dir_is_empty(struct ext_inode *dir);
/* "." and ".." of a new one. */
int ext_dir_make(struct ext_inode *dir, uint32_t parent);
extern const struct file_ops ext_dir_fops;

/* Of superblock_ops (names.c). */
int ext_find(struct inode *dir, const char *name, size_t len, struct inode **out);
int ext_ops_begin(struct superblock *sb);
void ext_ops_end(struct superblock *sb);
int ext_link(struct inode *dir, const char *name, size_t len, struct inode *inode);
int ext_unlink(struct inode *dir, const char *name, size_t len);
int ext_replace(struct inode *dir, const char *name, size_t len, struct inode *inode);
int ext_reparent(struct inode *inode, struct inode *dir);
int ext_is_empty(struct inode *inode);

/* ---- content of files (data.c, write.c) ---- */

#define EXT_PAGE_DIRTY 1u	/* page->flags: changed, and not written */
#define EXT_PAGE_MAPPED 2u	/* some program may write to it at any time */

extern const struct file_ops ext_file_fops;
/* The page at index, referenced, read when absent. *page NULL: index is beyond what to read. Inode's mutex or not. */
int ext_page_read(struct ext_inode *ei, uint64_t index, unsigned ahead, struct page **page);
struct page *ext_page_find(struct ext_inode *ei, uint64_t index);
int ext_page_insert(struct ext_inode *ei, uint64_t index, struct page *page);
void ext_page_dirty(struct ext_inode *ei, struct page *page);
/* Forgets the pages of [first, last], whatever is in them. */
void ext_pages_drop(struct ext_inode *ei, uint64_t first, uint64_t last);
/* Writes an inode's changed pages. Errors are kept for fsync. fs->lock. */
int ext_pages_write(struct ext_inode *ei);
/* Makes room in memory: pages that are written are forgotten. fs->lock. */
void ext_pages_reclaim(struct ext_fs *fs);
ssize_t ext_file_write(struct file *file, struct io *io, off_t *position);
int ext_file_allocate(struct file *file, int mode, off_t offset, off_t len);
int ext_truncate(struct inode *inode, off_t size);
/* Gives up all beyond inode->size. fs->lock. */
int ext_cut(struct ext_inode *ei);

/* ---- the journal (journal.c, recovery.c). fs->lock ---- */

/* Opens it, and replays what it holds where the file system needs that. -EINVAL: an unknown kind; -EROFS, -EUCLEAN. */
int ext_journal_open(struct ext_fs *fs);
void ext_journal_close(struct ext_fs *fs);
/* Writes the dirty buffers into the journal, to be found there after a crash; -EFBIG: they do not fit. */
int ext_journal_write(struct ext_fs *fs);
/* They are in their places: the journal is empty. */
int ext_journal_empty(struct ext_fs *fs);
/* Nothing is to be looked for in it: before the file system is marked as clean. */
int ext_journal_end(struct ext_fs *fs);
int ext_journal_replay(struct ext_fs *fs, uint32_t start);
/* A block of the journal. */
int ext_journal_block(struct ext_fs *fs, uint32_t index, uint64_t *block);
