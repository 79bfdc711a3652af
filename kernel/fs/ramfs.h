/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file system in memory, as its own files and devfs and memfd share it.
 */
#pragma once

#include <kernel/spinlock.h>
#include <kernel/vfs.h>

#include "page_tree.h"

struct ramfs {
	size_t pages_limit, pages; /* content pages: allowed, used */
	size_t inodes_limit, inodes;
};

struct ramfs_inode {
	struct inode inode; /* must be first */
	struct ramfs *fs;
	struct page_tree pages;
	struct spinlock pages_lock; /* guards pages: mappings look them up while the inode's mutex is held */
	size_t page_count;
	char *name;  /* memfd_create()'s, for /proc; NULL */
	unsigned seals;  /* F_SEAL_*; F_SEAL_SEAL where none can be added. Set under both locks */
	/* A seal is set before a mapping asks for it, or sees it counted. An address space's lock may be held. */
	struct spinlock seal_lock;
	unsigned writable_mappings; /* shared ones that are, or that mprotect could make so */
};

/* Makes sb a ramfs with a root directory of the given mode; options as mount(2) has them. */
int ramfs_fill(struct superblock *sb, const char *options, unsigned root_mode);
uint64_t ramfs_blocks(const struct inode *inode);
extern const struct file_ops ramfs_fops;

/* A nameless file on an internal, unmounted ramfs: memfd. -ENOMEM, -ENOSPC. */
int ramfs_create_internal(unsigned mode, struct inode **out);
bool ramfs_is_file(const struct inode *inode);

static inline struct ramfs_inode *ramfs_of(struct inode *inode)
{
	return container_of(inode, struct ramfs_inode, inode);
}

/* memfd.c: -EPERM when seals forbid that a mapping is written to. */
int memfd_check_writable(struct ramfs_inode *ri);

/* ramfs_data.c: under the inode's mutex. */
int ramfs_truncate(struct inode *inode, off_t size);
void ramfs_free_pages(struct ramfs_inode *ri);
