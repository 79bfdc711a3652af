/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file's pages by index: a radix tree that is as high as the highest index needs. A file of one page is no node at
 * all. The tree holds one reference of each page. The caller locks.
 */
#pragma once

#include <kernel/page.h>

struct page_tree {
	void *root;  /* height 0: the page of index 0; else a node */
	unsigned height;
};

/* NULL: a hole. The page is borrowed. */
struct page *page_tree_find(const struct page_tree *tree, uint64_t index);
/* Takes over the page's reference; there is none at index yet. -ENOMEM. */
int page_tree_insert(struct page_tree *tree, uint64_t index, struct page *page);
/* Drops the pages of [first, last]. @return how many there were. */
size_t page_tree_remove(struct page_tree *tree, uint64_t first, uint64_t last);
/* The first index >= index that has a page (hole false) or none (hole true); UINT64_MAX when there is none. */
uint64_t page_tree_next(const struct page_tree *tree, uint64_t index, bool hole);
