/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dentries: the names of the tree. A name in a directory is on its parent's list of children, in order of its directory
 * position, and in one hash table for all directories. Everything but the reference count is under the tree lock.
 */
#include <kernel/atomic.h>
#include <kernel/heap.h>
#include <kernel/metrics.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#include "notify.h"

#define HASH_SIZE 512
#define LOADED_MAX 16384

static struct dentry *hash_table[HASH_SIZE];
static struct list forgotten = LIST_INIT(forgotten);
static struct spinlock names = SPINLOCK_INIT;

static const char *const results[] = { "hit", "miss" };
METRIC_LEVEL(vfs_dentries, "Names of files in memory");
METRIC_COUNTERS(vfs_lookups, "Names that were looked for among those, and were there or not", "result", results);

unsigned long dentry_names_lock(void)
{
	return spin_lock(&names);
}

void dentry_names_unlock(unsigned long flags)
{
	spin_unlock(&names, flags);
}

struct dentry *dentry_get(struct dentry *dentry)
{
	atomic_fetch_add(&dentry->refs, 1);
	return dentry;
}

/* The last reference can only go after the dentry has left the tree, so that nobody can find it any more. */
void dentry_put(struct dentry *dentry)
{
	while (atomic_fetch_sub(&dentry->refs, 1) == 1) {
		struct dentry *parent = dentry->parent;

		if (!dentry->inode->nlink && parent != dentry)
			notify_deleted(dentry->inode);
		inode_put(dentry->inode);
		if (dentry->name != dentry->short_name)
			heap_free(dentry->name);
		heap_free(dentry);
		metric_add(vfs_dentries, -1);
		if (parent == dentry)
			return;
		dentry = parent;
	}
}

/* Depends on nothing that differs between worlds: inode numbers, not addresses. */
static uint32_t name_hash(const struct dentry *dir, const char *name, size_t len)
{
	uint32_t hash = (uint32_t)dir->inode->ino * 0x9e3779b1u + dir->inode->sb->dev;

	for (size_t i = 0; i < len; i++)
		hash = hash * 31 + (unsigned char)name[i];
	return hash ^ (hash >> 15);
}

static struct dentry *looked_up(struct dentry *dentry)
{
	metric_inc_at(vfs_lookups, !dentry);
	return dentry;
}

struct dentry *dentry_find(struct dentry *dir, const char *name, size_t len)
{
	uint32_t hash = name_hash(dir, name, len);

	for (struct dentry *d = hash_table[hash % HASH_SIZE]; d; d = d->hash_next)
		if (d->hash == hash && d->parent == dir && d->name_len == len && !memcmp(d->name, name, len))
			return looked_up(d);
	return looked_up(NULL);
}

static void hash_insert(struct dentry *dentry)
{
	struct dentry **bucket;

	dentry->hash = name_hash(dentry->parent, dentry->name, dentry->name_len);
	bucket = &hash_table[dentry->hash % HASH_SIZE];
	dentry->hash_next = *bucket;
	*bucket = dentry;
}

static void hash_remove(struct dentry *dentry)
{
	struct dentry **at = &hash_table[dentry->hash % HASH_SIZE];

	while (*at != dentry)
		at = &(*at)->hash_next;
	*at = dentry->hash_next;
}

static void tree_insert(struct dentry *dentry)
{
	struct inode *dir = dentry->parent->inode;

	dentry->cookie = dir->next_cookie++;
	dir->entries++;
	dentry->inode->named++;
	dentry->unlinked = false;
	notify_named(dentry);
	list_append(&dentry->parent->children, &dentry->siblings);
	hash_insert(dentry);
}

static void tree_remove(struct dentry *dentry)
{
	hash_remove(dentry);
	list_remove(&dentry->siblings);
	dentry->parent->inode->entries--;
	dentry->inode->named--;
	dentry->unlinked = true;
}

/* Memory for a name: the given short buffer, or the heap's. */
static char *name_store(char *short_name, const char *name, size_t len)
{
	char *store = len < sizeof(((struct dentry *)0)->short_name) ? short_name : heap_alloc(len + 1);

	if (store) {
		memcpy(store, name, len);
		store[len] = 0;
	}
	return store;
}

struct dentry *dentry_create(struct dentry *parent, const char *name, size_t len, struct inode *inode)
{
	struct dentry *dentry = heap_alloc(sizeof(*dentry));

	if (!dentry)
		return NULL;
	dentry->name = name_store(dentry->short_name, name, len);
	if (!dentry->name) {
		heap_free(dentry);
		return NULL;
	}
	dentry->refs = 1;
	dentry->mounts = 0;
	dentry->parent = parent ? dentry_get(parent) : dentry;
	dentry->inode = inode;
	dentry->hash_next = NULL;
	dentry->cookie = 0;
	dentry->hash = 0;
	dentry->unlinked = parent != NULL;
	dentry->name_len = (uint8_t)len;
	list_init(&dentry->siblings);
	list_init(&dentry->children);
	notify_named(dentry);
	metric_inc(vfs_dentries);
	return dentry;
}

int dentry_add(struct dentry *dir, const char *name, size_t len, struct inode *inode, struct dentry **out)
{
	struct dentry *dentry = dentry_create(dir, name, len, inode);

	if (!dentry)
		return -ENOMEM;
	inode_get(inode);
	tree_insert(dentry);
	if (out)
		*out = dentry;
	return 0;
}

