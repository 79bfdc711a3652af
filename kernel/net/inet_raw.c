/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Raw sockets, which see every packet of a protocol and send their own, and ping sockets (SOCK_DGRAM, ICMP), which see
 * the answers to their own echo requests. Linux: raw(7), icmp(7); RFC 3542.
 */
#include "inet_datagram.h"

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <lwip/inet_chksum.h>
#include <lwip/prot/icmp.h>
#include <lwip/prot/icmp6.h>
#include <lwip/raw.h>

#define PACKET_MAX (65535 - 40)
#define CHECKSUM_AT 2		/* of ICMP and ICMPv6 */
#define ICMP_FILTER 1		/* of level SOL_RAW */
#define ICMP6_FILTER 1		/* of level SOL_ICMPV6 */
#define SOL_RAW 255
#define SOL_ICMPV6 58

OBJECT_TYPE(raw_socket);

struct raw_socket {
	struct inet_socket inet;
	struct raw_pcb *pcb;
	struct list node;	/* a ping socket's, among all of them */
	bool ping;
	uint16_t id;		/* a ping socket's, in network order; 0: none yet */
	uint32_t filter[8];	/* types that are not wanted, a bit each */
	bool write_shut;
};

static struct list pings = LIST_INIT(pings);	/* network's lock */

static struct raw_socket *raw_socket_of(struct socket *socket)
{
	return container_of(socket, struct raw_socket, inet.socket);
}

static bool is_icmp(const struct raw_socket *r)
{
	return r->pcb->protocol == IPPROTO_ICMP || r->pcb->protocol == IPPROTO_ICMPV6;
}

/* ---- in ---- */

static bool is_unwanted(const struct raw_socket *r, uint8_t type)
{
	/* ICMP's filter has 32 types, and lets the others through. */
	if (r->pcb->protocol == IPPROTO_ICMP && type >= 32)
		return false;
	return r->filter[type / 32] & 1u << type % 32;
}

/* An answer to one of its requests, whole. copy is at the ICMP header. */
static bool is_own_answer(const struct raw_socket *r, const struct pbuf *copy)
{
	struct icmp_echo_hdr echo;
	bool v6 = r->inet.socket.family == AF_INET6;

	if (pbuf_copy_partial(copy, &echo, sizeof(echo), 0) != sizeof(echo))
		return false;
	return echo.type == (v6 ? ICMP6_TYPE_EREP : ICMP_ER) && r->id && echo.id == r->id &&
	       (v6 || !inet_chksum_pbuf((struct pbuf *)copy));
}

/* IPv4's raw sockets are given the header too. */
static u8_t received(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *from)
{
	struct raw_socket *r = arg;
	uint16_t header = ip_current_header_tot_len();
	struct pbuf *copy;
	uint8_t type = 0;

	if (pcb->protocol == IPPROTO_RAW)
		return 0;
	if (is_icmp(r) && (pbuf_copy_partial(p, &type, 1, header) != 1 || is_unwanted(r, type)))
		return 0;
	copy = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
	if (!copy)
		return 0;
	if ((r->ping || r->inet.socket.family == AF_INET6) && pbuf_remove_header(copy, header))
		goto drop;
	if (r->ping && !is_own_answer(r, copy))
		goto drop;
	if (inet_queue(&r->inet, copy, from, 0))
		return 0;
drop:
	pbuf_free(copy);
	return 0;
}

static ssize_t raw_receive(struct socket *socket, struct socket_message *message)
{
	return datagram_receive(socket, &raw_socket_of(socket)->inet.in, message);
}

static size_t raw_readable(struct socket *socket)
{
	return datagram_readable(&raw_socket_of(socket)->inet.in);
}

/* ---- out ---- */

/* What a program that brings its own header leaves to the kernel: raw(7). */
static int complete_header(struct pbuf *p, const ip_addr_t *source)
{
	struct ip_hdr *ip = p->payload;

	if (p->len < IP_HLEN || IPH_HL_BYTES(ip) < IP_HLEN || IPH_HL_BYTES(ip) > p->len)
		return -EINVAL;
	IPH_LEN_SET(ip, lwip_htons(p->tot_len));
	if (!ip->src.addr)
		ip->src.addr = ip4_addr_get_u32(ip_2_ip4(source));
	IPH_CHKSUM_SET(ip, 0);
	IPH_CHKSUM_SET(ip, inet_chksum(ip, IPH_HL_BYTES(ip)));
	return 0;
}

