/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets between a virtual machine and its host (AF_VSOCK), as the transport sees them: packets of VIRTIO 1.2, section
 * 5.10.6. Connections, credit and sockets are in kernel/net; kernel/dev/virtio_vsock.c moves packets.
 */
#pragma once

#include <kernel/compiler.h>
#include <kernel/list.h>
#include <kernel/types.h>

#define VSOCK_TYPE_STREAM 1

enum vsock_op {
	VSOCK_INVALID,
	VSOCK_REQUEST,
	VSOCK_RESPONSE,
	VSOCK_RST,
	VSOCK_SHUTDOWN,
	VSOCK_RW,
	VSOCK_CREDIT_UPDATE,
	VSOCK_CREDIT_REQUEST,
};

/* Of VSOCK_SHUTDOWN: the sender will not receive, not send any more. */
#define VSOCK_SHUTDOWN_RECEIVE 1u
#define VSOCK_SHUTDOWN_SEND 2u

struct vsock_header {
	uint64_t src_cid, dst_cid;
	uint32_t src_port, dst_port;
	uint32_t len;
	uint16_t type, op;
	uint32_t flags;
	uint32_t buf_alloc, fwd_cnt;
} PACKED;

struct vsock;

struct vsock_packet {
	struct list node;		/* the transport's */
	struct vsock *owner;		/* referenced: whose bytes it carries; NULL: none */
	struct vsock_header header;	/* header.len bytes follow it at once */
	uint8_t data[];
};

#define VSOCK_DATA_MAX (16 * KIB - sizeof(struct vsock_packet)) /* of a packet that is sent */

struct vsock_transport {
	uint32_t cid;			/* ours, behind it */
	/* Takes the packet over, in order; gives it to vsock_packets_done() at last. Any context, interrupts off. */
	void (*send)(struct vsock_transport *transport, struct vsock_packet *packet);
};

/* The one that leads to the host. -EEXIST: there is one already. Threads. */
int vsock_transport_add(struct vsock_transport *transport) MUST_CHECK;
/* Its connections are reset, and nothing is sent through it any more. */
void vsock_transport_remove(struct vsock_transport *transport);
/* The same for connections only: the machine goes on elsewhere, as cid. Any context. */
void vsock_transport_reset(struct vsock_transport *transport, uint32_t cid);
/*
 * A packet has come; header is not shared with anybody, its len bytes are at data, which may be. -EPROTO: it breaks
 * the rules in a way that only a transport can. Any context; the transport's locks are not held.
 */
int vsock_receive(struct vsock_transport *transport, const struct vsock_header *header, const void *data) MUST_CHECK;
/* Packets that were sent, or never will be. Any context; the transport's locks are not held. */
void vsock_packets_done(struct list *packets);
