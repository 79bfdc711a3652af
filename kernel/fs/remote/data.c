/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Content of files on a file server. What is read comes into frames of our own, straight from the device, many at a
 * time where a file is read in order; and stays. What is written goes to the server at once, and into the frames that
 * are there. A frame that a program may write to through a mapping is sent when it has changed since it was last
 * looked at.
 */
#include "remotefs.h"

#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>

#define PAGE_INDEX(offset) ((uint64_t)(offset) >> PAGE_SHIFT)
#define PAGE_OFFSET(offset) ((size_t)(offset) & (PAGE_SIZE - 1))

#define PAGE_MAPPED 1u	/* page->flags: a mapping may write to it; page->owner is its sum */
#define BATCH 32	/* pages that are copied after one look */
#define MAP_AHEAD 16u

/* ---- frames ---- */

/* Of a frame's content: one that has another has changed. Not 0. */
static void *sum_of(const struct page *page)
{
	const uint64_t *word = page_virt(page);
	uint64_t sum = 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < PAGE_SIZE / sizeof(*word); i++) {
		sum = (sum ^ word[i]) * 0xff51afd7ed558ccd;
		sum ^= sum >> 29;
	}
	return (void *)(uintptr_t)(sum | 1);
}

static void set_mapped(struct page *page, bool mapped)
{
	snapshot_mark(page, sizeof(*page));
	page->flags = mapped ? PAGE_MAPPED : 0;
	page->owner = mapped ? sum_of(page) : NULL;
}

/* Under data_lock. */
static void count_pages(struct remote_inode *pi, long change)
{
	unsigned long flags = spin_lock(&pi->fs->lock);

	pi->page_count += (size_t)change;
	pi->fs->pages += (size_t)change;
	if (!pi->page_count)
		list_remove(&pi->cached);
	else if (list_empty(&pi->cached))
		list_append(&pi->fs->cached, &pi->cached);
	spin_unlock(&pi->fs->lock, flags);
}

/* Frames in a row, as many as can be had; *count: how many were wanted, and how many they are. NULL: not one. */
static struct page *alloc_run(unsigned *count)
{
	struct page *run = NULL;

	for (; *count && !(run = page_run_alloc(*count)); *count /= 2)
		;
	return run;
}

/* Pages from first on that nobody else holds; what a mapping may have changed stays. Under data_lock. */
static void drop_unused(struct remote_inode *pi)
{
	uint64_t index = page_tree_next(&pi->pages, 0, false);
	long dropped = 0;

	for (; index != UINT64_MAX; index = page_tree_next(&pi->pages, index + 1, false)) {
		struct page *page = page_tree_find(&pi->pages, index);

		if (!(page->flags & PAGE_MAPPED) && atomic_load(&page->refs) == 1)
			dropped += (long)page_tree_remove(&pi->pages, index, index);
	}
	if (dropped)
		count_pages(pi, -dropped);
}

void remote_data_forget(struct remote_inode *pi)
{
	mutex_lock(&pi->data_lock);
	drop_unused(pi);
	mutex_unlock(&pi->data_lock);
}

void remote_data_free(struct remote_inode *pi)
{
	if (pi->page_count)
		count_pages(pi, -(long)page_tree_remove(&pi->pages, 0, UINT64_MAX));
	remote_fid_put(pi->writer);
}

/* The one that has had pages for longest, which has them for shortest now; referenced. NULL. */
static struct remote_inode *next_cached(struct remote_fs *fs)
{
	unsigned long flags = spin_lock(&fs->lock);
	struct remote_inode *pi = NULL;

	if (!list_empty(&fs->cached)) {
		pi = list_first(&fs->cached, struct remote_inode, cached);
		list_remove(&pi->cached);
		list_append(&fs->cached, &pi->cached);
		/* It cannot be freed: its pages would have to go first, under this lock. But it may be about to be. */
		if (!remote_inode_try_get(pi))
			pi = NULL;
	}
	spin_unlock(&fs->lock, flags);
	return pi;
}

/* Files may have half of what would be free without them. No lock is held. */
static void trim(struct remote_fs *fs)
{
	for (unsigned tries = 64; tries && atomic_load(&fs->pages) > page_free_count(); tries--) {
		struct remote_inode *pi = next_cached(fs);

		if (!pi)
			return;
		remote_data_forget(pi);
		inode_put(&pi->inode);
	}
}

/* ---- reading ---- */

