/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages to one file server and their answers, whatever the protocol: slots, buffers, pages, sending, waiting.
 * Whatever a server answers is checked; what cannot be is an offence: the device is reset, and all that is asked
 * afterwards is -EIO.
 *
 *	err = remote_call_begin(client, type, &call);	a slot and a buffer; sleeps
 *	remote_put32(call, number);			the message
 *	err = remote_call_run(call);			sends it and waits: 0, or what the server says
 *	value = remote_get32(call);			the answer
 *	err = remote_call_end(call, err);		-EIO if it was too short
 */
#pragma once

#include <kernel/page.h>
#include <kernel/remote.h>
#include <kernel/spinlock.h>
#include <kernel/wait.h>

#define REMOTE_CALLS 32			/* on their way at once */
#define REMOTE_IO_MAX (512 * KIB)	/* bytes that one moves */
#define REMOTE_IO_PAGES (REMOTE_IO_MAX / PAGE_SIZE)
#define REMOTE_BUFFER (8 * KIB)		/* of a message without pages: room for two names and a path */
#define REMOTE_ERRNO_MAX 133

struct remote_client;
struct remote_protocol;

/* One message and its answer. Its owner's, but for what says otherwise. A protocol's own follows it. */
struct remote_call {
	struct remote_request request;
	struct remote_client *client;
	uint16_t slot;
	uint32_t type;
	bool must;		/* not even a kill ends the wait: for what would be lost else */
	bool unanswered;	/* nothing comes back but the memory */
	bool finished;		/* atomic: err and len are set */
	int err;
	uint32_t len;
	unsigned refs;		/* the owner's, the device's, and those of messages about it; atomic */
	unsigned spans_taken;
	struct wait_queue wait;
	struct page *buffers;	/* what is sent, and after it what is received: REMOTE_BUFFER each */
	size_t split;		/* the message's bytes that are a span of their own; 0 */
	size_t sent, at, end;	/* bytes of the message; of the answer: the next, and all */
	bool bad;		/* the message did not fit, or the answer ended before */
	/* Pages that are sent behind the message, or filled by what follows the answer's head; referenced. */
	struct page *pages[REMOTE_IO_PAGES];
	unsigned page_count;
	uint32_t page_bytes;	/* what is sent or asked for; then, what came */
	bool pages_out;
	struct remote_span spans[REMOTE_IO_PAGES + 3];
};

/* What a protocol's messages look like. */
struct remote_wire {
	const char *name;	/* in the log */
	size_t call_size;	/* of its calls, which begin with a struct remote_call */
	size_t header;		/* bytes before what is put */
	uint32_t pages_head;	/* bytes of an answer before those that go to pages */
	/* A call is about to be used again. */
	void (*begin)(struct remote_call *call);
	/* Writes the header; size: of all that is sent. -EMSGSIZE. */
	int (*seal)(struct remote_call *call, uint32_t size);
	/*
	 * The answer is there. 0: its header is what it must be, call->at and end say where its content is, page_bytes
	 * how much came into pages. The server's error. -EIO: an offence.
	 */
	int (*check)(struct remote_call *call);
	/* The owner was killed before the answer came. NULL: then it comes to nobody. */
	void (*killed)(struct remote_call *call);
	/* It has been answered, or will never be. Interrupt. NULL: nothing is to be done. */
	void (*done)(struct remote_call *call);
};

/* A protocol's own follows it. */
struct remote_client {
	const struct remote_protocol *protocol;
	const struct remote_wire *wire;
	struct remote_channel *channel;
	uint32_t message_max;	/* bytes of one message, pages included */
	uint32_t io_max;	/* bytes that a read or write moves: whole pages, at most REMOTE_IO_MAX */
	bool keeps_unlinked;	/* a file that has lost its name is there while it is open */
	bool recording;
	struct spinlock lock;	/* guards all below, and what of the protocol says so */
	struct wait_queue free;	/* a call or spans have become free */
	struct remote_call *calls[REMOTE_CALLS];
	uint32_t calls_busy;
	unsigned spans_free, urgent_free;
};

static inline uint8_t *remote_sent(const struct remote_call *call)
{
	return page_virt(call->buffers);
}
static inline uint8_t *remote_answer(const struct remote_call *call)
{
	return remote_sent(call) + REMOTE_BUFFER;
}
static inline bool remote_fills_pages(const struct remote_call *call)
{
	return call->page_count && !call->pages_out;
}

/* Takes the channel of that kind and tag. -ENOENT, -EBUSY. The protocol's fields are the caller's to set before. */
int remote_client_begin(struct remote_client *client, const char *kind, const char *tag);
/* Waits until nothing is on its way; a server that keeps something for long is reset. */
void remote_client_settle(struct remote_client *client);
/* All files have been given back. Settles, and gives the channel back; not the client itself. */
void remote_client_end(struct remote_client *client);

int remote_call_begin(struct remote_client *client, uint32_t type, struct remote_call **out) MUST_CHECK;
/* The same for what must be sent, whoever was killed. */
int remote_call_begin_must(struct remote_client *client, uint32_t type, struct remote_call **out) MUST_CHECK;
void remote_put(struct remote_call *call, const void *bytes, size_t len);
void remote_put8(struct remote_call *call, uint8_t value);
void remote_put16(struct remote_call *call, uint16_t value);
void remote_put32(struct remote_call *call, uint32_t value);
void remote_put64(struct remote_call *call, uint64_t value);
/* bytes, at most what they hold, go behind the message (out), or into the pages; references are taken. */
void remote_call_pages(struct remote_call *call, struct page *const *pages, uint32_t bytes, bool out);
int remote_call_run(struct remote_call *call) MUST_CHECK;
/* Sends it and waits for nothing; it is ended in any case. An error: it was not sent, and done() is not called. */
int remote_call_send(struct remote_call *call);
uint8_t remote_get8(struct remote_call *call);
uint16_t remote_get16(struct remote_call *call);
uint32_t remote_get32(struct remote_call *call);
uint64_t remote_get64(struct remote_call *call);
/* That many bytes in the call's buffer; NULL when the answer is too short. */
const char *remote_get_bytes(struct remote_call *call, size_t len);
/*
 * Sends it with the pages that *bytes are in, or are to come into, and ends it; *bytes: how many it was. A write is
 * answered by a number of four bytes.
 */
int remote_call_transfer(struct remote_call *call, struct page *const *pages, uint32_t *bytes, bool out) MUST_CHECK;
/* Ends it. The text of a link that it was answered with (where there was no err): heap memory; or it is an offence. */
int remote_call_end_link(struct remote_call *call, int err, const char *text, size_t len, char **target);
/* @return err; or -EIO, and the server has offended, when the answer was too short for what was got from it */
int remote_call_end(struct remote_call *call, int err);

/* For messages about a call (remote_wire.killed): spans of the channel, and another reference to the call. */
bool remote_spans_take(struct remote_client *client, unsigned count, bool urgent);
void remote_spans_give(struct remote_client *client, unsigned count, bool urgent);
void remote_call_release(struct remote_call *call);

/* The server has said what cannot be. -EIO. */
int remote_offence(struct remote_client *client, const char *what);
