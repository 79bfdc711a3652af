/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended attributes: the server's own. One that has none says that it does not know the message.
 */
#include "client.h"

#include <kernel/abi/xattr.h>
#include <kernel/errno.h>
#include <kernel/string.h>

#define RUN_PAGES (XATTR_SIZE_MAX / PAGE_SIZE)

static int no_xattr(int err)
{
	return err == -ENOSYS ? -EOPNOTSUPP : err;
}

static struct page *run_alloc(struct page *pages[RUN_PAGES])
{
	struct page *run = page_run_alloc(RUN_PAGES);

	for (unsigned i = 0; run && i < RUN_PAGES; i++)
		pages[i] = &run[i];
	return run;
}

/* size[4] flags[4] name value */
int fuse_xattr_set(struct remote_fid *fid, const char *name, const void *value, size_t size, unsigned flags)
{
	struct page *pages[RUN_PAGES], *run = run_alloc(pages);
	struct remote_call *call;
	int err = run ? fuse_call_begin(fid, FUSE_SETXATTR, &call) : -ENOMEM;

	if (!err) {
		remote_put32(call, (uint32_t)size);
		remote_put32(call, flags);
		fuse_put_name(call, name, strlen(name));
		memcpy(page_virt(run), value, size);
		remote_call_pages(call, pages, (uint32_t)size, true);
		err = fuse_run_simple(call);
	}
	if (run)
		remote_frames_put(run, RUN_PAGES);
	return no_xattr(err);
}

/* How long it is: size[4] padding[4] name, where size is 0; size[4] padding[4]. name NULL: the list */
static ssize_t ask_size(struct remote_fid *fid, const char *name)
{
	struct remote_call *call;
	uint32_t len = 0;
	int err = fuse_call_begin(fid, name ? FUSE_GETXATTR : FUSE_LISTXATTR, &call);

	if (err)
		return err;
	remote_put64(call, 0);
	if (name)
		fuse_put_name(call, name, strlen(name));
	err = remote_call_run(call);
	if (!err)
		len = remote_get32(call);
	err = remote_call_end(call, err);
	if (!err && len > XATTR_SIZE_MAX)
		err = remote_offence(fid->client, "an attribute that is too long");
	return err ? no_xattr(err) : (ssize_t)len;
}

static ssize_t get_value(struct remote_fid *fid, const char *name, void *buf, size_t size)
{
	struct page *pages[RUN_PAGES], *run;
	struct remote_call *call;
	uint32_t len = 0;
	int err;

	if (!size)
		return ask_size(fid, name);
	run = run_alloc(pages);
	err = run ? fuse_call_begin(fid, name ? FUSE_GETXATTR : FUSE_LISTXATTR, &call) : -ENOMEM;
	if (!err) {
		size = min(size, (size_t)XATTR_SIZE_MAX);
		remote_put64(call, size);
		if (name)
			fuse_put_name(call, name, strlen(name));
		remote_call_pages(call, pages, (uint32_t)size, false);
		err = remote_call_run(call);
		len = call->page_bytes;
		err = remote_call_end(call, err);
	}
	if (!err)
		memcpy(buf, page_virt(run), len);
	if (run)
		remote_frames_put(run, RUN_PAGES);
	return err ? no_xattr(err) : (ssize_t)len;
}

ssize_t fuse_xattr_get(struct remote_fid *fid, const char *name, void *buf, size_t size)
{
	return get_value(fid, name, buf, size);
}

ssize_t fuse_xattr_list(struct remote_fid *fid, void *buf, size_t size)
{
	ssize_t n = get_value(fid, NULL, buf, size);

	if (n > 0 && size && ((char *)buf)[n - 1])
		return remote_offence(fid->client, "a list of attributes that does not end");
	return n;
}

int fuse_xattr_remove(struct remote_fid *fid, const char *name)
{
	struct remote_call *call;
	int err = fuse_call_begin(fid, FUSE_REMOVEXATTR, &call);

	if (err)
		return err;
	fuse_put_name(call, name, strlen(name));
	return no_xattr(fuse_run_simple(call));
}
