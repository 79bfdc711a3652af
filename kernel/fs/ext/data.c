/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Content of files: pages in memory, by index, read when they are first needed and written at a commit. Reads copy
 * without any lock, as the copy may fault on a mapping of the very same file.
 *
 * A page that a shared mapping has is taken for changed whenever pages are written, until the mapping is gone: the
 * CPU's word for it is not asked.
 */
#include <kernel/abi/mount.h>
#include <kernel/log.h>
#include <kernel/string.h>

#include "ext.h"

#define AHEAD_MAX 32u		/* pages of one read, or one write */
#define FREE_SHARE 4u		/* content is forgotten when less than that part of memory is free */

/* ---- the pages of an inode ---- */

struct page *ext_page_find(struct ext_inode *ei, uint64_t index)
{
	unsigned long flags = spin_lock(&ei->pages_lock);
	struct page *page = page_tree_find(&ei->pages, index);

	if (page)
		page_get(page);
	spin_unlock(&ei->pages_lock, flags);
	return page;
}

/* Takes a reference of its own. -EEXIST: somebody was quicker. */
int ext_page_insert(struct ext_inode *ei, uint64_t index, struct page *page)
{
	unsigned long flags = spin_lock(&ei->pages_lock);
	int err = page_tree_find(&ei->pages, index) ? -EEXIST : page_tree_insert(&ei->pages, index, page);

	if (!err) {
		page_get(page);
		ei->page_count++;
	}
	spin_unlock(&ei->pages_lock, flags);
	return err;
}

static void set_flag(struct ext_inode *ei, struct page *page, uint16_t flag)
{
	unsigned long flags = spin_lock(&ei->pages_lock);

	if (!(page->flags & (EXT_PAGE_DIRTY | EXT_PAGE_MAPPED))) {
		ei->dirty_pages++;
		atomic_fetch_add(&ei->fs->dirty_pages, 1);
	}
	page->flags |= flag;
	spin_unlock(&ei->pages_lock, flags);
}

void ext_page_dirty(struct ext_inode *ei, struct page *page)
{
	set_flag(ei, page, EXT_PAGE_DIRTY);
}

/* pages_lock. */
static void no_longer_dirty(struct ext_inode *ei)
{
	ei->dirty_pages--;
	atomic_fetch_sub(&ei->fs->dirty_pages, 1);
}

void ext_pages_drop(struct ext_inode *ei, uint64_t first, uint64_t last)
{
	unsigned long flags = spin_lock(&ei->pages_lock);
	uint64_t index = page_tree_next(&ei->pages, first, false);

	while (ei->page_count && index <= last && index != UINT64_MAX) {
		if (page_tree_find(&ei->pages, index)->flags & (EXT_PAGE_DIRTY | EXT_PAGE_MAPPED))
			no_longer_dirty(ei);
		ei->page_count -= page_tree_remove(&ei->pages, index, index);
		index = page_tree_next(&ei->pages, index + 1, false);
	}
	spin_unlock(&ei->pages_lock, flags);
}

/* Forgets what is written and nobody maps. */
static void drop_clean(struct ext_inode *ei)
{
	unsigned long flags = spin_lock(&ei->pages_lock);
	uint64_t index = page_tree_next(&ei->pages, 0, false);

	while (ei->page_count && index != UINT64_MAX) {
		const struct page *page = page_tree_find(&ei->pages, index);

		if (!page->flags && atomic_load(&page->refs) == 1)
			ei->page_count -= page_tree_remove(&ei->pages, index, index);
		index = page_tree_next(&ei->pages, index + 1, false);
	}
	spin_unlock(&ei->pages_lock, flags);
}

void ext_pages_reclaim(struct ext_fs *fs)
{
	list_foreach_safe(&fs->with_pages, struct ext_inode, pages_node, ei) {
		if (fs->writable && !fs->aborted)
			ext_pages_write(ei);
		drop_clean(ei);
		if (page_free_count() > page_total_count() / FREE_SHARE)
			return;
	}
}

/* ---- moving them ---- */

/* Whole pages, or the part of one, that lie side by side on the disk and go in one transfer. */
struct batch {
	struct ext_inode *ei;
	enum block_op op;
	uint64_t start;		/* the first block on the disk */
	unsigned blocks, count;
	struct block_span spans[AHEAD_MAX];
	int err;
};

