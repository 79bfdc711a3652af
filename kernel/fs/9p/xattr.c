/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended attributes: the server's own. A value is read from a fid that was walked to, and set by what was written to
 * a fid when it is given back. An empty value means none to that protocol, so it cannot be set.
 */
#include "p9fs.h"

#include <kernel/abi/xattr.h>
#include <kernel/errno.h>
#include <kernel/string.h>

#define RUN_PAGES (XATTR_SIZE_MAX / PAGE_SIZE)

static uint32_t part_max(const struct p9_fid *fid)
{
	return align_down(min(fid->client->msize - P9_HEAD, (uint32_t)XATTR_SIZE_MAX), (uint32_t)PAGE_SIZE);
}

static int read_all(struct p9_fid *fid, char *buf, size_t size)
{
	unsigned count = RUN_PAGES;
	struct page *run = page_run_alloc(count), *pages[RUN_PAGES];
	size_t have = 0;
	int err = run ? 0 : -ENOMEM;

	for (unsigned i = 0; run && i < count; i++)
		pages[i] = &run[i];
	while (!err && have < size) {
		uint32_t bytes = (uint32_t)min(size - have, (size_t)part_max(fid));

		err = p9_read(fid, have, pages, &bytes);
		if (!err && !bytes)
			err = p9_offence(fid->client, "an attribute that is shorter than it was");
		if (!err)
			memcpy(buf + have, page_virt(run), bytes);
		have += bytes;
	}
	if (run)
		p9_frames_put(run, count);
	return err;
}

/* A value, or for name "" the list. */
static ssize_t get_value(struct inode *inode, const char *name, void *buf, size_t size)
{
	struct p9_fid *file = p9_inode_fid(p9_of(inode)), *fid;
	uint64_t len = 0;
	int err = p9_xattr_walk(file, name, &fid, &len);

	p9_fid_put(file);
	if (err)
		return err;
	if (len > XATTR_SIZE_MAX)
		err = p9_offence(fid->client, "an attribute that is too long");
	else if (size && size < len)
		err = -ERANGE;
	else if (size)
		err = read_all(fid, buf, (size_t)len);
	p9_fid_put(fid);
	return err ? err : (ssize_t)len;
}

ssize_t p9_xattr_get(struct inode *inode, const char *name, void *buf, size_t size)
{
	return get_value(inode, name, buf, size);
}

ssize_t p9_xattr_list(struct inode *inode, void *buf, size_t size)
{
	ssize_t n = get_value(inode, "", buf, size);

	if (n > 0 && size && ((char *)buf)[n - 1])
		return p9_offence(p9_fs_of(inode)->client, "a list of attributes that does not end");
	return n;
}

/* Writes the value to a fid that takes that much. */
static int write_all(struct p9_fid *fid, const char *value, size_t size)
{
	unsigned count = RUN_PAGES;
	struct page *run = page_run_alloc(count), *pages[RUN_PAGES];
	size_t done = 0;
	int err = run ? 0 : -ENOMEM;

	for (unsigned i = 0; run && i < count; i++)
		pages[i] = &run[i];
	while (!err && done < size) {
		uint32_t bytes = (uint32_t)min(size - done, (size_t)part_max(fid));

		memcpy(page_virt(run), value + done, bytes);
		err = p9_write(fid, done, pages, &bytes, false);
		if (!err && !bytes)
			err = -EIO;
		done += bytes;
	}
	if (run)
		p9_frames_put(run, count);
	return err;
}

static int set_value(struct inode *inode, const char *name, const void *value, size_t size, unsigned flags)
{
	struct p9_fid *file = p9_inode_fid(p9_of(inode)), *fid;
	int err = p9_walk(file, NULL, 0, &fid, NULL), ended;

	p9_fid_put(file);
	if (err)
		return err;
	err = p9_xattr_create(fid, name, size, flags);
	if (!err && size)
		err = write_all(fid, value, size);
	ended = p9_clunk(fid);
	p9_of(inode)->asked_ns = 0;
	return err ? err : ended;
}

int p9_xattr_set(struct inode *inode, const char *name, const void *value, size_t size, unsigned flags)
{
	return size ? set_value(inode, name, value, size, flags) : -EOPNOTSUPP;
}

int p9_xattr_remove(struct inode *inode, const char *name)
{
	return set_value(inode, name, NULL, 0, XATTR_REPLACE);
}
