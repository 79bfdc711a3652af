/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between extents in memory (extent.c) and their tree (extent_tree.c). fs->lock.
 */
#pragma once

#include "ext.h"

/* Reads the tree, unless that was done. -EUCLEAN, -EIO, -ENOMEM. */
int ext_extents_load(struct ext_inode *ei);
/* Memory for so many. -ENOMEM. */
int ext_extents_reserve(struct ext_inode *ei, size_t count);
/* Blocks for the tree that so many need. -ENOSPC, -ENOMEM. */
int ext_nodes_reserve(struct ext_inode *ei, size_t count);