static void batch_flush(struct batch *b)
{
	struct ext_fs *fs = b->ei->fs;
	int err;

	if (!b->count)
		return;
	err = block_transfer(fs->dev, b->op, b->start * ext_sectors(fs), b->spans, b->count);
	if (b->op == BLOCK_WRITE)
		block_cache_forget(fs->dev, b->start << fs->block_shift, (uint64_t)b->blocks << fs->block_shift);
	if (err) {
		atomic_fetch_add(&fs->io_errors, 1);
		b->err = b->err ?: err == -ENOMEM ? err : -EIO;
	}
	b->count = b->blocks = 0;
}

static void batch_add(struct batch *b, uint64_t start, unsigned blocks, void *base)
{
	struct ext_fs *fs = b->ei->fs;
	uint32_t len = blocks << fs->block_shift;

	if (b->count && (b->count == AHEAD_MAX || b->start + b->blocks != start))
		batch_flush(b);
	if (!b->count)
		b->start = start;
	b->spans[b->count++] = (struct block_span){ base, len };
	b->blocks += blocks;
}

/* One page's blocks: those that there are. On reading, the rest is cleared. */
static int batch_page(struct batch *b, uint64_t index, void *memory)
{
	struct ext_fs *fs = b->ei->fs;
	unsigned per_page = PAGE_SIZE / fs->block_size;

	for (unsigned i = 0; i < per_page;) {
		uint64_t block = index * per_page + i;
		char *at = (char *)memory + ((size_t)i << fs->block_shift);
		struct ext_run run;
		unsigned n;
		int err = block < ext_map_limit(b->ei) ? ext_map(b->ei, (uint32_t)block, &run) : -EFBIG;

		if (err == -EFBIG) /* sparse, and larger than its map can be */
			run = (struct ext_run){ 0, per_page, false };
		else if (err)
			return err;
		n = min(run.len, per_page - i);
		if (run.start && !run.unwritten)
			batch_add(b, run.start, n, at);
		else if (b->op == BLOCK_READ)
			memset(at, 0, (size_t)n << fs->block_shift);
		i += n;
	}
	return 0;
}

static void use_pages(struct ext_inode *ei)
{
	list_remove(&ei->pages_node);
	list_append(&ei->fs->with_pages, &ei->pages_node);
}

/* How many pages from index on are absent, at most ahead, and within the file. */
static unsigned absent(struct ext_inode *ei, uint64_t index, unsigned ahead)
{
	uint64_t pages = ((uint64_t)atomic_load(&ei->inode.size) + PAGE_SIZE - 1) / PAGE_SIZE, next;
	unsigned long flags = spin_lock(&ei->pages_lock);

	next = page_tree_next(&ei->pages, index, false);
	spin_unlock(&ei->pages_lock, flags);
	ahead = (unsigned)min((uint64_t)ahead, next - index);
	return (unsigned)min((uint64_t)ahead, index < pages ? pages - index : 1);
}

/* fs->lock. */
static int read_pages(struct ext_inode *ei, uint64_t index, unsigned count)
{
	struct batch batch = { .ei = ei, .op = BLOCK_READ };
	struct page *pages[AHEAD_MAX];
	unsigned n = 0;
	int err = 0;

	for (; n < count; n++) {
		pages[n] = page_alloc(0);
		if (!pages[n]) {
			err = n ? 0 : -ENOMEM;
			break;
		}
		pages[n]->flags = 0;
		err = batch_page(&batch, index + n, page_virt(pages[n]));
		if (err) {
			batch_flush(&batch); /* its first blocks may be in there */
			page_put(pages[n]);
			err = n ? 0 : err;
			break;
		}
	}
	batch_flush(&batch);
	err = err ?: batch.err;
	for (unsigned i = 0; i < n; i++) {
		if (!err) {
			err = ext_page_insert(ei, index + i, pages[i]);
			if (err == -EEXIST || i)
				err = 0;
		}
		page_put(pages[i]);
	}
	use_pages(ei);
	return err;
}