/* The rest of a page of which the server gave only a part; zeros at the end of the file. */
static int read_rest(struct remote_fid *fid, struct page *page, uint64_t start, uint32_t have)
{
	struct page *rest = page_alloc(0);
	int err = rest ? 0 : -ENOMEM;

	while (!err && have < PAGE_SIZE) {
		uint32_t bytes = (uint32_t)PAGE_SIZE - have;

		err = remote_protocol_of(fid)->read(fid, start + have, &rest, &bytes);
		if (err || !bytes)
			break;
		memcpy((char *)page_virt(page) + have, page_virt(rest), bytes);
		have += bytes;
	}
	memset((char *)page_virt(page) + have, 0, PAGE_SIZE - have);
	if (rest)
		page_put(rest);
	return err;
}

/* How many pages from index on are to be read: none that is there already, none beyond the end. */
static unsigned pages_to_fill(const struct remote_inode *pi, const struct remote_handle *handle, uint64_t index,
			      unsigned wanted)
{
	uint64_t end = PAGE_INDEX(align_up((uint64_t)atomic_load(&pi->inode.size), PAGE_SIZE));
	uint64_t next = min(page_tree_next(&pi->pages, index, false), end);

	if (next <= index) /* it has been cut meanwhile */
		return 0;
	return (unsigned)min(next - index, (uint64_t)min(wanted, handle->io_max / (unsigned)PAGE_SIZE));
}

/* Frames that were filled become the file's. @return how many did; the others are given up */
static unsigned keep_run(struct remote_inode *pi, uint64_t index, struct page *run, unsigned filled, unsigned count)
{
	unsigned kept = 0;

	while (kept < filled && !page_tree_insert(&pi->pages, index + kept, &run[kept]))
		kept++;
	if (kept)
		count_pages(pi, kept);
	remote_frames_put(&run[kept], count - kept);
	return kept;
}

/* Reads pages that are not there, index first, unless the file ends before. Under data_lock. */
static int fill(struct remote_inode *pi, const struct remote_handle *handle, uint64_t index, unsigned wanted)
{
	unsigned count = pages_to_fill(pi, handle, index, wanted), filled;
	struct page *run, *pages[REMOTE_IO_PAGES];
	uint32_t bytes, rest;
	int err;

	if (!count)
		return 0;
	run = alloc_run(&count);
	if (!run)
		return -ENOMEM;
	bytes = count * (uint32_t)PAGE_SIZE;
	for (unsigned i = 0; i < count; i++)
		pages[i] = &run[i];
	err = remote_protocol_of(handle->fid)->read(handle->fid, index << PAGE_SHIFT, pages, &bytes);
	if (err) {
		remote_frames_put(run, count);
		return err;
	}
	filled = bytes / (uint32_t)PAGE_SIZE;
	rest = bytes % (uint32_t)PAGE_SIZE;
	if (filled < count && (rest || !filled))
		err = read_rest(handle->fid, &run[filled], (index + filled) << PAGE_SHIFT, rest), filled++;
	if (err)
		filled = 0;
	return keep_run(pi, index, run, filled, count) ? 0 : err ?: -ENOMEM;
}

/* Up to BATCH pages from index on, referenced. @return how many, or an error */
static int get_pages(struct remote_inode *pi, const struct remote_handle *handle, uint64_t index, unsigned wanted,
		     struct page *pages[BATCH])
{
	int count = 0, err = 0;

	mutex_lock(&pi->data_lock);
	if (!page_tree_find(&pi->pages, index))
		err = fill(pi, handle, index, wanted);
	for (; !err && count < BATCH; count++) {
		pages[count] = page_tree_find(&pi->pages, index + (unsigned)count);
		if (!pages[count])
			break;
		page_get(pages[count]);
	}
	mutex_unlock(&pi->data_lock);
	return err ? err : count;
}

/* Copies from pages that begin with the one of offset; how many bytes, fewer than *len after a fault. */
static ssize_t copy_out(struct page *const *pages, unsigned count, off_t offset, size_t len, struct io *io)
{
	ssize_t total = 0, n = 0;

	for (unsigned i = 0; i < count && len; i++) {
		size_t at = PAGE_OFFSET(offset + total), part = min(PAGE_SIZE - at, len);

		n = io_put(io, (const char *)page_virt(pages[i]) + at, part);
		if (n > 0) {
			total += n;
			len -= (size_t)n;
		}
		if (n != (ssize_t)part)
			break;
	}
	return total ? total : n;
}

/* As much as this read needs, and more where the last one ended here. */
static unsigned read_window(struct remote_handle *handle, off_t offset, size_t len)
{
	unsigned needed = (unsigned)min(PAGE_INDEX(PAGE_OFFSET(offset) + len + PAGE_SIZE - 1),
					(uint64_t)REMOTE_IO_PAGES);

	if (handle->next == (uint64_t)offset)
		handle->window = min(handle->window * 2, (unsigned)REMOTE_IO_PAGES);
	else
		handle->window = REMOTE_READ_AHEAD_MIN;
	return max(needed, handle->window);
}