static bool id_is_used(uint16_t id)
{
	list_foreach(&pings, struct raw_socket, node, r) {
		if (r->id == id)
			return true;
	}
	return false;
}

/* An identifier of its own, when it has none. */
static int choose_id(struct raw_socket *r)
{
	for (unsigned try = 0; try < 64 && !r->id; try++) {
		uint16_t id = (uint16_t)LWIP_RAND();

		if (id && !id_is_used(id))
			r->id = id;
	}
	return r->id ? 0 : -EADDRINUSE;
}

/* A ping socket sends echo requests only, under its own identifier. */
static int complete_echo(struct raw_socket *r, struct pbuf *p)
{
	struct icmp_echo_hdr *echo = p->payload;
	bool v6 = r->inet.socket.family == AF_INET6;
	int err;

	if (p->len < sizeof(*echo) || echo->type != (v6 ? ICMP6_TYPE_EREQ : ICMP_ECHO) || echo->code)
		return -EINVAL;
	err = choose_id(r);
	if (err)
		return err;
	echo->id = r->id;
	echo->chksum = 0;
	if (!v6)
		echo->chksum = inet_chksum_pbuf(p);
	return 0;
}

static err_t send_by(struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *to, struct netif *netif,
		     const ip_addr_t *source, const struct inet_route *route)
{
	uint8_t ttl = pcb->ttl, tos = pcb->tos, multicast_ttl = pcb->mcast_ttl;
	err_t err;

	if (route->ttl >= 0)
		pcb->ttl = pcb->mcast_ttl = (uint8_t)route->ttl;
	if (route->tos >= 0)
		pcb->tos = (uint8_t)route->tos;
	err = raw_sendto_if_src(pcb, p, to, netif, source);
	pcb->ttl = ttl;
	pcb->tos = tos;
	pcb->mcast_ttl = multicast_ttl;
	return err;
}

static struct netif *way_to(const struct raw_pcb *pcb, const ip_addr_t *to, const struct inet_route *route)
{
	if (route->netif)
		return route->netif;
	if (pcb->netif_idx != NETIF_NO_INDEX)
		return netif_get_by_index(pcb->netif_idx);
	if (ip_addr_ismulticast(to) && pcb->mcast_ifindex)
		return netif_get_by_index(pcb->mcast_ifindex);
	return ip_route(route->has_source ? &route->source : &pcb->local_ip, to);
}

/* Network's lock; p has the bytes. */
static int send_to(struct raw_socket *r, struct pbuf *p, const ip_addr_t *to, const struct inet_route *route)
{
	const ip_addr_t *source = &r->pcb->local_ip;
	struct netif *netif;
	int err = 0;

	if (r->write_shut)
		return -EPIPE;
	inet_allow_broadcast(&r->inet);
	netif = way_to(r->pcb, to, route);
	if (!netif)
		return -ENETUNREACH;
	if (route->has_source)
		source = &route->source;
	else if (ip_addr_isany(source))
		source = ip_netif_get_local_ip(netif, to);
	if (!source)
		return -ENETUNREACH;
	if (r->pcb->flags & RAW_FLAGS_HDRINCL)
		err = complete_header(p, source);
	else if (r->ping)
		err = complete_echo(r, p);
	else if (r->pcb->chksum_reqd && p->len < r->pcb->chksum_offset + sizeof(uint16_t))
		err = -EINVAL;
	if (err)
		return err;
	/* What the program left in the field is not part of the sum. */
	if (r->pcb->chksum_reqd)
		memset((char *)p->payload + r->pcb->chksum_offset, 0, sizeof(uint16_t));
	return inet_sent(&r->inet, send_by(r->pcb, p, to, netif, source, route));
}

static ssize_t raw_send_message(struct socket *socket, struct socket_message *message)
{
	struct raw_socket *r = raw_socket_of(socket);
	size_t len = message->io.remaining;
	struct inet_route route;
	ip_addr_t to;
	uint16_t port;
	struct pbuf *p;
	int err = 0;

	if (message->address.len)
		err = address_in(socket->family, &message->address, &to, &port);
	else if (r->pcb->flags & RAW_FLAGS_CONNECTED)
		to = r->pcb->remote_ip;
	else
		err = -EDESTADDRREQ;
	if (err)
		return err;
	if (len > PACKET_MAX)
		return -EMSGSIZE;
	err = inet_message_in(message, PBUF_IP, &route, &p);
	if (err)
		return err;
	net_lock();
	err = send_to(r, p, &to, &route);
	pbuf_free(p);
	net_unlock();
	return err ? err : (ssize_t)len;
}

