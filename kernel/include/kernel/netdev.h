/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network devices: what a driver gives the stack (kernel/net/), and the other way round. Frames are Ethernet's.
 *
 * All calls but netdev_schedule() are made in a thread that holds the network's lock, so a driver needs none of its own
 * for what it does in them.
 */
#pragma once

#include <kernel/list.h>

struct netdev;

/* ---- received ---- */

/* A page that a device writes a frame, or a part of one, into. */
struct net_buffer {
	struct net_buffer *next;	/* of the same frame */
	uint8_t *data;			/* where the frame, or its part, begins */
	uint32_t len;
	uint64_t stack[8];		/* the stack's own */
};

/* Room for len bytes from net_buffer_start() on; NULL without memory. */
struct net_buffer *net_buffer_alloc(void);
void net_buffer_free(struct net_buffer *buffer);
/*
 * A buffer that nobody but the driver and the caller has seen, and whose content was copied. It is cleared as far as
 * its device has said that it has written (option INIT_ON_FREE), and may be given again as it is.
 */
void net_buffer_copied(struct net_buffer *buffer);
/* All buffers of a frame; NULL is allowed. */
void net_frame_free(struct net_buffer *frame);
static inline uint8_t *net_buffer_start(struct net_buffer *buffer)
{
	return (uint8_t *)(buffer + 1);
}
#define NET_BUFFER_ROOM (PAGE_SIZE - sizeof(struct net_buffer))

#define NET_CHECKSUM_GOOD 1u		/* the device has seen to it that transport checksums are right */

/* A frame, its buffers linked by next; they are the stack's from now on. */
void netdev_receive(struct netdev *dev, struct net_buffer *frame, unsigned flags);

/* ---- sent ---- */

#define NET_FRAME_SPANS 64

struct net_span {
	void *base;
	uint32_t len;
};

/* What is to be sent. The memory stays as it is until netdev_sent(). */
struct net_frame {
	struct net_span spans[NET_FRAME_SPANS];
	unsigned span_count;
	uint16_t checksum_start, checksum_offset;	/* a checksum from start on, to be put there; 0: none */
	/* Not 0: more than one TCP segment of so many bytes of data, behind so many of headers; the device cuts it. */
	uint16_t segment, header;
	void *cookie;
};

void netdev_sent(struct netdev *dev, void *cookie);

/* ---- devices ---- */

#define NETDEV_SEGMENTS 2u	/* it can cut TCP segments over IPv4 */
#define NETDEV_CHECKSUM 1u	/* it can fill in the transport checksum of what is sent */

struct netdev_ops {
	/* -ENOSPC: its queue is full until netdev_writable() is called. -EIO: never again. */
	int (*transmit)(struct netdev *dev, const struct net_frame *frame);
	/* The last of some frames was handed over. */
	void (*flush)(struct netdev *dev);
	/* Takes what has come and gone, at most budget frames. True: there may be more, and no interrupt for it. */
	bool (*poll)(struct netdev *dev, unsigned budget);
	/* It has been reset, and goes: gives back every frame that it has. */
	void (*drop)(struct netdev *dev);
};

struct netdev {
	const struct netdev_ops *ops;
	void *data;			/* the driver's */
	uint8_t address[6];
	unsigned mtu;			/* 1500 */
	unsigned features;		/* NETDEV_* */
	const char *config;		/* as "net=" has it; NULL: what the command line says, or DHCP */
	bool link_up;			/* changed in poll only, then netdev_changed() */
	bool scheduled;			/* poll is wanted; atomic */
	bool unsent;			/* flush is wanted */
	void *stack;			/* the stack's */
	struct list node;
};

/* 0, -ENOMEM, -ENODEV: nobody takes frames. The device is polled from now on. Threads without the network's lock. */
int netdev_add(struct netdev *dev);
void netdev_remove(struct netdev *dev);
/* Its interrupt came: has it polled by the network's thread. Any context. */
void netdev_schedule(struct netdev *dev);
void netdev_writable(struct netdev *dev);
/* Its link came up or went down. */
void netdev_changed(struct netdev *dev);
/* In a copy of the machine it is another one: its address, its config and what it is connected to have changed. */
void netdev_renewed(struct netdev *dev);
/* For a driver that is called otherwise. Threads. */
void netdev_lock(void);
void netdev_unlock(void);

/* ---- stacks ---- */

/* Who takes the frames: the functions above, which only lead here, as kernel/net/ or a harness has them. */
struct netdev_stack {
	int (*add)(struct netdev *dev);
	void (*remove)(struct netdev *dev);
	void (*schedule)(struct netdev *dev);
	void (*receive)(struct netdev *dev, struct net_buffer *frame, unsigned flags);
	void (*sent)(struct netdev *dev, void *cookie);
	void (*writable)(struct netdev *dev);
	void (*changed)(struct netdev *dev);
	void (*renewed)(struct netdev *dev);
	void (*lock)(void);
	void (*unlock)(void);
};

/* While there is no device. NULL: nobody. */
void netdev_set_stack(const struct netdev_stack *stack);
