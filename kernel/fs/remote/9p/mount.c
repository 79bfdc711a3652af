/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file system "9p": mount(2) with a mount tag as source and Linux's options as far as they mean something here:
 * trans=virtio, version=9p2000.L, msize=N, aname=PATH.
 */
#include "../remotefs.h"
#include "client.h"

#include <kernel/errno.h>
#include <kernel/parse.h>
#include <kernel/string.h>

#define V9FS_MAGIC 0x01021997
#define ANAME_MAX 256

struct options {
	uint32_t msize;
	char aname[ANAME_MAX];
};

/* ---- options ---- */

static bool is(const char *word, size_t len, const char *name)
{
	return len == strlen(name) && !memcmp(word, name, len);
}

static int parse_msize(const char *text, size_t len, uint32_t *msize)
{
	char digits[16];
	uint64_t value;

	if (len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, len);
	digits[len] = 0;
	if (parse_size(digits, &value) || value < P9_MSIZE_MIN)
		return -EINVAL;
	*msize = (uint32_t)min(value, (uint64_t)P9_MSIZE_MAX);
	return 0;
}

static int apply_option(void *arg, const char *word, size_t len)
{
	struct options *o = arg;
	const char *equals = memchr(word, '=', len), *value = equals ? equals + 1 : word + len;
	size_t name_len = equals ? (size_t)(equals - word) : len, value_len = (size_t)(word + len - value);

	if (is(word, name_len, "trans"))
		return is(value, value_len, "virtio") ? 0 : -EINVAL;
	if (is(word, name_len, "version"))
		return is(value, value_len, "9p2000.L") ? 0 : -EINVAL;
	if (is(word, name_len, "msize"))
		return parse_msize(value, value_len, &o->msize);
	if (!is(word, name_len, "aname") || value_len >= ANAME_MAX)
		return -EINVAL;
	memcpy(o->aname, value, value_len);
	o->aname[value_len] = 0;
	return 0;
}

static int p9_mount(struct superblock *sb, const char *text)
{
	struct options options = { .msize = P9_MSIZE_MAX };
	struct remote_client *client;
	struct remote_fid *root;
	int err = remote_each_option(text, apply_option, &options);

	if (!err && !sb->source)
		err = -EINVAL;
	if (!err)
		err = p9_client_create(sb->source, options.msize, &client);
	if (err)
		return err;
	err = p9_attach(client, options.aname, &root);
	if (!err)
		return remote_mount(sb, client, root);
	p9_client_destroy(client);
	return err;
}

static const struct filesystem p9 = {
	.name = "9p",
	.magic = V9FS_MAGIC,
	.mount = p9_mount,
	.blocks = remote_blocks,
};
FILESYSTEM(p9);