void dentry_unlink(struct dentry *dentry)
{
	tree_remove(dentry);
	dentry_put(dentry);
}

/* ---- names that are on a disk: the tree has those that were looked up, until there are too many ---- */

static size_t loaded;	/* how many came since they were last dropped */

int dentry_load(struct dentry *dir, const char *name, size_t len, struct dentry **out)
{
	struct superblock *sb = dir->inode->sb;
	struct inode *inode;
	int err = sb->ops->find(dir->inode, name, len, &inode);

	if (err)
		return err;
	/* A second name of a directory would make a tree without an end. */
	if (S_ISDIR(inode->mode) && (inode->named || inode == sb->root->inode))
		err = -EUCLEAN;
	else
		err = dentry_add(dir, name, len, inode, out);
	inode_put(inode);
	loaded += !err;
	return err;
}

/* Drops what nobody uses, below root. */
static void drop_unused(struct dentry *root)
{
	struct dentry *d = root, *parent;

	for (;;) {
		while (!list_empty(&d->children))
			d = list_first(&d->children, struct dentry, siblings);
		for (;;) {
			struct list *next = d->siblings.next;

			if (d == root)
				return;
			parent = d->parent;
			if (atomic_load(&d->refs) == 1 && !d->mounts && list_empty(&d->inode->watches))
				dentry_unlink(d);
			if (next != &parent->children) {
				d = list_entry(next, struct dentry, siblings);
				break;
			}
			d = parent;
		}
	}
}

static int drop_of_mount(struct mount *mount, void *context UNUSED)
{
	if (mount->sb->ops->find)
		drop_unused(mount->sb->root);
	return 0;
}

static bool has_mounts(const struct dentry *dentry)
{
	const struct dentry *d = dentry;

	for (;;) {
		if (d->mounts)
			return true;
		if (!list_empty(&d->children)) {
			d = list_first(&d->children, struct dentry, siblings);
			continue;
		}
		while (d != dentry && d->siblings.next == &d->parent->children)
			d = d->parent;
		if (d == dentry)
			return false;
		d = container_of(d->siblings.next, struct dentry, siblings);
	}
}

/* Its reference, the tree's, goes with dentry_trim(). */
static void forget(struct dentry *dentry)
{
	tree_remove(dentry);
	list_append(&forgotten, &dentry->siblings);
}

bool dentry_forget(struct dentry *dentry)
{
	struct dentry *d = dentry, *parent;

	if (has_mounts(dentry))
		return false;
	for (;;) {
		while (!list_empty(&d->children))
			d = list_first(&d->children, struct dentry, siblings);
		parent = d->parent;
		forget(d);
		if (d == dentry)
			return true;
		d = parent;
	}
}

void dentry_trim(void)
{
	while (!list_empty(&forgotten)) {
		struct dentry *dentry = list_first(&forgotten, struct dentry, siblings);

		list_remove(&dentry->siblings);
		dentry_put(dentry);
	}
	if (loaded < LOADED_MAX)
		return;
	loaded = 0;
	mount_foreach(drop_of_mount, NULL);
}

/* Gives a dentry that is out of the tree another name and parent. */
static void rename_to(struct dentry *dentry, struct dentry *dir, char *store, const char *short_name, size_t len)
{
	struct dentry *old_parent = dentry->parent;
	char *old_name = dentry->name;
	unsigned long flags = dentry_names_lock();

	if (store) {
		dentry->name = store;
	} else {
		dentry->name = dentry->short_name;
		memcpy(dentry->short_name, short_name, len);
		dentry->short_name[len] = 0;
	}
	dentry->name_len = (uint8_t)len;
	dentry->parent = dentry_get(dir);
	dentry_names_unlock(flags);
	if (old_name != dentry->short_name)
		heap_free(old_name);
	dentry_put(old_parent);
}

int dentry_move(struct dentry *dentry, struct dentry *dir, const char *name, size_t len)
{
	char *store = NULL;

	if (len >= sizeof(dentry->short_name)) {
		store = name_store(NULL, name, len);
		if (!store)
			return -ENOMEM;
	}
	tree_remove(dentry);
	rename_to(dentry, dir, store, name, len);
	tree_insert(dentry);
	return 0;
}

/* Swaps name and parent; the parents' references go with them, and nothing has to be allocated. */
void dentry_exchange(struct dentry *a, struct dentry *b)
{
	struct dentry *parent = a->parent;
	char *name = a->name == a->short_name ? b->short_name : a->name;
	char short_name[sizeof(a->short_name)];
	uint8_t len = a->name_len;
	unsigned long flags;

	tree_remove(a);
	tree_remove(b);
	flags = dentry_names_lock();
	memcpy(short_name, a->short_name, sizeof(short_name));
	memcpy(a->short_name, b->short_name, sizeof(short_name));
	memcpy(b->short_name, short_name, sizeof(short_name));
	a->name = b->name == b->short_name ? a->short_name : b->name;
	b->name = name;
	a->name_len = b->name_len;
	b->name_len = len;
	a->parent = b->parent;
	b->parent = parent;
	dentry_names_unlock(flags);
	tree_insert(a);
	tree_insert(b);
}

bool dentry_is_ancestor(const struct dentry *a, const struct dentry *b)
{
	while (b != a && b->parent != b)
		b = b->parent;
	return a == b;
}
