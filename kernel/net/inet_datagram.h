/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What UDP and raw sockets have in common: a queue, and the options of levels IPPROTO_IP and IPPROTO_IPV6.
 */
#pragma once

#include "datagram.h"

#include <lwip/ip.h>

#define INET_GROUPS_MAX 20 /* as Linux's igmp_max_memberships */

struct inet_group {
	ip_addr_t address;
	uint8_t index;		/* of the interface */
};

struct inet_socket {
	struct socket socket;
	struct datagram_queue in;
	struct ip_pcb *pcb;		/* lwIP's: all kinds begin alike */
	/* Where in it the rest is. */
	uint8_t *multicast_ttl, *multicast_index;
	uint8_t *flags, loop_flag;	/* is what goes to a group seen here too? */
	/* What is to be told of each datagram. */
	bool want_info, want_ttl, want_tos, want_info6, want_hops6, want_class6;
	struct inet_group *groups;	/* heap; NULL: none yet */
	unsigned group_count;
};

/* One that has come, and what its header said. */
struct inet_datagram {
	struct datagram datagram;
	ip_addr_t from, to;
	uint16_t port;		/* UDP's */
	uint8_t index, ttl, tos;
};

/* Leaves its groups, and forgets what waits. Network's lock. */
void inet_socket_free(struct inet_socket *s);
/* A callback of lwIP: p becomes the queue's, or stays the caller's (false). */
bool inet_queue(struct inet_socket *s, struct pbuf *p, const ip_addr_t *from, uint16_t port);
void inet_tell(struct socket *socket, const struct datagram *d, struct socket_message *message);

/* From where a message is to go out, as its control messages say; what they do not say stays. -EINVAL. */
struct inet_route {
	struct netif *netif;	/* NULL: any */
	ip_addr_t source;
	bool has_source;
	int ttl, tos;		/* -1: the socket's */
};
int inet_route_in(const struct socket_message *message, struct inet_route *route);

/*
 * A message to be sent: its route, and its bytes behind room for the headers of that layer. Without the lock, as pbufs
 * are counted under it. -EINVAL, -ENOBUFS, -EFAULT.
 */
int inet_message_in(struct socket_message *message, pbuf_layer layer, struct inet_route *route, struct pbuf **out);
/* Lets lwIP send to broadcast addresses, or not, as the socket has it; and what it said of that. Network's lock. */
void inet_allow_broadcast(struct inet_socket *s);
int inet_sent(const struct inet_socket *s, err_t err);

/* ip_options.c: both without the lock; -ENOPROTOOPT. */
int inet_set_option(struct inet_socket *s, int level, int name, const void *value, unsigned size);
int inet_get_option(struct inet_socket *s, int level, int name, void *value, unsigned *size);
/* SO_BINDTODEVICE, of TCP's sockets too. -ENODEV. */
int inet_bind_device(struct ip_pcb *pcb, const void *name, unsigned size);
