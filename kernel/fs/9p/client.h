/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client of one 9P2000.L server: messages, their tags, and fids. The protocol is that of diod's protocol.md
 * ("9P2000.L Protocol") on top of Plan 9's intro(5). Whatever a server answers is checked; what cannot be is an
 * offence: the device is reset, and all that is asked afterwards is -EIO.
 *
 *	err = p9_call_begin(client, P9_TREADLINK, &call);	a tag and a buffer; sleeps
 *	p9_put32(call, fid->number);				the message
 *	err = p9_call_run(call);				sends it and waits: 0, or what the server says
 *	text = p9_get_string(call, &len);			the answer
 *	err = p9_call_end(call, err);				-EIO if it was too short
 */
#pragma once

#include <kernel/p9.h>
#include <kernel/page.h>
#include <kernel/spinlock.h>
#include <kernel/wait.h>

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
#define P9_CALLS 32			/* on their way at once */
#define P9_MSIZE_MIN 8192u
#define P9_MSIZE_MAX (512 * KIB)
#define P9_HEAD 24u			/* what reads and writes need beside their bytes, at most (P9_IOHDRSZ) */
#define P9_IO_PAGES (P9_MSIZE_MAX / PAGE_SIZE)
#define P9_BUFFER (8 * KIB)		/* of a message without pages: room for two names and a path */

struct p9_client;

/* A file as the server knows it by number; given back with the last reference. */
struct p9_fid {
	struct p9_client *client;
	uint32_t number;
	unsigned refs;
};

/* One message and its answer. Its owner's, but for what says otherwise. */
struct p9_call {
	struct p9_request request;
	struct p9_client *client;
	uint16_t tag;
	uint8_t type;
	bool must;		/* not even a kill ends the wait: for what would be lost else */
	bool finished;		/* atomic: err and len are set */
	int err;
	uint32_t len;
	unsigned refs;		/* the owner's, the device's, and its flush's; atomic */
	unsigned spans_taken;
	uint32_t clunked;	/* P9_TCLUNK without an owner: the fid's number, free once it is answered */
	struct wait_queue wait;
	struct page *buffers;	/* what is sent, and after it what is received: P9_BUFFER each */
	size_t sent, at, end;	/* bytes of the message; of the answer: the next, and all */
	bool bad;		/* the message did not fit, or the answer ended before */
	/* Pages that are sent behind the message, or filled by what follows the answer's count; referenced. */
	struct page *pages[P9_IO_PAGES];
	unsigned page_count;
	uint32_t page_bytes;	/* what is sent or asked for; then, what came */
	bool pages_out;
	struct p9_span spans[P9_IO_PAGES + 2];
	/* The message that takes this one back, when its owner has been killed. */
	struct p9_request flush;
	struct p9_span flush_spans[2];
	uint8_t flush_message[16], flush_answer[16];
};

struct p9_client {
	struct p9_channel *channel;
	uint32_t msize;
	struct spinlock lock;	/* guards all below */
	struct wait_queue free;	/* a call or spans have become free */
	struct p9_call *calls[P9_CALLS];
	uint32_t calls_busy;
	unsigned spans_free;
	uint32_t fid_next, fid_free_count;
	uint32_t fids_free[256];
};

static inline uint8_t *p9_sent(const struct p9_call *call)
{
	return page_virt(call->buffers);
}
static inline uint8_t *p9_answer(const struct p9_call *call)
{
	return p9_sent(call) + P9_BUFFER;
}

struct p9_qid {
	uint8_t type;
	uint32_t version;
	uint64_t path;
};
#define P9_QTDIR 0x80u
#define P9_QTSYMLINK 0x02u

/* Takes the channel of that tag and agrees on a version. -ENOENT, -EBUSY, -EPROTONOSUPPORT, -EIO, -ENOMEM. */
int p9_client_create(const char *tag, uint32_t msize, struct p9_client **out);
/* All fids have been given back. */
void p9_client_destroy(struct p9_client *client);

int p9_call_begin(struct p9_client *client, uint8_t type, struct p9_call **out) MUST_CHECK;
void p9_put8(struct p9_call *call, uint8_t value);
void p9_put16(struct p9_call *call, uint16_t value);
void p9_put32(struct p9_call *call, uint32_t value);
void p9_put64(struct p9_call *call, uint64_t value);
void p9_put_string(struct p9_call *call, const char *s, size_t len);
/* bytes, at most what they hold, go behind the message (out), or into the pages; references are taken. */
void p9_call_pages(struct p9_call *call, struct page *const *pages, uint32_t bytes, bool out);
int p9_call_run(struct p9_call *call) MUST_CHECK;
uint8_t p9_get8(struct p9_call *call);
uint16_t p9_get16(struct p9_call *call);
uint32_t p9_get32(struct p9_call *call);
uint64_t p9_get64(struct p9_call *call);
/* Not NUL-terminated, in the call's buffer; "" when the answer is too short. */
const char *p9_get_string(struct p9_call *call, size_t *len);
struct p9_qid p9_get_qid(struct p9_call *call);
/* @return err; or -EIO, and the server has offended, when the answer was too short for what was got from it */
int p9_call_end(struct p9_call *call, int err);

/* The server has said what cannot be. -EIO. */
int p9_offence(struct p9_client *client, const char *what);

/* A number that the server does not know yet. NULL. */
struct p9_fid *p9_fid_create(struct p9_client *client);
/* The server has refused to make it (err), or may have made it (-EINTR). */
void p9_fid_abandon(struct p9_fid *fid, int err);
struct p9_fid *p9_fid_get(struct p9_fid *fid);
/* NULL is allowed. Does not wait for the server. */
void p9_fid_put(struct p9_fid *fid);