int ext_page_read(struct ext_inode *ei, uint64_t index, unsigned ahead, struct page **page)
{
	struct ext_fs *fs = ei->fs;
	bool mine = mutex_is_mine(&fs->lock);
	unsigned count;
	int err = 0;

	*page = ext_page_find(ei, index);
	if (*page)
		return 0;
	if (!mine)
		mutex_lock(&fs->lock);
	if (page_free_count() < page_total_count() / FREE_SHARE)
		ext_pages_reclaim(fs);
	*page = ext_page_find(ei, index);
	count = *page ? 0 : absent(ei, index, min(ahead, AHEAD_MAX));
	if (count) {
		err = read_pages(ei, index, count);
		/* One bad sector must not take those around it along. */
		if (err == -EIO && count > 1)
			err = read_pages(ei, index, 1);
		*page = err ? NULL : ext_page_find(ei, index);
		if (!err && !*page)
			err = -ENOMEM;
	}
	if (!mine)
		mutex_unlock(&fs->lock);
	return err;
}

/* ---- writing back ---- */

/* Takes a page for writing: what is changed from now on counts anew. NULL: it has not changed. */
static struct page *take_dirty(struct ext_inode *ei, uint64_t index)
{
	unsigned long flags = spin_lock(&ei->pages_lock);
	struct page *page = page_tree_find(&ei->pages, index);

	if (page && !(page->flags & (EXT_PAGE_DIRTY | EXT_PAGE_MAPPED)))
		page = NULL;
	if (page) {
		page->flags &= (uint16_t)~EXT_PAGE_DIRTY;
		if (atomic_load(&page->refs) == 1) /* nobody maps it any more */
			page->flags &= (uint16_t)~EXT_PAGE_MAPPED;
		if (!page->flags)
			no_longer_dirty(ei);
		page_get(page);
	}
	spin_unlock(&ei->pages_lock, flags);
	return page;
}

static uint64_t next_page(struct ext_inode *ei, uint64_t index)
{
	unsigned long flags = spin_lock(&ei->pages_lock);

	index = page_tree_next(&ei->pages, index, false);
	spin_unlock(&ei->pages_lock, flags);
	return index;
}

/* The pages of a batch are held until it has been written. */
int ext_pages_write(struct ext_inode *ei)
{
	struct batch batch = { .ei = ei, .op = BLOCK_WRITE };
	struct page *held[AHEAD_MAX];
	unsigned count = 0;
	uint64_t index = 0;
	int err = 0;

	while (atomic_load(&ei->dirty_pages) && (index = next_page(ei, index)) != UINT64_MAX) {
		struct page *page = take_dirty(ei, index);

		if (page) {
			int one = batch_page(&batch, index, page_virt(page));

			err = err ?: one;
			held[count++] = page;
		}
		if (count == AHEAD_MAX) {
			batch_flush(&batch);
			while (count)
				page_put(held[--count]);
		}
		index++;
	}
	batch_flush(&batch);
	while (count)
		page_put(held[--count]);
	err = err ?: batch.err;
	if (err) {
		atomic_fetch_add(&ei->write_errors, 1);
		log_warning("%s: ext: inode %llu: what was written to it is lost (%s)", ei->fs->dev->name,
			    (unsigned long long)ei->inode.ino, errno_name(-err));
	}
	return err;
}

/* ---- files ---- */

static ssize_t file_read_pages(struct file *file, struct io *io, off_t *position)
{
	struct ext_inode *ei = ext_inode_of(file->inode);
	off_t offset = *position;
	ssize_t n = 0, total = 0;

	while (io->remaining) {
		off_t size = atomic_load(&ei->inode.size);
		uint64_t index = (uint64_t)offset / PAGE_SIZE;
		size_t at = (size_t)offset % PAGE_SIZE, len;
		struct page *page;
		unsigned ahead;

		if (offset >= size)
			break;
		len = min(PAGE_SIZE - at, (size_t)min((off_t)io->remaining, size - offset));
		ahead = index == ei->next_read
				? AHEAD_MAX
				: (unsigned)min((at + io->remaining + PAGE_SIZE - 1) / PAGE_SIZE, (size_t)AHEAD_MAX);
		n = ext_page_read(ei, index, ahead, &page);
		if (n)
			break;
		ei->next_read = index + 1;
		n = io_put(io, (char *)page_virt(page) + at, len);
		page_put(page);
		if (n > 0) {
			offset += n;
			total += n;
		}
		if (n != (ssize_t)len)
			break;
	}
	*position = offset;
	if (!total && n < 0)
		return n;
	if (!file->inode->sb->read_only) {
		struct timestamp before = file->inode->atime;

		inode_accessed(file->inode, file);
		if (file->inode->atime.sec != before.sec)
			ext_inode_changed(file->inode);
	}
	return total;
}

