/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the remote file system asks of a server, whatever the protocol: one function a message, or a few. All sleep; 0
 * or -errno: the server's, or -EIO for one that is broken, -EINTR when the thread was killed, -ENOMEM.
 */
#pragma once

#include "call.h"

#include <kernel/atomic.h>
#include <kernel/vfs.h>

/* A file as the server knows it, or one that is open there; a protocol's own follows it. */
struct remote_fid {
	struct remote_client *client;
	unsigned refs;		/* atomic */
};

/* What a server says of a file, checked: times are times, the size is no less than 0, the mode has a kind. */
struct remote_attributes {
	uint64_t number;	/* which file it is, while it is known */
	uint64_t ino;		/* what programs are told */
	uint32_t version;	/* another one: the content is another */
	unsigned mode;
	uint32_t uid, gid, nlink, rdev;
	off_t size;
	uint64_t blocks;	/* of 512 bytes */
	struct timestamp atime, mtime, ctime, btime;
};

struct remote_statfs {
	uint32_t block_size;
	uint64_t blocks, blocks_free, files, files_free;
};

struct remote_entry {
	uint64_t ino, next;	/* next: where what follows it begins */
	unsigned type;
	char name[NAME_MAX];
	size_t len;
	uint32_t bytes;
};

/* Names are in directories; fid: a file that is not open, open: one that is. */
struct remote_protocol {
	/* A new fid for a name in a directory; attributes: what it is, or NULL. */
	int (*walk)(struct remote_fid *dir, const char *name, size_t len, struct remote_fid **out,
		    struct remote_attributes *attributes);
	int (*getattr)(struct remote_fid *fid, struct remote_attributes *attributes);
	int (*setattr)(struct remote_fid *fid, const struct inode_change *change);
	int (*statfs)(struct remote_fid *fid, struct remote_statfs *statfs);
	/* The text of a symbolic link: heap memory, not empty, without NULs, shorter than PATH_MAX. */
	int (*readlink)(struct remote_fid *fid, char **target);

	/* flags: O_* as Linux has them. iounit: how much one message may move; 0: as much as fits. */
	int (*open)(struct remote_fid *fid, unsigned flags, struct remote_fid **out, uint32_t *iounit);
	/* Makes a regular file in a directory, which is open then. */
	int (*create)(struct remote_fid *dir, const char *name, size_t len, unsigned flags,
		      const struct inode_wanted *wanted, struct remote_fid **out);
	int (*mkdir)(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted);
	int (*mknod)(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted);
	int (*symlink)(struct remote_fid *dir, const char *name, size_t len, const struct inode_wanted *wanted);
	int (*link)(struct remote_fid *dir, struct remote_fid *fid, const char *name, size_t len);
	/* flags: RENAME_EXCHANGE, or 0. */
	int (*rename)(struct remote_fid *from, const char *name, size_t len, struct remote_fid *to,
		      const char *new_name, size_t new_len, unsigned flags);
	int (*unlink)(struct remote_fid *dir, const char *name, size_t len, bool directory);
	int (*fsync)(struct remote_fid *open, bool data_only, bool directory);
	/* A program has closed it. NULL: the server does not want to know. */
	void (*flush)(struct remote_fid *open);

	/*
	 * Move up to *bytes between an open file and frames, from the first one's beginning on; *bytes: how many it
	 * was. must: not even a kill ends it.
	 */
	int (*read)(struct remote_fid *open, uint64_t offset, struct page *const *pages, uint32_t *bytes);
	int (*write)(struct remote_fid *open, uint64_t offset, struct page *const *pages, uint32_t *bytes, bool must);
	/* Directory entries from that offset on, as they are on the wire. */
	int (*readdir)(struct remote_fid *open, uint64_t offset, struct page *const *pages, uint32_t *bytes);
	/* One of them; the device can still write there. False: it is none. Names are checked by the caller. */
	bool (*entry)(const uint8_t *at, uint32_t left, struct remote_entry *entry);

	/* As the functions of kernel/fs/xattr.h. */
	int (*xattr_set)(struct remote_fid *fid, const char *name, const void *value, size_t size, unsigned flags);
	ssize_t (*xattr_get)(struct remote_fid *fid, const char *name, void *buf, size_t size);
	ssize_t (*xattr_list)(struct remote_fid *fid, void *buf, size_t size);
	int (*xattr_remove)(struct remote_fid *fid, const char *name);

	/* The last reference to a fid is gone. Does not wait for the server. */
	void (*fid_free)(struct remote_fid *fid);
	/* All files are given back. */
	void (*destroy)(struct remote_client *client);
};

static inline const struct remote_protocol *remote_protocol_of(const struct remote_fid *fid)
{
	return fid->client->protocol;
}

static inline struct remote_fid *remote_fid_get(struct remote_fid *fid)
{
	atomic_fetch_add(&fid->refs, 1);
	return fid;
}

/* NULL is allowed. Does not wait for the server. */
static inline void remote_fid_put(struct remote_fid *fid)
{
	if (fid && atomic_fetch_sub(&fid->refs, 1) == 1)
		remote_protocol_of(fid)->fid_free(fid);
}

/*
 * Gives up frames in a row (page_run_alloc()) that were sent or filled: a call may hold them still, one whose owner was
 * killed until it is answered.
 */
static inline void remote_frames_put(struct page *run, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		page_put(&run[i]);
}

/* A mode that a file can have: one of the kinds, and bits of permission. */
static inline bool remote_mode_is_right(unsigned mode)
{
	unsigned kind = mode & S_IFMT;

	return !(mode & ~(S_IFMT | S_IALLUGO)) &&
	       (kind == S_IFREG || kind == S_IFDIR || kind == S_IFLNK || kind == S_IFIFO || kind == S_IFSOCK ||
		kind == S_IFCHR || kind == S_IFBLK);
}
