/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client of one 9P2000.L server: its messages' form (kernel/fs/remote/call.h), tags, and fids. The protocol is that
 * of diod's protocol.md ("9P2000.L Protocol") on top of Plan 9's intro(5).
 */
#pragma once

#include "../call.h"
#include "../protocol.h"

enum {
	P9_RLERROR = 7,
	P9_TSTATFS = 8,
	P9_TLOPEN = 12,
	P9_TLCREATE = 14,
	P9_TSYMLINK = 16,
	P9_TMKNOD = 18,
	P9_TREADLINK = 22,
	P9_TGETATTR = 24,
	P9_TSETATTR = 26,
	P9_TXATTRWALK = 30,
	P9_TXATTRCREATE = 32,
	P9_TREADDIR = 40,
	P9_TFSYNC = 50,
	P9_TLINK = 70,
	P9_TMKDIR = 72,
	P9_TRENAMEAT = 74,
	P9_TUNLINKAT = 76,
	P9_TVERSION = 100,
	P9_TATTACH = 104,
	P9_TFLUSH = 108,
	P9_TWALK = 110,
	P9_TREAD = 116,
	P9_TWRITE = 118,
	P9_TCLUNK = 120,
};

#define P9_NOTAG 0xffffu
#define P9_NOFID 0xffffffffu
#define P9_MSIZE_MIN 8192u
#define P9_MSIZE_MAX REMOTE_IO_MAX
#define P9_HEAD 24u			/* what reads and writes need beside their bytes, at most (P9_IOHDRSZ) */

/* A file as the server knows it by number; given back with the last reference. */
struct p9_fid {
	struct remote_fid fid;		/* must be first */
	uint32_t number;
};

struct p9_call {
	struct remote_call call;	/* must be first */
	uint32_t clunked;	/* P9_TCLUNK without an owner: the fid's number, free once it is answered */
	/* The message that takes this one back, when its owner has been killed. */
	struct remote_request flush;
	struct remote_span flush_spans[2];
	uint8_t flush_message[16], flush_answer[16];
};

struct p9_client {
	struct remote_client client;	/* must be first; its lock guards what follows */
	uint32_t fid_next, fid_free_count;
	uint32_t fids_free[256];
};

static inline uint32_t p9_number(const struct remote_fid *fid)
{
	return container_of(fid, const struct p9_fid, fid)->number;
}

struct p9_qid {
	uint8_t type;
	uint32_t version;
	uint64_t path;
};
#define P9_QTDIR 0x80u
#define P9_QTSYMLINK 0x02u

extern const struct remote_wire p9_wire;
extern const struct remote_protocol p9_protocol;

/* Takes the channel of that tag and agrees on a version. -ENOENT, -EBUSY, -EPROTONOSUPPORT, -EIO, -ENOMEM. */
int p9_client_create(const char *tag, uint32_t msize, struct remote_client **out);
/* All fids have been given back. */
void p9_client_destroy(struct remote_client *client);
/* The root of the tree of that name. */
int p9_attach(struct remote_client *client, const char *name, struct remote_fid **root);
/* A new fid for a name in a directory; name NULL: for the same file. */
int p9_walk(struct remote_fid *dir, const char *name, size_t len, struct remote_fid **out);

void p9_put_string(struct remote_call *call, const char *s, size_t len);
/* Not NUL-terminated, in the call's buffer; "" when the answer is too short. */
const char *p9_get_string(struct remote_call *call, size_t *len);
struct p9_qid p9_get_qid(struct remote_call *call);

/* A number that the server does not know yet. NULL. */
struct p9_fid *p9_fid_create(struct remote_client *client);
/* The server has refused to make it (err), or may have made it (-EINTR). */
void p9_fid_abandon(struct p9_fid *fid, int err);
/* The last reference is gone. Does not wait for the server. */
void p9_fid_free(struct remote_fid *fid);