/* ---- names ---- */

/* A ping socket's port is its identifier. */
static int raw_bind_socket(struct socket *socket, const struct socket_address *from)
{
	struct raw_socket *r = raw_socket_of(socket);
	ip_addr_t address;
	uint16_t port;
	int err = address_in(socket->family, from, &address, &port);

	if (err)
		return err;
	net_lock();
	if (!address_is_local(&address))
		err = -EADDRNOTAVAIL;
	else if (r->ping && port && id_is_used(lwip_htons(port)))
		err = -EADDRINUSE;
	else
		err = error_of(raw_bind(r->pcb, &address));
	if (!err && r->ping)
		r->id = lwip_htons(port);
	if (!err && r->ping && !port)
		err = choose_id(r);
	net_unlock();
	return err;
}

static int raw_connect_socket(struct socket *socket, const struct socket_address *from, bool nonblock UNUSED)
{
	struct raw_socket *r = raw_socket_of(socket);
	ip_addr_t address;
	uint16_t port;
	int err = 0;

	if (from->abi.family != AF_UNSPEC)
		err = address_in(socket->family, from, &address, &port);
	if (err)
		return err;
	net_lock();
	if (from->abi.family == AF_UNSPEC)
		raw_disconnect(r->pcb);
	else
		err = error_of(raw_connect(r->pcb, &address));
	if (!err && r->ping)
		err = choose_id(r);
	net_unlock();
	return err;
}

static int raw_name(struct socket *socket, bool peer, struct socket_address *to)
{
	struct raw_socket *r = raw_socket_of(socket);
	int err = 0;

	net_lock();
	if (peer && !(r->pcb->flags & RAW_FLAGS_CONNECTED))
		err = -ENOTCONN;
	else if (peer)
		address_out(socket->family, &r->pcb->remote_ip, 0, to);
	else
		address_out(socket->family, &r->pcb->local_ip,
			    r->ping                     ? lwip_ntohs(r->id)
			    : socket->family == AF_INET ? r->pcb->protocol
							: 0,
			    to);
	net_unlock();
	return err;
}

static int raw_shutdown(struct socket *socket, int how)
{
	struct raw_socket *r = raw_socket_of(socket);
	bool connected;

	net_lock();
	connected = r->pcb->flags & RAW_FLAGS_CONNECTED;
	if (connected && how != SHUT_WR)
		atomic_store(&r->inet.in.shut, true);
	if (connected && how != SHUT_RD)
		r->write_shut = true;
	net_unlock();
	wake_all(&socket->readers);
	return connected ? 0 : -ENOTCONN;
}

/* ---- options ---- */

static int set_header_included(struct raw_socket *r, bool on)
{
	if (r->inet.socket.family != AF_INET || r->ping)
		return -ENOPROTOOPT;
	net_lock();
	r->pcb->flags = (u8_t)(on ? r->pcb->flags | RAW_FLAGS_HDRINCL : r->pcb->flags & ~RAW_FLAGS_HDRINCL);
	net_unlock();
	return 0;
}

/* Where a protocol over IPv6 has its checksum (RFC 3542, 3.1); -1: it is the program's own business. */
static int set_checksum(struct raw_socket *r, int offset)
{
	if (r->pcb->protocol == IPPROTO_ICMPV6)
		return offset == CHECKSUM_AT ? 0 : -EINVAL;
	if (offset > 65534 || (offset > 0 && offset & 1))
		return -EINVAL;
	net_lock();
	r->pcb->chksum_reqd = offset >= 0;
	r->pcb->chksum_offset = offset < 0 ? 0 : (u16_t)offset;
	net_unlock();
	return 0;
}

static bool is_filter(const struct raw_socket *r, int level, int name)
{
	return (level == SOL_RAW && name == ICMP_FILTER && r->pcb->protocol == IPPROTO_ICMP) ||
	       (level == SOL_ICMPV6 && name == ICMP6_FILTER && r->pcb->protocol == IPPROTO_ICMPV6);
}