ssize_t remote_data_read(struct file *file, struct io *io, off_t *position)
{
	struct remote_inode *pi = remote_of(file->inode);
	struct remote_handle *handle = file->data;
	unsigned window = read_window(handle, *position, io->remaining);
	ssize_t total = 0, n = 0;

	trim(pi->fs);
	while (io->remaining) {
		off_t size = atomic_load(&pi->inode.size), left = size - *position;
		struct page *pages[BATCH];
		size_t len;
		int count;

		if (left <= 0)
			break;
		count = get_pages(pi, handle, PAGE_INDEX(*position), window, pages);
		if (count <= 0) {
			n = count;
			break;
		}
		len = min(io->remaining, (size_t)count * PAGE_SIZE - PAGE_OFFSET(*position));
		len = (size_t)min((off_t)len, left);
		n = copy_out(pages, (unsigned)count, *position, len, io);
		for (int i = 0; i < count; i++)
			page_put(pages[i]);
		if (n > 0) {
			*position += n;
			total += n;
		}
		if (n != (ssize_t)len)
			break;
	}
	handle->next = (uint64_t)*position;
	return total ? total : n;
}

/* ---- writing ---- */

/* Clears [from, end of its page), if that page is there. */
static void clear_tail(struct remote_inode *pi, off_t from)
{
	struct page *page = PAGE_OFFSET(from) ? page_tree_find(&pi->pages, PAGE_INDEX(from)) : NULL;

	if (page)
		memset((char *)page_virt(page) + PAGE_OFFSET(from), 0, PAGE_SIZE - PAGE_OFFSET(from));
}

/* What has been written, where the file's frames show it. Under data_lock. */
static void update(struct remote_inode *pi, off_t offset, const char *bytes, size_t len)
{
	while (len) {
		size_t at = PAGE_OFFSET(offset), part = min(PAGE_SIZE - at, len);
		struct page *page = page_tree_find(&pi->pages, PAGE_INDEX(offset));

		if (page)
			memcpy((char *)page_virt(page) + at, bytes, part);
		offset += (off_t)part;
		bytes += part;
		len -= part;
	}
}

/* Sends a frames' worth. @return bytes */
static ssize_t write_part(struct remote_inode *pi, struct remote_handle *handle, off_t offset, struct page *run,
			  unsigned count, uint32_t len)
{
	struct page *pages[REMOTE_IO_PAGES];
	off_t old_size = pi->inode.size;
	int err;

	for (unsigned i = 0; i < count; i++)
		pages[i] = &run[i];
	mutex_lock(&pi->data_lock);
	err = remote_protocol_of(handle->fid)->write(handle->fid, (uint64_t)offset, pages, &len, false);
	if (!err && pi->page_count) {
		if (offset > old_size)
			clear_tail(pi, old_size);
		update(pi, offset, page_virt(run), len);
	}
	mutex_unlock(&pi->data_lock);
	if (err)
		return err;
	pi->written = true;
	pi->asked_ns = 0;
	if (offset + (off_t)len > old_size)
		atomic_store(&pi->inode.size, offset + (off_t)len);
	return len;
}

ssize_t remote_data_write(struct file *file, struct io *io, off_t *position)
{
	struct remote_inode *pi = remote_of(file->inode);
	struct remote_handle *handle = file->data;
	unsigned count = (unsigned)min(align_up(io->remaining, PAGE_SIZE), (size_t)handle->io_max) / PAGE_SIZE;
	struct page *run = alloc_run(&count);
	ssize_t total = 0, n = 0;

	if (!run)
		return -ENOMEM;
	while (io->remaining) {
		ssize_t len = io_get(io, page_virt(run), min(io->remaining, (size_t)count * PAGE_SIZE));

		n = len <= 0 ? len : write_part(pi, handle, *position, run, count, (uint32_t)len);
		if (len > 0 && n != len)
			io_revert(io, (size_t)(len - max(n, (ssize_t)0)));
		if (n <= 0)
			break;
		*position += n;
		total += n;
		if (n != len)
			break;
	}
	remote_frames_put(run, count);
	return total ? total : n;
}

/* ---- mappings ---- */

