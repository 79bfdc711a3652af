/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UDP sockets: datagrams wait in the order in which they came, as many as the receive buffer holds.
 */
#include "inet_datagram.h"

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <lwip/udp.h>

#define DATAGRAM_MAX (65535 - 8 - 20)

OBJECT_TYPE(udp_socket);

/* lwIP's is at pcb of what UDP and raw sockets have in common. */
struct udp_socket {
	struct inet_socket inet;
	struct udp_pcb *pcb;
	bool write_shut;
};

static const struct socket_ops udp_ops;

static struct udp_socket *udp_socket_of(struct socket *socket)
{
	return container_of(socket, struct udp_socket, inet.socket);
}

/* ---- in ---- */

static void received(void *arg, struct udp_pcb *pcb UNUSED, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
	struct udp_socket *u = arg;

	if (!inet_queue(&u->inet, p, from, port))
		pbuf_free(p);
}

void udp_socket_error(struct udp_pcb *pcb, int error)
{
	struct udp_socket *u = pcb->recv == received ? pcb->recv_arg : NULL;

	if (u)
		socket_set_error(&u->inet.socket, error);
}

static ssize_t udp_receive(struct socket *socket, struct socket_message *message)
{
	return datagram_receive(socket, &udp_socket_of(socket)->inet.in, message);
}

static size_t udp_readable(struct socket *socket)
{
	return datagram_readable(&udp_socket_of(socket)->inet.in);
}

/* ---- out ---- */

/* Those need an option, wherever they would go. */
static bool is_limited_broadcast(const ip_addr_t *address)
{
	return IP_IS_V4(address) && ip4_addr_get_u32(ip_2_ip4(address)) == IPADDR_BROADCAST;
}

/* As the message wants it, or as the socket has it. Network's lock. */
static err_t send_by(struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *to, uint16_t port,
		     const struct inet_route *route)
{
	struct netif *netif = route->netif;
	uint8_t ttl = pcb->ttl, tos = pcb->tos, multicast_ttl = pcb->mcast_ttl;
	err_t err;

	if (route->ttl >= 0)
		pcb->ttl = pcb->mcast_ttl = (uint8_t)route->ttl;
	if (route->tos >= 0)
		pcb->tos = (uint8_t)route->tos;
	if (!netif && route->has_source)
		netif = ip_route(&route->source, to);
	if (route->has_source)
		err = netif ? udp_sendto_if_src(pcb, p, to, port, netif, &route->source) : ERR_RTE;
	else
		err = netif ? udp_sendto_if(pcb, p, to, port, netif) : udp_sendto(pcb, p, to, port);
	pcb->ttl = ttl;
	pcb->tos = tos;
	pcb->mcast_ttl = multicast_ttl;
	return err;
}

/* Network's lock; p has the bytes. */
static int send_to(struct udp_socket *u, struct pbuf *p, const ip_addr_t *to, uint16_t port,
		   const struct inet_route *route)
{
	err_t err;

	if (u->write_shut)
		return -EPIPE;
	inet_allow_broadcast(&u->inet);
	if (!to && !(u->pcb->flags & UDP_FLAGS_CONNECTED))
		return -EDESTADDRREQ;
	if (to && is_limited_broadcast(to) && !u->inet.socket.broadcast)
		return -EACCES;
	if (route->has_source && !address_is_local(&route->source))
		return -EINVAL;
	if (to)
		err = port ? send_by(u->pcb, p, to, port, route) : ERR_ARG;
	else
		err = send_by(u->pcb, p, &u->pcb->remote_ip, u->pcb->remote_port, route);
	return inet_sent(&u->inet, err);
}

static ssize_t udp_send_message(struct socket *socket, struct socket_message *message)
{
	struct udp_socket *u = udp_socket_of(socket);
	size_t len = message->io.remaining;
	bool has_address = message->address.len;
	ip_addr_t to;
	struct inet_route route;
	uint16_t port = 0;
	struct pbuf *p;
	int err = socket_take_error(socket);

	if (!err && has_address)
		err = address_in(socket->family, &message->address, &to, &port);
	if (err)
		return err;
	if (len > DATAGRAM_MAX)
		return -EMSGSIZE;
	err = inet_message_in(message, PBUF_TRANSPORT, &route, &p);
	if (err)
		return err;
	net_lock();
	err = send_to(u, p, has_address ? &to : NULL, port, &route);
	pbuf_free(p);
	net_unlock();
	return err ? err : (ssize_t)len;
}

/* ---- names ---- */

static int udp_bind_socket(struct socket *socket, const struct socket_address *from)
{
	struct udp_socket *u = udp_socket_of(socket);
	ip_addr_t address;
	uint16_t port;
	int err = address_in(socket->family, from, &address, &port);

	if (err)
		return err;
	net_lock();
	if (socket->reuse_address || socket->reuse_port)
		ip_set_option(u->pcb, SOF_REUSEADDR);
	err = u->pcb->local_port ? -EINVAL : address_may_bind(&address, port);
	if (!err)
		err = error_of(udp_bind(u->pcb, &address, port));
	net_unlock();
	return err;
}

