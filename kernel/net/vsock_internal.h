/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AF_VSOCK, inside: connections and what is told of them (vsock.c), sockets (vsock_socket.c), their bytes
 * (vsock_data.c). One spinlock guards all of it. Nobody is woken under it, as poll takes it; transports' locks come
 * after it.
 */
#pragma once

#include <kernel/clock.h>
#include <kernel/ring.h>
#include <kernel/socket.h>
#include <kernel/vsock.h>

#define VSOCK_BUFFER_DEFAULT (64 * KIB)
#define VSOCK_BUFFER_MIN 128
#define VSOCK_BUFFER_MAX (256 * KIB)
#define VSOCK_CONNECT_NS (2 * NSEC_PER_SEC)
#define VSOCK_CLOSE_NS (8 * NSEC_PER_SEC)	/* for the other side to agree that it is over */

enum vsock_state {
	VSOCK_UNCONNECTED,
	VSOCK_LISTENING,
	VSOCK_CONNECTING,
	VSOCK_CONNECTED,
	VSOCK_CLOSING,		/* no file has it; the other side is yet to answer */
	VSOCK_OVER,		/* it was connected */
};

struct vsock {
	struct socket socket;
	unsigned refs;			/* of its file, of the list, of packets; atomic */
	struct list node;		/* on the list of all that have a port */
	enum vsock_state state;
	struct vsock_transport *transport;	/* of a connection; NULL: it has gone */
	uint32_t local_cid, local_port, peer_cid, peer_port;
	bool bound;
	bool accepted;			/* its port is its listener's */
	bool read_shut, write_shut;	/* by us */
	bool peer_read_shut, peer_write_shut;
	/* What has come in (5.10.6.3): room for buffer_size. */
	struct ring in;
	void *in_memory;
	uint32_t buffer_size, forwarded, forwarded_told;
	/* What goes out: sent so far, what the other side has room for and has dealt with. */
	uint32_t sent, peer_alloc, peer_forwarded;
	uint32_t queued;		/* bytes that the transport has */
	struct list waiting;		/* a listener's: connections that nobody has accepted yet */
	struct list waiting_node;
	struct vsock *listener;		/* of one that waits */
	unsigned waiting_count, backlog;
	uint64_t connect_timeout_ns;
	struct timer timer;		/* of connecting and closing */
};

static inline struct vsock *vsock_of(struct socket *socket)
{
	return container_of(socket, struct vsock, socket);
}

unsigned long vsock_lock(void);
/* Also delivers what was sent to ourselves. */
void vsock_unlock(unsigned long flags);
struct vsock *vsock_alloc(void);
struct vsock *vsock_get(struct vsock *v);
void vsock_put(struct vsock *v);
/* Who waits for it looks again. Not under the lock. */
void vsock_wake(struct vsock *v);

/* These under the lock. */
struct vsock_transport *vsock_transport_to(uint32_t cid);
bool vsock_is_local_cid(uint32_t cid);
/* A port that has been bound, if any. */
struct vsock *vsock_find_bound(uint32_t cid, uint32_t port);
/* Puts it on the list, at a port that is free. */
void vsock_bind_free(struct vsock *v);
void vsock_list(struct vsock *v);
/* A packet without data about its connection. */
void vsock_tell(struct vsock *v, enum vsock_op op, uint32_t flags);
/* One with data, which takes over the reference that is in it. */
void vsock_send_data(struct vsock *v, struct vsock_packet *packet, uint32_t len);
/* Bytes that the other side has room for. */
uint32_t vsock_credit(const struct vsock *v);
/* It is no connection any more. The caller has a reference that is not the list's. */
void vsock_end(struct vsock *v);
/* Ends connecting or closing after_ns from now. */
void vsock_arm(struct vsock *v, uint64_t after_ns);

/* Our CID behind the device; VMADDR_CID_LOCAL without one. Not under the lock. */
uint32_t vsock_local_cid(void);

/* vsock_data.c */
ssize_t vsock_send(struct socket *socket, struct socket_message *message);
ssize_t vsock_receive_bytes(struct socket *socket, struct socket_message *message);
unsigned vsock_poll(struct socket *socket);
size_t vsock_readable(struct socket *socket);
