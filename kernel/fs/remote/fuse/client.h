/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client of one FUSE server: its messages' form (kernel/fs/remote/call.h), nodes, and open files. The protocol is
 * that of Linux's fuse(4), version 7.31; structures are written down where they are put and got. All of it is
 * little-endian here, as the machine is.
 *
 * A node is what the server knows a file by. Each message that tells of one counts (its "lookup count"), and each node
 * of ours is one such count, which a FORGET gives back. An open file has a number of its own, and holds its node. What
 * the answer to a killed thread's message tells of is the server's until the volume is unmounted.
 */
#pragma once

#include "../call.h"
#include "../protocol.h"

enum {
	FUSE_LOOKUP = 1,
	FUSE_FORGET = 2,
	FUSE_GETATTR = 3,
	FUSE_SETATTR = 4,
	FUSE_READLINK = 5,
	FUSE_SYMLINK = 6,
	FUSE_MKNOD = 8,
	FUSE_MKDIR = 9,
	FUSE_UNLINK = 10,
	FUSE_RMDIR = 11,
	FUSE_RENAME = 12,
	FUSE_LINK = 13,
	FUSE_OPEN = 14,
	FUSE_READ = 15,
	FUSE_WRITE = 16,
	FUSE_STATFS = 17,
	FUSE_RELEASE = 18,
	FUSE_FSYNC = 20,
	FUSE_SETXATTR = 21,
	FUSE_GETXATTR = 22,
	FUSE_LISTXATTR = 23,
	FUSE_REMOVEXATTR = 24,
	FUSE_FLUSH = 25,
	FUSE_INIT = 26,
	FUSE_OPENDIR = 27,
	FUSE_READDIR = 28,
	FUSE_RELEASEDIR = 29,
	FUSE_FSYNCDIR = 30,
	FUSE_CREATE = 35,
	FUSE_DESTROY = 38,
	FUSE_RENAME2 = 45,
};

#define FUSE_ROOT 1u

struct fuse_fid {
	struct remote_fid fid;		/* must be first */
	uint64_t node;
	/* Of an open file: */
	struct remote_fid *of;		/* its node, referenced; NULL: it is a node */
	uint64_t handle;
	unsigned flags;
	bool directory;
};

struct fuse_call {
	struct remote_call call;	/* must be first */
	uint64_t unique, node;
};

struct fuse_client {
	struct remote_client client;	/* must be first */
	uint64_t unique;		/* atomic: of the latest message */
	bool no_flush;			/* the server does not know that message */
};

static inline struct fuse_fid *fuse_fid_of(const struct remote_fid *fid)
{
	return container_of((struct remote_fid *)fid, struct fuse_fid, fid);
}
static inline struct fuse_client *fuse_client_of(struct remote_client *client)
{
	return container_of(client, struct fuse_client, client);
}

extern const struct remote_protocol fuse_protocol;

/* Takes the channel of that tag and agrees on a version. -ENOENT, -EBUSY, -EPROTONOSUPPORT, -EIO, -ENOMEM. */
int fuse_client_create(const char *tag, struct remote_client **out);
/* All nodes have been given back. */
void fuse_client_destroy(struct remote_client *client);

/* A message about a file. */
int fuse_call_begin(struct remote_fid *fid, uint32_t opcode, struct remote_call **out) MUST_CHECK;
/* Bytes, and a NUL behind them. */
void fuse_put_name(struct remote_call *call, const char *name, size_t len);
/* Sends what has been put, and lets an answer without content go. */
int fuse_run_simple(struct remote_call *call);

/* A node that the server has not told of yet; NULL. */
struct fuse_fid *fuse_node_create(struct remote_client *client);
/* It never has. */
void fuse_node_abandon(struct fuse_fid *node);
/* Takes an answer's node, which the server counts from now on. -ENOENT: a LOOKUP found none; -EIO: it cannot be. */
int fuse_get_node(struct remote_call *call, struct fuse_fid *node, struct remote_attributes *attributes);
/* The last reference is gone. Does not wait for the server. */
void fuse_fid_free(struct remote_fid *fid);

/* ---- names.c ---- */

int fuse_walk(struct remote_fid *dir, const char *name, size_t len, struct remote_fid **out,
	      struct remote_attributes *attributes);
int fuse_getattr(struct remote_fid *fid, struct remote_attributes *attributes);
int fuse_setattr(struct remote_fid *fid, const struct inode_change *change);
int fuse_statfs(struct remote_fid *fid, struct remote_statfs *statfs);
int fuse_readlink(struct remote_fid *fid, char **target);
int fuse_mkdir(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted);
int fuse_mknod(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted);
int fuse_symlink(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted);
int fuse_link(struct remote_fid *dir, struct remote_fid *fid, const char *name, size_t len);
int fuse_rename(struct remote_fid *from, const char *name, size_t len, struct remote_fid *to, const char *new_name,
		size_t new_len, unsigned flags);
int fuse_unlink(struct remote_fid *dir, const char *name, size_t len, bool directory);

/* ---- xattr.c ---- */

int fuse_xattr_set(struct remote_fid *fid, const char *name, const void *value, size_t size, unsigned flags);
ssize_t fuse_xattr_get(struct remote_fid *fid, const char *name, void *buf, size_t size);
ssize_t fuse_xattr_list(struct remote_fid *fid, void *buf, size_t size);
int fuse_xattr_remove(struct remote_fid *fid, const char *name);