static int udp_connect_socket(struct socket *socket, const struct socket_address *from, bool nonblock UNUSED)
{
	struct udp_socket *u = udp_socket_of(socket);
	ip_addr_t address;
	uint16_t port;
	int err = 0;

	if (from->abi.family != AF_UNSPEC)
		err = address_in(socket->family, from, &address, &port);
	if (err)
		return err;
	net_lock();
	if (from->abi.family == AF_UNSPEC) {
		udp_disconnect(u->pcb);
	} else if (is_limited_broadcast(&address) && !socket->broadcast) {
		err = -EACCES;
	} else if (!ip_addr_isany(&address) && !ip_route(&u->pcb->local_ip, &address)) {
		err = -ENETUNREACH;
	} else {
		if (ip_addr_isany(&address))
			ip_addr_set_loopback_val(IP_IS_V6_VAL(address), address);
		err = error_of(udp_connect(u->pcb, &address, port));
		/* What one is connected to decides from where one sends. */
		if (!err && ip_addr_isany(&u->pcb->local_ip)) {
			struct netif *netif = ip_route(&u->pcb->local_ip, &address);
			const ip_addr_t *local = netif ? ip_netif_get_local_ip(netif, &address) : NULL;

			if (local)
				u->pcb->local_ip = *local;
		}
	}
	net_unlock();
	return err;
}

static int udp_name(struct socket *socket, bool peer, struct socket_address *to)
{
	struct udp_socket *u = udp_socket_of(socket);
	int err = 0;

	net_lock();
	if (peer && !(u->pcb->flags & UDP_FLAGS_CONNECTED))
		err = -ENOTCONN;
	else if (peer)
		address_out(socket->family, &u->pcb->remote_ip, u->pcb->remote_port, to);
	else
		address_out(socket->family, &u->pcb->local_ip, u->pcb->local_port, to);
	net_unlock();
	return err;
}

static int udp_shutdown(struct socket *socket, int how)
{
	struct udp_socket *u = udp_socket_of(socket);
	bool connected;

	net_lock();
	connected = u->pcb->flags & UDP_FLAGS_CONNECTED;
	if (connected && how != SHUT_WR)
		atomic_store(&u->inet.in.shut, true);
	if (connected && how != SHUT_RD)
		u->write_shut = true;
	net_unlock();
	wake_all(&socket->readers);
	return connected ? 0 : -ENOTCONN;
}

/* ---- the rest ---- */

static int udp_set_option(struct socket *socket, int level, int name, const void *value, unsigned size)
{
	return inet_set_option(&udp_socket_of(socket)->inet, level, name, value, size);
}

static int udp_get_option(struct socket *socket, int level, int name, void *value, unsigned *size)
{
	return inet_get_option(&udp_socket_of(socket)->inet, level, name, value, size);
}

static unsigned udp_poll(struct socket *socket)
{
	return datagram_poll(&udp_socket_of(socket)->inet.in);
}

static void udp_release(struct socket *socket)
{
	struct udp_socket *u = udp_socket_of(socket);

	net_lock();
	udp_remove(u->pcb);
	inet_socket_free(&u->inet);
	net_unlock();
	object_count_add(&object_type_udp_socket, -1);
	heap_free(u);
}

static const struct socket_ops udp_ops = {
	.bind = udp_bind_socket,
	.connect = udp_connect_socket,
	.name = udp_name,
	.send = udp_send_message,
	.receive = udp_receive,
	.shutdown = udp_shutdown,
	.set_option = udp_set_option,
	.get_option = udp_get_option,
	.poll = udp_poll,
	.readable = udp_readable,
	.release = udp_release,
};

int inet_udp_create(int family, struct socket **out)
{
	struct udp_socket *u = heap_zalloc(sizeof(*u));

	if (!u)
		return -ENOMEM;
	socket_init(&u->inet.socket, &udp_ops, family, SOCK_DGRAM, IPPROTO_UDP);
	datagram_queue_init(&u->inet.in, inet_tell);
	net_lock();
	u->pcb = udp_new_ip_type(family == AF_INET ? IPADDR_TYPE_V4 : IPADDR_TYPE_ANY);
	if (u->pcb) {
		u->inet.pcb = (struct ip_pcb *)u->pcb;
		u->inet.multicast_ttl = &u->pcb->mcast_ttl;
		u->inet.multicast_index = &u->pcb->mcast_ifindex;
		u->inet.flags = &u->pcb->flags;
		u->inet.loop_flag = UDP_FLAGS_MULTICAST_LOOP;
		u->pcb->flags |= UDP_FLAGS_MULTICAST_LOOP;
		u->pcb->mcast_ttl = 1;
		udp_recv(u->pcb, received, u);
	}
	net_unlock();
	if (!u->pcb) {
		heap_free(u);
		return -ENOBUFS;
	}
	object_count_add(&object_type_udp_socket, 1);
	*out = &u->inet.socket;
	return 0;
}
