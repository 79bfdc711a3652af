/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UDP sockets: datagrams wait in the order in which they came, as many as the receive buffer holds.
 */
#include "stack.h"

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <lwip/udp.h>

#define DATAGRAM_MAX (65535 - 8 - 20)
#define OVERHEAD 128	/* what a datagram costs besides its bytes */

OBJECT_TYPE(udp_socket);

struct datagram {
	struct list node;
	struct pbuf *p;
	ip_addr_t from;
	uint16_t port;
};

struct udp_socket {
	struct socket socket;
	struct udp_pcb *pcb;
	struct list datagrams;	/* network's lock */
	size_t bytes;		/* that they cost */
	unsigned count;		/* atomic */
	bool read_shut, write_shut;
};

static const struct socket_ops udp_ops;

static struct udp_socket *udp_socket_of(struct socket *socket)
{
	return container_of(socket, struct udp_socket, socket);
}

/* ---- in ---- */

static void received(void *arg, struct udp_pcb *pcb UNUSED, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
	struct udp_socket *u = arg;
	size_t cost = p->tot_len + OVERHEAD;
	struct datagram *d = u->bytes + cost <= u->socket.receive_buffer && !u->read_shut ? heap_alloc(sizeof(*d))
											  : NULL;

	if (!d) {
		pbuf_free(p);
		return;
	}
	*d = (struct datagram){ .p = p, .from = *from, .port = port };
	list_append(&u->datagrams, &d->node);
	u->bytes += cost;
	atomic_store(&u->count, u->count + 1);
	wake_all(&u->socket.readers);
}

/* Network's lock. */
static void datagram_free(struct udp_socket *u, struct datagram *d)
{
	u->bytes -= d->p->tot_len + OVERHEAD;
	pbuf_free(d->p);
	heap_free(d);
}

/* The first one, taken off; NULL. Network's lock. */
static struct datagram *take(struct udp_socket *u)
{
	struct datagram *d;

	if (list_empty(&u->datagrams))
		return NULL;
	d = list_first(&u->datagrams, struct datagram, node);
	list_remove(&d->node);
	atomic_store(&u->count, u->count - 1);
	return d;
}

static bool can_read(void *arg)
{
	struct udp_socket *u = arg;

	return atomic_load(&u->count) || atomic_load(&u->read_shut) || atomic_load(&u->socket.error);
}

static ssize_t copy_out(const struct datagram *d, struct io *io)
{
	ssize_t total = 0;

	for (const struct pbuf *p = d->p; p && io->remaining; p = p->next) {
		size_t len = min((size_t)p->len, io->remaining);
		ssize_t n = io_put(io, p->payload, len);

		if (n != (ssize_t)len)
			return -EFAULT;
		total += n;
	}
	return total;
}

static ssize_t give(struct udp_socket *u, struct datagram *d, struct socket_message *message)
{
	size_t len = d->p->tot_len;
	ssize_t n = copy_out(d, &message->io);

	address_out(u->socket.family, &d->from, d->port, &message->address);
	if (n >= 0 && (size_t)n < len) {
		message->result_flags |= MSG_TRUNC;
		if (message->flags & MSG_TRUNC)
			n = (ssize_t)len;
	}
	return n;
}

static ssize_t udp_receive(struct socket *socket, struct socket_message *message)
{
	struct udp_socket *u = udp_socket_of(socket);
	struct datagram *d;
	ssize_t n;

	for (;;) {
		int err = socket_take_error(socket);

		if (err)
			return err;
		net_lock();
		d = take(u);
		net_unlock();
		if (d)
			break;
		if (atomic_load(&u->read_shut))
			return 0;
		err = message->nonblock ? -EAGAIN : socket_wait_readable(socket, can_read, u);
		if (err)
			return err;
	}
	n = give(u, d, message);
	net_lock();
	if (message->flags & MSG_PEEK) {
		list_push(&u->datagrams, &d->node);
		atomic_store(&u->count, u->count + 1);
	} else {
		datagram_free(u, d);
	}
	net_unlock();
	return n;
}

static size_t udp_readable(struct socket *socket)
{
	struct udp_socket *u = udp_socket_of(socket);
	size_t len = 0;

	net_lock();
	if (!list_empty(&u->datagrams))
		len = list_first(&u->datagrams, struct datagram, node)->p->tot_len;
	net_unlock();
	return len;
}

/* ---- out ---- */

