/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Channels to file servers: what a driver (virtio-9p, virtio-fs) offers and the clients (kernel/fs/remote/9p and fuse)
 * use. A channel carries messages, whose content is none of its business. Each is of a kind and has a tag, by which it
 * is found.
 */
#pragma once

#include <kernel/list.h>
#include <kernel/types.h>

#define REMOTE_TAG_MAX 256		/* bytes of a tag, its NUL included */

struct remote_channel;

/* A piece of memory of a message. It lies in the direct map. */
struct remote_span {
	void *base;
	uint32_t len;
};

/* A message and room for its answer; the caller's memory until done() is called, and the device's meanwhile. */
struct remote_request {
	bool urgent;			/* goes past the others, where the channel has room for such */
	const struct remote_span *spans;	/* first `out` that are sent, then `in` that are filled */
	unsigned out, in;
	/*
	 * It has been answered with that many bytes; or never will be (err -EIO, and the device writes no more). Any
	 * context, interrupts off.
	 */
	void (*done)(struct remote_request *request, int err, uint32_t len);
};

struct remote_channel_ops {
	/*
	 * Sends it. -ENOSPC: there are more spans on their way than the channel has room for. -EIO: the device is
	 * broken or gone. After an error done() is not called. Any context.
	 */
	int (*submit)(struct remote_channel *channel, struct remote_request *request);
	/* Takes what has been answered, without waiting for an interrupt. Any context. */
	void (*poll)(struct remote_channel *channel);
	/* The server has broken the protocol: the device is reset, and whatever waits fails. Any context. */
	void (*offence)(struct remote_channel *channel, const char *what);
};

struct remote_channel {
	const char *kind;			/* the file system that speaks its protocol: "9p", "virtiofs" */
	char tag[REMOTE_TAG_MAX];
	const struct remote_channel_ops *ops;	/* NULL: the device is gone */
	void *data;				/* the driver's */
	unsigned max_spans;			/* of one request */
	unsigned room;				/* spans of all that are on their way, but for */
	unsigned urgent_room;			/* those of urgent ones; 0: there are none */
	bool taken;				/* a client uses it */
	unsigned refs;
	struct list node;
};

/* For drivers. One reference; its fields up to room are to be set, then it is published. -ENOMEM. */
int remote_channel_create(struct remote_channel **out);
/* -EEXIST: there is one of that kind and tag. */
int remote_channel_publish(struct remote_channel *channel);
/* It is gone: nothing is submitted any more, and it is not found. All requests must have been done. */
void remote_channel_withdraw(struct remote_channel *channel);
void remote_channel_put(struct remote_channel *channel);

/* For the client: one of that kind and tag that nobody uses, referenced and taken. -ENOENT, -EBUSY. */
int remote_channel_take(const char *kind, const char *tag, struct remote_channel **out);
/* Gives it back; nothing of the client's is on its way. */
void remote_channel_release(struct remote_channel *channel);
int remote_channel_submit(struct remote_channel *channel, struct remote_request *request);
void remote_channel_poll(struct remote_channel *channel);
void remote_channel_offence(struct remote_channel *channel, const char *what);
