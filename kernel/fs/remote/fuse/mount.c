/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file system "virtiofs": mount(2) with a tag as source, as Linux has it. There are no options.
 */
#include "../remotefs.h"
#include "client.h"

#include <kernel/errno.h>

#define FUSE_MAGIC 0x65735546

static int fuse_mount(struct superblock *sb, const char *options)
{
	struct remote_client *client;
	struct fuse_fid *root;
	int err = *options || !sb->source ? -EINVAL : fuse_client_create(sb->source, &client);

	if (err)
		return err;
	root = fuse_node_create(client);
	if (!root) {
		fuse_client_destroy(client);
		return -ENOMEM;
	}
	root->node = FUSE_ROOT;
	return remote_mount(sb, client, &root->fid);
}

static const struct filesystem virtiofs = {
	.name = "virtiofs",
	.magic = FUSE_MAGIC,
	.mount = fuse_mount,
	.blocks = remote_blocks,
};
FILESYSTEM(virtiofs);