/* Network's lock; p has the bytes. */
static int send_to(struct udp_socket *u, struct pbuf *p, const ip_addr_t *to, uint16_t port)
{
	err_t err;

	if (u->write_shut)
		return -EPIPE;
	if (u->socket.broadcast)
		ip_set_option(u->pcb, SOF_BROADCAST);
	else
		ip_reset_option(u->pcb, SOF_BROADCAST);
	if (to)
		err = port ? udp_sendto(u->pcb, p, to, port) : ERR_ARG;
	else
		err = u->pcb->flags & UDP_FLAGS_CONNECTED ? udp_send(u->pcb, p) : ERR_CONN;
	if (err == ERR_CONN)
		return -EDESTADDRREQ;
	if (err == ERR_VAL)
		return u->socket.broadcast ? -EINVAL : -EACCES;
	return error_of(err);
}

static ssize_t udp_send_message(struct socket *socket, struct socket_message *message)
{
	struct udp_socket *u = udp_socket_of(socket);
	size_t len = message->io.remaining;
	bool has_address = message->address.len;
	ip_addr_t to;
	uint16_t port;
	struct pbuf *p;
	int err = has_address ? address_in(socket->family, &message->address, &to, &port) : 0;

	if (err)
		return err;
	if (len > DATAGRAM_MAX)
		return -EMSGSIZE;
	net_lock();
	p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
	net_unlock();
	if (!p)
		return -ENOBUFS;
	if (len && io_get(&message->io, p->payload, len) != (ssize_t)len)
		err = -EFAULT;
	net_lock();
	if (!err)
		err = send_to(u, p, has_address ? &to : NULL, port);
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
	if (u->pcb->local_port)
		err = -EINVAL;
	else
		err = address_is_local(&address) ? error_of(udp_bind(u->pcb, &address, port)) : -EADDRNOTAVAIL;
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
		atomic_store(&u->read_shut, true);
	if (connected && how != SHUT_RD)
		u->write_shut = true;
	net_unlock();
	wake_all(&socket->readers);
	return connected ? 0 : -ENOTCONN;
}

/* ---- the rest ---- */

static int udp_set_option(struct socket *socket, int level, int name, const void *value, unsigned size)
{
	struct udp_socket *u = udp_socket_of(socket);
	int number = 0, err = 0;

	if (size < sizeof(number))
		return -EINVAL;
	memcpy(&number, value, sizeof(number));
	net_lock();
	if (level == SOL_IP && name == IP_TTL_OPTION)
		u->pcb->ttl = number > 0 && number < 256 ? (u8_t)number : UDP_TTL;
	else if (level == SOL_IP && name == IP_TOS_OPTION)
		u->pcb->tos = (u8_t)number;
	else if (level == SOL_IPV6 && name == IPV6_V6ONLY_OPTION)
		IP_SET_TYPE_VAL(u->pcb->local_ip, number ? IPADDR_TYPE_V6 : IPADDR_TYPE_ANY);
	else if (!(level == SOL_IP && (name == IP_RECVERR || name == IP_MTU_DISCOVER)))
		err = -ENOPROTOOPT;
	net_unlock();
	return err;
}

static unsigned udp_poll(struct socket *socket)
{
	struct udp_socket *u = udp_socket_of(socket);
	unsigned events = POLLOUT | POLLWRNORM;

	if (atomic_load(&u->count))
		events |= POLLIN | POLLRDNORM;
	if (atomic_load(&u->read_shut))
		events |= POLLIN | POLLRDNORM | POLLRDHUP;
	return events;
}

static void udp_release(struct socket *socket)
{
	struct udp_socket *u = udp_socket_of(socket);
	struct datagram *d;

	net_lock();
	udp_remove(u->pcb);
	while ((d = take(u)))
		datagram_free(u, d);
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
	.poll = udp_poll,
	.readable = udp_readable,
	.release = udp_release,
};

int inet_udp_create(int family, struct socket **out)
{
	struct udp_socket *u = heap_zalloc(sizeof(*u));

	if (!u)
		return -ENOMEM;
	socket_init(&u->socket, &udp_ops, family, SOCK_DGRAM, IPPROTO_UDP);
	list_init(&u->datagrams);
	net_lock();
	u->pcb = udp_new_ip_type(family == AF_INET ? IPADDR_TYPE_V4 : IPADDR_TYPE_ANY);
	if (u->pcb)
		udp_recv(u->pcb, received, u);
	net_unlock();
	if (!u->pcb) {
		heap_free(u);
		return -ENOBUFS;
	}
	object_count_add(&object_type_udp_socket, 1);
	*out = &u->socket;
	return 0;
}