static int raw_set_option(struct socket *socket, int level, int name, const void *value, unsigned size)
{
	struct raw_socket *r = raw_socket_of(socket);
	int number = 0;

	if (size >= sizeof(number))
		memcpy(&number, value, sizeof(number));
	if (level == SOL_IP && name == IP_HDRINCL_OPTION)
		return size < sizeof(number) ? -EINVAL : set_header_included(r, number);
	if (name == IPV6_CHECKSUM && socket->family == AF_INET6 && (level == SOL_IPV6 || level == SOL_RAW))
		return size < sizeof(number) ? -EINVAL : set_checksum(r, number);
	if (is_filter(r, level, name)) {
		memcpy(r->filter, value, min(size, (unsigned)sizeof(r->filter)));
		return 0;
	}
	return inet_set_option(&r->inet, level, name, value, size);
}

static int raw_get_option(struct socket *socket, int level, int name, void *value, unsigned *size)
{
	struct raw_socket *r = raw_socket_of(socket);
	int number;

	if (is_filter(r, level, name)) {
		*size = min(*size, (unsigned)(level == SOL_RAW ? sizeof(r->filter[0]) : sizeof(r->filter)));
		memcpy(value, r->filter, *size);
		return 0;
	}
	if (level == SOL_IP && name == IP_HDRINCL_OPTION && !r->ping)
		number = !!(r->pcb->flags & RAW_FLAGS_HDRINCL);
	else if (level == SOL_IPV6 && name == IPV6_CHECKSUM && socket->family == AF_INET6)
		number = r->pcb->chksum_reqd ? r->pcb->chksum_offset : -1;
	else
		return inet_get_option(&r->inet, level, name, value, size);
	*size = min(*size, (unsigned)sizeof(number));
	memcpy(value, &number, *size);
	return 0;
}

/* ---- the rest ---- */

static unsigned raw_poll(struct socket *socket)
{
	return datagram_poll(&raw_socket_of(socket)->inet.in);
}

static void raw_release(struct socket *socket)
{
	struct raw_socket *r = raw_socket_of(socket);

	net_lock();
	raw_remove(r->pcb);
	if (r->ping)
		list_remove(&r->node);
	inet_socket_free(&r->inet);
	net_unlock();
	object_count_add(&object_type_raw_socket, -1);
	heap_free(r);
}

static const struct socket_ops raw_ops = {
	.bind = raw_bind_socket,
	.connect = raw_connect_socket,
	.name = raw_name,
	.send = raw_send_message,
	.receive = raw_receive,
	.shutdown = raw_shutdown,
	.set_option = raw_set_option,
	.get_option = raw_get_option,
	.poll = raw_poll,
	.readable = raw_readable,
	.release = raw_release,
};

static void prepare(struct raw_socket *r)
{
	struct raw_pcb *pcb = r->pcb;

	r->inet.pcb = (struct ip_pcb *)pcb;
	r->inet.multicast_ttl = &pcb->mcast_ttl;
	r->inet.multicast_index = &pcb->mcast_ifindex;
	r->inet.flags = &pcb->flags;
	r->inet.loop_flag = RAW_FLAGS_MULTICAST_LOOP;
	pcb->mcast_ttl = 1;
	pcb->flags = RAW_FLAGS_MULTICAST_LOOP;
	if (pcb->protocol == IPPROTO_RAW && r->inet.socket.family == AF_INET)
		pcb->flags |= RAW_FLAGS_HDRINCL;
	if (pcb->protocol == IPPROTO_ICMPV6) {
		pcb->chksum_reqd = 1;
		pcb->chksum_offset = CHECKSUM_AT;
	}
	if (r->ping)
		list_append(&pings, &r->node);
	raw_recv(pcb, received, r);
}

int inet_raw_create(int family, int type, int protocol, struct socket **out)
{
	struct raw_socket *r;

	if (type == SOCK_RAW && !process_capable(CAP_NET_RAW))
		return -EPERM;
	if (protocol <= 0 || protocol > 255)
		return -EPROTONOSUPPORT;
	r = heap_zalloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	socket_init(&r->inet.socket, &raw_ops, family, type, protocol);
	datagram_queue_init(&r->inet.in, inet_tell);
	r->ping = type == SOCK_DGRAM;
	net_lock();
	r->pcb = raw_new_ip_type(family == AF_INET ? IPADDR_TYPE_V4 : IPADDR_TYPE_V6, (u8_t)protocol);
	if (r->pcb)
		prepare(r);
	net_unlock();
	if (!r->pcb) {
		heap_free(r);
		return -ENOBUFS;
	}
	object_count_add(&object_type_raw_socket, 1);
	*out = &r->inet.socket;
	return 0;
}
