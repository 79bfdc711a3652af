/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP sockets, inside: what inet_tcp.c (connections), tcp_data.c (bytes) and tcp_options.c share.
 */
#pragma once

#include "stack.h"

#include <kernel/mutex.h>
#include <lwip/tcp.h>

enum tcp_phase {
	TCP_NEW,
	TCP_LISTENING,
	TCP_CONNECTING,
	TCP_CONNECTED,
	TCP_OVER,		/* it was connected, or failed to be */
};

/* Bytes on their way out. What is acknowledged is freed, but for the last one, which is filled. */
struct tcp_chunk {
	struct list node;
	uint32_t size, filled, acked;
	uint32_t refs;		/* packets that refer to it, and the list; network's lock */
	unsigned order;
	uint8_t data[];
};

struct tcp_socket {
	struct socket socket;
	struct tcp_pcb *pcb;		/* network's lock; NULL: none any more */
	unsigned phase;			/* enum tcp_phase; atomic, changed under the network's lock */
	bool unasked;			/* it connects, and no connect() has waited for it; network's lock */
	bool orphan;			/* no file has it: it goes when its last byte is acknowledged */

	/* Received: under the network's lock until a reader takes it off. */
	struct pbuf *rx, *rx_last;
	size_t rx_bytes;		/* in rx and with the reader; atomic */
	bool rx_ended;			/* FIN came; atomic */
	bool read_shut, write_shut;	/* by shutdown(); atomic */
	struct mutex read_lock;		/* guards what follows */
	struct pbuf *reading;		/* the reader's; the first one from offset on */
	size_t reading_offset;
	struct pbuf *read;		/* read, to be freed */
	size_t read_bytes;		/* of which the sender was not told yet */
	size_t tell_at;			/* so many that it should be; atomic */

	/* To be sent. */
	struct mutex write_lock;	/* one writer at a time; before the network's */
	struct list chunks;		/* network's lock */
	size_t tx_room;			/* what lwIP takes; atomic */
	bool corked;

	/* A listener's: connections that nobody has accepted. Network's lock. */
	struct list accepted;
	unsigned accepted_count, backlog; /* the count: atomic */
	struct list accept_node;
	struct tcp_socket *listener;	/* of one that waits to be accepted */
};

static inline struct tcp_socket *tcp_socket_of(struct socket *socket)
{
	return container_of(socket, struct tcp_socket, socket);
}

/* inet_tcp.c */
void tcp_socket_free(struct tcp_socket *t);

/* tcp_data.c */
ssize_t tcp_socket_send(struct socket *socket, struct socket_message *message);
ssize_t tcp_socket_receive(struct socket *socket, struct socket_message *message);
size_t tcp_socket_readable(struct socket *socket);
/* Callbacks of lwIP. */
err_t tcp_socket_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err);
err_t tcp_socket_acked(void *arg, struct tcp_pcb *pcb, u16_t len);
/* Network's lock: what a writer may look at. */
void tcp_socket_room(struct tcp_socket *t);
/* True when all that was written is acknowledged. */
bool tcp_socket_is_drained(const struct tcp_socket *t);
/* Lets go of all data. */
void tcp_socket_drop_data(struct tcp_socket *t);
/* Tells lwIP of what was read. Network's lock, and the reader's. */
void tcp_socket_tell_read(struct tcp_socket *t);

/* tcp_options.c */
int tcp_socket_set_option(struct socket *socket, int level, int name, const void *value, unsigned size);
int tcp_socket_get_option(struct socket *socket, int level, int name, void *value, unsigned *size);

/* Linux's numbers of the states, as TCP_INFO and /proc/net/tcp tell them, by lwIP's. */
#define TCP_STATE_CLOSE 7
#define TCP_STATE_LISTEN 10
uint8_t tcp_state_number(enum tcp_state state);
