/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The radix tree of a file's pages: nodes of 64 slots. A node that becomes empty is freed; the height only falls when
 * the whole tree becomes empty.
 */
#include <kernel/errno.h>
#include <kernel/heap.h>

#include "page_tree.h"

#define NODE_BITS 6
#define NODE_SLOTS (1u << NODE_BITS)

struct node {
	void *slots[NODE_SLOTS];
	unsigned used;
};

/* One past the highest index of a tree of that height; 0 stands for all of 2^64. */
static uint64_t height_limit(unsigned height)
{
	return height * NODE_BITS >= 64 ? 0 : UINT64_C(1) << (height * NODE_BITS);
}

static bool height_covers(unsigned height, uint64_t index)
{
	return height_limit(height) == 0 || index < height_limit(height);
}

static unsigned slot_at(uint64_t index, unsigned level)
{
	return (unsigned)(index >> (level * NODE_BITS)) & (NODE_SLOTS - 1);
}

struct page *page_tree_find(const struct page_tree *tree, uint64_t index)
{
	void *at = tree->root;

	if (!height_covers(tree->height, index))
		return NULL;
	for (unsigned level = tree->height; at && level--;)
		at = ((struct node *)at)->slots[slot_at(index, level)];
	return at;
}

static struct node *node_create(void)
{
	return heap_zalloc(sizeof(struct node));
}

static int tree_grow(struct page_tree *tree, uint64_t index)
{
	while (!height_covers(tree->height, index)) {
		if (tree->root) {
			struct node *node = node_create();

			if (!node)
				return -ENOMEM;
			node->slots[0] = tree->root;
			node->used = 1;
			tree->root = node;
		}
		tree->height++;
	}
	return 0;
}

/* Frees the empty nodes that a failed insertion left on the way to index. */
static void *prune(void *at, unsigned height, uint64_t index)
{
	struct node *node = at;
	unsigned slot;

	if (!at || !height)
		return at;
	slot = slot_at(index, height - 1);
	if (node->slots[slot]) {
		node->slots[slot] = prune(node->slots[slot], height - 1, index);
		if (!node->slots[slot])
			node->used--;
	}
	if (node->used)
		return node;
	heap_free(node);
	return NULL;
}

int page_tree_insert(struct page_tree *tree, uint64_t index, struct page *page)
{
	void **at = &tree->root;
	struct node *parent = NULL;
	int err = tree_grow(tree, index);

	for (unsigned level = tree->height; !err && level--;) {
		if (!*at) {
			*at = node_create();
			if (!*at) {
				err = -ENOMEM;
				break;
			}
			if (parent)
				parent->used++;
		}
		parent = *at;
		at = &parent->slots[slot_at(index, level)];
	}
	if (err) {
		tree->root = prune(tree->root, tree->height, index);
		return err;
	}
	*at = page;
	if (parent)
		parent->used++;
	return 0;
}

/* Removes [first, last], relative to this subtree. @return the subtree, NULL when it is empty now. */
static void *remove_range(void *at, unsigned height, uint64_t first, uint64_t last, size_t *count)
{
	struct node *node = at;
	uint64_t span;

	if (!at)
		return NULL;
	if (height == 0) {
		page_put(at);
		++*count;
		return NULL;
	}
	span = height_limit(height - 1);
	for (unsigned slot = slot_at(first, height - 1); slot <= slot_at(last, height - 1); slot++) {
		uint64_t base = slot * span, low = max(first, base), high = min(last, base + (span - 1));

		if (!node->slots[slot])
			continue;
		node->slots[slot] = remove_range(node->slots[slot], height - 1, low - base, high - base, count);
		if (!node->slots[slot])
			node->used--;
	}
	if (node->used)
		return node;
	heap_free(node);
	return NULL;
}

size_t page_tree_remove(struct page_tree *tree, uint64_t first, uint64_t last)
{
	uint64_t limit = height_limit(tree->height);
	size_t count = 0;

	if (limit)
		last = min(last, limit - 1);
	if (first <= last)
		tree->root = remove_range(tree->root, tree->height, first, last, &count);
	if (!tree->root)
		tree->height = 0;
	return count;
}

/* In a subtree: the first page (or hole) at or after index; limit when there is none. */
static uint64_t next_in(const void *at, unsigned height, uint64_t index, bool hole)
{
	uint64_t span;

	if (!at)
		return hole ? index : height_limit(height);
	if (height == 0)
		return hole ? 1 : 0;
	span = height_limit(height - 1);
	for (unsigned slot = slot_at(index, height - 1); slot < NODE_SLOTS; slot++) {
		uint64_t base = slot * span, from = index > base ? index - base : 0;
		uint64_t found = next_in(((const struct node *)at)->slots[slot], height - 1, from, hole);

		if (found < span)
			return base + found;
	}
	return height_limit(height);
}

uint64_t page_tree_next(const struct page_tree *tree, uint64_t index, bool hole)
{
	uint64_t limit = height_limit(tree->height), found;

	if (!height_covers(tree->height, index))
		return hole ? index : UINT64_MAX;
	found = next_in(tree->root, tree->height, index, hole);
	if (limit && found >= limit)
		return hole ? limit : UINT64_MAX;
	return found;
}
