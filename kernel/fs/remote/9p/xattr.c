/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended attributes: the server's own. A value is read from a fid that was walked to, and set by what was written to
 * a fid when it is given back. An empty value means none to that protocol, so it cannot be set.
 */
#include "xattr.h"

#include "client.h"

#include <kernel/abi/xattr.h>
#include <kernel/errno.h>
#include <kernel/string.h>

#define RUN_PAGES (XATTR_SIZE_MAX / PAGE_SIZE)

/* ---- messages ---- */

/* A fid from which the value can be read, or with name "" the list of all names; and their size. */
static int xattr_walk(struct remote_fid *fid, const char *name, struct remote_fid **out, uint64_t *size)
{
	struct p9_fid *value = p9_fid_create(fid->client);
	struct remote_call *call;
	int err;

	if (!value)
		return -ENOMEM;
	err = remote_call_begin(fid->client, P9_TXATTRWALK, &call);
	if (!err) {
		remote_put32(call, p9_number(fid));
		remote_put32(call, value->number);
		p9_put_string(call, name, strlen(name));
		err = remote_call_run(call);
		if (!err)
			*size = remote_get64(call);
		err = remote_call_end(call, err);
	}
	if (err)
		p9_fid_abandon(value, err);
	else
		*out = &value->fid;
	return err;
}

/* The fid becomes one to which that many bytes are to be written; the value is set when it is given back. */
static int xattr_create(struct remote_fid *fid, const char *name, uint64_t size, unsigned flags)
{
	struct remote_call *call;
	int err = remote_call_begin(fid->client, P9_TXATTRCREATE, &call);

	if (err)
		return err;
	remote_put32(call, p9_number(fid));
	p9_put_string(call, name, strlen(name));
	remote_put64(call, size);
	remote_put32(call, flags);
	return remote_call_end(call, remote_call_run(call));
}

/* The fid is gone whatever is said: what it was about may not have been done. */
static int clunk(struct remote_fid *fid)
{
	struct remote_call *call;
	int err = remote_call_begin(fid->client, P9_TCLUNK, &call);

	if (!err) {
		remote_put32(call, p9_number(fid));
		err = remote_call_end(call, remote_call_run(call));
	}
	p9_fid_abandon(container_of(fid, struct p9_fid, fid), -EINTR);
	return err;
}

/* ---- values ---- */

static uint32_t part_max(const struct remote_fid *fid)
{
	return align_down(min(fid->client->io_max, (uint32_t)XATTR_SIZE_MAX), (uint32_t)PAGE_SIZE);
}

static int read_all(struct remote_fid *fid, char *buf, size_t size)
{
	unsigned count = RUN_PAGES;
	struct page *run = page_run_alloc(count), *pages[RUN_PAGES];
	size_t have = 0;
	int err = run ? 0 : -ENOMEM;

	for (unsigned i = 0; run && i < count; i++)
		pages[i] = &run[i];
	while (!err && have < size) {
		uint32_t bytes = (uint32_t)min(size - have, (size_t)part_max(fid));

		err = p9_protocol.read(fid, have, pages, &bytes);
		if (!err && !bytes)
			err = remote_offence(fid->client, "an attribute that is shorter than it was");
		if (!err)
			memcpy(buf + have, page_virt(run), bytes);
		have += bytes;
	}
	if (run)
		remote_frames_put(run, count);
	return err;
}

/* A value, or for name "" the list. */
static ssize_t get_value(struct remote_fid *file, const char *name, void *buf, size_t size)
{
	struct remote_fid *fid;
	uint64_t len = 0;
	int err = xattr_walk(file, name, &fid, &len);

	if (err)
		return err;
	if (len > XATTR_SIZE_MAX)
		err = remote_offence(fid->client, "an attribute that is too long");
	else if (size && size < len)
		err = -ERANGE;
	else if (size)
		err = read_all(fid, buf, (size_t)len);
	remote_fid_put(fid);
	return err ? err : (ssize_t)len;
}

ssize_t p9_xattr_get(struct remote_fid *fid, const char *name, void *buf, size_t size)
{
	return get_value(fid, name, buf, size);
}

ssize_t p9_xattr_list(struct remote_fid *fid, void *buf, size_t size)
{
	ssize_t n = get_value(fid, "", buf, size);

	if (n > 0 && size && ((char *)buf)[n - 1])
		return remote_offence(fid->client, "a list of attributes that does not end");
	return n;
}

/* Writes the value to a fid that takes that much. */
static int write_all(struct remote_fid *fid, const char *value, size_t size)
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
		err = p9_protocol.write(fid, done, pages, &bytes, false);
		if (!err && !bytes)
			err = -EIO;
		done += bytes;
	}
	if (run)
		remote_frames_put(run, count);
	return err;
}

static int set_value(struct remote_fid *file, const char *name, const void *value, size_t size, unsigned flags)
{
	struct remote_fid *fid;
	int err = p9_walk(file, NULL, 0, &fid), ended;

	if (err)
		return err;
	err = xattr_create(fid, name, size, flags);
	if (!err && size)
		err = write_all(fid, value, size);
	ended = clunk(fid);
	return err ? err : ended;
}

int p9_xattr_set(struct remote_fid *fid, const char *name, const void *value, size_t size, unsigned flags)
{
	return size ? set_value(fid, name, value, size, flags) : -EOPNOTSUPP;
}

int p9_xattr_remove(struct remote_fid *fid, const char *name)
{
	return set_value(fid, name, NULL, 0, XATTR_REPLACE);
}
