/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages of 9P2000.L, one function each. All sleep; 0 or -errno: the server's, or -EIO for one that is broken,
 * -EINTR when the thread was killed, -ENOMEM.
 */
#pragma once

#include "client.h"

#include <kernel/vfs.h>

/* What Rgetattr says, checked: times are times, the size is no less than 0, the kind is the qid's. */
struct p9_attributes {
	struct p9_qid qid;
	unsigned mode;
	uint32_t uid, gid, nlink, rdev;
	off_t size;
	uint64_t blocks; /* of 512 bytes */
	struct timestamp atime, mtime, ctime, btime;
};

struct p9_statfs {
	uint32_t block_size;
	uint64_t blocks, blocks_free, files, files_free;
};

int p9_attach(struct p9_client *client, const char *name, struct p9_fid **root, struct p9_qid *qid);
/* A new fid for a name in a directory; name NULL: for the same file. qid may be NULL then. */
int p9_walk(struct p9_fid *dir, const char *name, size_t len, struct p9_fid **out, struct p9_qid *qid);
int p9_getattr(struct p9_fid *fid, struct p9_attributes *attributes);
int p9_setattr(struct p9_fid *fid, const struct inode_change *change);
int p9_statfs(struct p9_fid *fid, struct p9_statfs *statfs);
/* The text of a symbolic link: heap memory, not empty, without NULs, shorter than PATH_MAX. */
int p9_readlink(struct p9_fid *fid, char **target);

/* flags: O_* as Linux has them. iounit: how much one message may move; 0: as much as fits. */
int p9_open(struct p9_fid *fid, unsigned flags, uint32_t *iounit);
/* Makes a file in the directory of fid, which becomes the open file's. */
int p9_create(struct p9_fid *fid, const char *name, size_t len, unsigned flags, unsigned mode, uint32_t gid,
	      uint32_t *iounit);
int p9_mkdir(struct p9_fid *dir, const char *name, size_t len, unsigned mode, uint32_t gid);
int p9_mknod(struct p9_fid *dir, const char *name, size_t len, unsigned mode, uint32_t rdev, uint32_t gid);
int p9_symlink(struct p9_fid *dir, const char *name, size_t len, const char *target, uint32_t gid);
int p9_link(struct p9_fid *dir, struct p9_fid *fid, const char *name, size_t len);
int p9_rename(struct p9_fid *from, const char *name, size_t len, struct p9_fid *to, const char *new_name,
	      size_t new_len);
int p9_unlink(struct p9_fid *dir, const char *name, size_t len, bool directory);
int p9_fsync(struct p9_fid *fid, bool data_only);

/*
 * Moves up to *bytes between an open file and frames, from the first one's beginning on; *bytes: how many it was. must:
 * not even a kill ends it.
 */
int p9_read(struct p9_fid *fid, uint64_t offset, struct page *const *pages, uint32_t *bytes);
int p9_write(struct p9_fid *fid, uint64_t offset, struct page *const *pages, uint32_t *bytes, bool must);
/*
 * Gives up frames in a row (page_run_alloc()) that were sent or filled: a call may hold them still, one whose owner was
 * killed until it is answered.
 */
static inline void p9_frames_put(struct page *run, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		page_put(&run[i]);
}
/* Directory entries from that offset on, as they are on the wire: qid[13] offset[8] type[1] name[s]. */
int p9_readdir(struct p9_fid *fid, uint64_t offset, struct page *const *pages, uint32_t *bytes);
/* A fid from which the attribute's value can be read, or with name "" the list of all names; and their size. */
int p9_xattr_walk(struct p9_fid *fid, const char *name, struct p9_fid **out, uint64_t *size);
/* The fid becomes one to which that many bytes are to be written; the value is set when it is given back. */
int p9_xattr_create(struct p9_fid *fid, const char *name, uint64_t size, unsigned flags);
/* Gives it back and waits for what the server says. */
int p9_clunk(struct p9_fid *fid);
