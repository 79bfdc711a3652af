/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended attributes: named values on inodes, kept in memory.
 */
#pragma once

#include <kernel/vfs.h>

/* flags: XATTR_CREATE, XATTR_REPLACE. value is copied. -EEXIST, -ENODATA, -ENOSPC, -ENOMEM. */
int xattr_set(struct inode *inode, const char *name, const void *value, size_t size, unsigned flags);
/* Copies at most size bytes into buf; size 0 only asks. The value's size, -ENODATA, -ERANGE. */
ssize_t xattr_get(struct inode *inode, const char *name, void *buf, size_t size);
/* All names, each with its NUL. trusted: those of "trusted." too. The list's size, -ERANGE. */
ssize_t xattr_list(struct inode *inode, void *buf, size_t size, bool trusted);
int xattr_remove(struct inode *inode, const char *name);