/* What a descriptor has heard of errors so far. */
static int file_open(struct file *file)
{
	file->data = (void *)(uintptr_t)atomic_load(&ext_inode_of(file->inode)->write_errors);
	return 0;
}

static int file_sync(struct file *file, bool data_only UNUSED)
{
	struct ext_inode *ei = ext_inode_of(file->inode);
	struct ext_fs *fs = ei->fs;
	uintptr_t errors;
	int err;

	mutex_lock(&fs->lock);
	err = ext_commit(fs);
	mutex_unlock(&fs->lock);
	/* Each descriptor is told once of each error, whoever met it. */
	errors = atomic_load(&ei->write_errors);
	if ((uintptr_t)file->data != errors) {
		file->data = (void *)errors;
		err = -EIO;
	}
	return err;
}

/* The next offset whose block is there, or is not. */
static off_t seek_content(struct file *file, off_t offset, bool hole)
{
	struct ext_inode *ei = ext_inode_of(file->inode);
	struct ext_fs *fs = ei->fs;
	off_t size = atomic_load(&ei->inode.size);
	uint64_t block = (uint64_t)offset >> fs->block_shift;
	int err = 0;

	if (offset < 0 || offset >= size)
		return -ENXIO;
	mutex_lock(&fs->lock);
	while (!err && (off_t)(block << fs->block_shift) < size) {
		struct ext_run run;

		if (block >= ext_map_limit(ei))
			run = (struct ext_run){ 0, UINT32_MAX, false };
		else
			err = ext_map(ei, (uint32_t)block, &run);
		if (!err && hole == (!run.start || run.unwritten))
			break;
		if (!err)
			block += run.len;
	}
	mutex_unlock(&fs->lock);
	if (err)
		return err;
	offset = max(offset, (off_t)(block << fs->block_shift));
	if (offset >= size) {
		if (!hole)
			return -ENXIO;
		offset = size;
	}
	return file_seek_to(file, offset, INT64_MAX);
}

static off_t file_seek_in(struct file *file, off_t offset, int whence)
{
	if (whence == SEEK_DATA || whence == SEEK_HOLE)
		return seek_content(file, offset, whence == SEEK_HOLE);
	return file_seek_size(file, offset, whence, file->inode->size);
}

/* A page that may be written through a mapping has its blocks from now on. */
static int make_blocks(struct ext_inode *ei, uint64_t index)
{
	unsigned per_page = PAGE_SIZE / ei->fs->block_size;
	uint64_t blocks = ((uint64_t)ei->inode.size + ei->fs->block_size - 1) >> ei->fs->block_shift;
	int err = ext_begin(ei->fs);

	if (err)
		return err;
	for (unsigned i = 0; !err && i < per_page && index * per_page + i < blocks; i++) {
		struct ext_run run;
		bool fresh;

		if (index * per_page + i >= ext_map_limit(ei))
			err = -EFBIG;
		else
			err = ext_map_create(ei, (uint32_t)(index * per_page + i), per_page - i, &run, &fresh);
	}
	use_pages(ei);
	ext_end(ei->fs);
	return err;
}

static int file_map_page(struct file *file, uint64_t index, bool create, struct page **page)
{
	struct ext_inode *ei = ext_inode_of(file->inode);
	int err;

	if (index >= (align_up((uint64_t)atomic_load(&ei->inode.size), PAGE_SIZE)) / PAGE_SIZE)
		return -EFAULT;
	err = ext_page_read(ei, index, AHEAD_MAX, page);
	if (err)
		return err == -ENOMEM ? err : -EFAULT;
	if (!create || !file_may_write(file))
		return 0;
	err = make_blocks(ei, index);
	if (err) {
		page_put(*page);
		*page = NULL;
		return err;
	}
	set_flag(ei, *page, EXT_PAGE_MAPPED);
	inode_touch(file->inode, TOUCH_MTIME | TOUCH_CTIME);
	ext_inode_changed(file->inode);
	return 0;
}

static int file_truncate(struct file *file, off_t size)
{
	return inode_truncate(file->inode, size);
}

const struct file_ops ext_file_fops = {
	.open = file_open,
	.read = file_read_pages,
	.write = ext_file_write,
	.seek = file_seek_in,
	.map_page = file_map_page,
	.truncate = file_truncate,
	.allocate = ext_file_allocate,
	.sync = file_sync,
};