int remote_data_map(struct file *file, uint64_t index, bool create, struct page **out)
{
	struct remote_inode *pi = remote_of(file->inode);
	struct remote_handle *handle = file->data;
	struct page *page;
	int err = 0;

	if (index >= PAGE_INDEX(align_up((uint64_t)atomic_load(&pi->inode.size), PAGE_SIZE)))
		return -EFAULT;
	mutex_lock(&pi->data_lock);
	page = page_tree_find(&pi->pages, index);
	if (!page)
		err = fill(pi, handle, index, MAP_AHEAD);
	if (!err && !page)
		page = page_tree_find(&pi->pages, index);
	if (page && create && file_may_write(file)) {
		if (!pi->writer)
			pi->writer = remote_fid_get(handle->fid);
		if (!(page->flags & PAGE_MAPPED))
			set_mapped(page, true);
	}
	*out = page ? page_get(page) : NULL;
	mutex_unlock(&pi->data_lock);
	return page ? 0 : err ?: -EFAULT;
}

/* A row of frames that have changed. */
struct row {
	struct page *pages[REMOTE_IO_PAGES];
	unsigned count, max;
	uint64_t index;
};

static int write_row(struct remote_inode *pi, struct row *row, bool must)
{
	uint64_t offset = row->index << PAGE_SHIFT, size = (uint64_t)atomic_load(&pi->inode.size);
	uint32_t bytes = (uint32_t)min((uint64_t)row->count * PAGE_SIZE, size > offset ? size - offset : 0);
	unsigned first = 0;
	int err = 0;

	while (!err && bytes) {
		uint32_t moved = bytes;

		err = remote_protocol_of(pi->writer)->write(pi->writer, offset, row->pages + first, &moved, must);
		/* Only whole frames can be sent again from their beginning; a server that takes less is odd enough. */
		if (!err && moved < bytes && moved % PAGE_SIZE)
			err = -EIO;
		if (!err && !moved)
			err = -EIO;
		first += moved / (unsigned)PAGE_SIZE;
		offset += moved;
		bytes -= moved;
	}
	if (err) /* they have not been written: whatever they hold is new */
		for (unsigned i = 0; i < row->count; i++)
			row->pages[i]->owner = NULL;
	else
		pi->asked_ns = 0;
	row->count = 0;
	return err;
}

static int flush_pages(struct remote_inode *pi, bool must)
{
	struct row *row = heap_alloc(sizeof(*row));
	uint64_t index = page_tree_next(&pi->pages, 0, false);
	int first_err = 0, err = 0;

	if (!row)
		return -ENOMEM;
	row->count = 0;
	/* They need not lie beside each other in memory. */
	row->max = min(pi->fs->client->channel->max_spans - 3, pi->fs->client->io_max / (unsigned)PAGE_SIZE);
	for (; index != UINT64_MAX; index = page_tree_next(&pi->pages, index + 1, false)) {
		struct page *page = page_tree_find(&pi->pages, index);
		void *sum = page->flags & PAGE_MAPPED ? sum_of(page) : page->owner;

		if (row->count && (row->count == row->max || index != row->index + row->count))
			err = write_row(pi, row, must);
		first_err = first_err ?: err;
		if (sum == page->owner)
			continue;
		page->owner = sum; /* before it is sent: what is written to it meanwhile makes it another */
		if (!row->count)
			row->index = index;
		row->pages[row->count++] = page;
	}
	if (row->count)
		err = write_row(pi, row, must);
	heap_free(row);
	return first_err ?: err;
}

/* No mapping can write any more, and all is sent. */
static void forget_mapped(struct remote_inode *pi)
{
	uint64_t index = page_tree_next(&pi->pages, 0, false);

	for (; index != UINT64_MAX; index = page_tree_next(&pi->pages, index + 1, false)) {
		struct page *page = page_tree_find(&pi->pages, index);

		if (page->flags & PAGE_MAPPED)
			set_mapped(page, false);
	}
	remote_fid_put(pi->writer);
	pi->writer = NULL;
}

int remote_data_flush(struct remote_inode *pi, bool must)
{
	int err = 0;

	mutex_lock(&pi->data_lock);
	if (pi->writer) {
		err = flush_pages(pi, must);
		if (!err && !atomic_load(&pi->writable_mappings))
			forget_mapped(pi);
	}
	mutex_unlock(&pi->data_lock);
	return err;
}

/* ---- another size ---- */

void remote_data_resized(struct remote_inode *pi, off_t old_size, off_t size)
{
	uint64_t end = min(align_up((uint64_t)size, PAGE_SIZE), (uint64_t)INT64_MAX);
	size_t dropped;

	mutex_lock(&pi->data_lock);
	if (pi->page_count) {
		clear_tail(pi, min(old_size, size));
		dropped = size < old_size ? page_tree_remove(&pi->pages, PAGE_INDEX(end), UINT64_MAX) : 0;
		if (dropped)
			count_pages(pi, -(long)dropped);
	}
	mutex_unlock(&pi->data_lock);
	if (size < old_size)
		aspace_forget_file(&pi->inode, end, UINT64_MAX, true);
}
