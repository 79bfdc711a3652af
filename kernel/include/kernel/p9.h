/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Channels to 9P servers: what a driver (virtio-9p) offers and the client (kernel/fs/9p) uses. A channel carries
 * messages, whose content is none of its business. Each has a mount tag, by which it is found.
 */
#pragma once

#include <kernel/list.h>
#include <kernel/types.h>

#define P9_TAG_MAX 256		/* bytes of a mount tag, its NUL included */

struct p9_channel;

/* A piece of memory of a message. It lies in the direct map. */
struct p9_span {
	void *base;
	uint32_t len;
};

/* A message and room for its answer; the caller's memory until done() is called, and the device's meanwhile. */
struct p9_request {
	const struct p9_span *spans;	/* first `out` that are sent, then `in` that are filled */
	unsigned out, in;
	/*
	 * It has been answered with that many bytes; or never will be (err -EIO, and the device writes no more). Any
	 * context, interrupts off.
	 */
	void (*done)(struct p9_request *request, int err, uint32_t len);
};

struct p9_channel_ops {
	/*
	 * Sends it. -ENOSPC: there are more spans on their way than the channel has room for. -EIO: the device is
	 * broken or gone. After an error done() is not called. Any context.
	 */
	int (*submit)(struct p9_channel *channel, struct p9_request *request);
	/* Takes what has been answered, without waiting for an interrupt. Any context. */
	void (*poll)(struct p9_channel *channel);
	/* The server has broken the protocol: the device is reset, and whatever waits fails. Any context. */
	void (*offence)(struct p9_channel *channel, const char *what);
};

struct p9_channel {
	char tag[P9_TAG_MAX];
	const struct p9_channel_ops *ops;	/* NULL: the device is gone */
	void *data;				/* the driver's */
	unsigned max_spans;			/* of one request */
	unsigned room;				/* spans of all that are on their way */
	bool taken;				/* a client uses it */
	unsigned refs;
	struct list node;
};

/* For drivers. One reference; its fields up to room are to be set, then it is published. -ENOMEM. */
int p9_channel_create(struct p9_channel **out);
/* -EEXIST: there is one of that tag. */
int p9_channel_publish(struct p9_channel *channel);
/* It is gone: nothing is submitted any more, and it is not found. All requests must have been done. */
void p9_channel_withdraw(struct p9_channel *channel);
void p9_channel_put(struct p9_channel *channel);

/* For the client: one of that tag that nobody uses, referenced and taken. -ENOENT, -EBUSY. */
int p9_channel_take(const char *tag, struct p9_channel **out);
/* Gives it back; nothing of the client's is on its way. */
void p9_channel_release(struct p9_channel *channel);
int p9_channel_submit(struct p9_channel *channel, struct p9_request *request);
void p9_channel_poll(struct p9_channel *channel);
void p9_channel_offence(struct p9_channel *channel, const char *what);
