/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams of the internet's families: what is noted when one comes, and told with it. Linux: ip(7), ipv6(7).
 */
#include "inet_datagram.h"

#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/ip6.h>

bool inet_queue(struct inet_socket *s, struct pbuf *p, const ip_addr_t *from, uint16_t port)
{
	struct inet_datagram *d = datagram_alloc(&s->socket, &s->in, p, sizeof(*d));

	if (!d)
		return false;
	d->from = *from;
	d->to = *ip_current_dest_addr();
	d->port = port;
	d->index = netif_get_index(ip_current_input_netif());
	if (ip_current_is_v6()) {
		d->ttl = IP6H_HOPLIM(ip6_current_header());
		d->tos = IP6H_TC(ip6_current_header());
	} else {
		d->ttl = IPH_TTL(ip4_current_header());
		d->tos = IPH_TOS(ip4_current_header());
	}
	datagram_add(&s->socket, &s->in, &d->datagram);
	return true;
}

void inet_tell(struct socket *socket, const struct datagram *datagram, struct socket_message *message)
{
	const struct inet_socket *s = container_of(socket, struct inet_socket, socket);
	const struct inet_datagram *d = container_of(datagram, struct inet_datagram, datagram);
	int ttl = d->ttl, tos = d->tos;

	address_out(socket->family, &d->from, d->port, &message->address);
	if (s->want_info && IP_IS_V4_VAL(d->to)) {
		struct abi_in_pktinfo info = { .index = d->index, .address = ip4_addr_get_u32(ip_2_ip4(&d->to)) };

		info.local = info.address;
		socket_tell(message, SOL_IP, IP_PKTINFO, &info, sizeof(info));
	}
	if (s->want_ttl && IP_IS_V4_VAL(d->to))
		socket_tell(message, SOL_IP, IP_TTL_OPTION, &ttl, sizeof(ttl));
	if (s->want_tos && IP_IS_V4_VAL(d->to))
		socket_tell(message, SOL_IP, IP_TOS_OPTION, &d->tos, sizeof(d->tos));
	if (s->want_info6) {
		struct abi_in6_pktinfo info = { .index = d->index };
		struct socket_address to;

		address_out(AF_INET6, &d->to, 0, &to);
		memcpy(info.address, to.abi.in6.address, sizeof(info.address));
		socket_tell(message, SOL_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	}
	if (s->want_hops6)
		socket_tell(message, SOL_IPV6, IPV6_HOPLIMIT, &ttl, sizeof(ttl));
	if (s->want_class6)
		socket_tell(message, SOL_IPV6, IPV6_TCLASS_OPTION, &tos, sizeof(tos));
}

/* ---- what a program says beside a message ---- */

static int number_in(const struct socket_ancillary *a, int limit, int *out)
{
	int number = a->data[0];

	if (a->size >= sizeof(number))
		memcpy(&number, a->data, sizeof(number));
	else if (!a->size)
		return -EINVAL;
	if (number < 0 || number > limit)
		return -EINVAL;
	*out = number;
	return 0;
}

static int index_in(uint32_t index, struct inet_route *route)
{
	if (!index)
		return 0;
	route->netif = index < 256 ? netif_get_by_index((u8_t)index) : NULL;
	return route->netif ? 0 : -ENODEV;
}

static int info_in(const struct socket_ancillary *a, struct inet_route *route)
{
	struct abi_in_pktinfo info;

	if (a->size != sizeof(info))
		return -EINVAL;
	memcpy(&info, a->data, sizeof(info));
	if (info.local) {
		ip_addr_set_ip4_u32(&route->source, info.local);
		route->has_source = true;
	}
	return index_in(info.index, route);
}

static int info6_in(const struct socket_ancillary *a, struct inet_route *route)
{
	struct socket_address address = { .len = sizeof(address.abi.in6), .abi.in6.family = AF_INET6 };
	struct abi_in6_pktinfo info;
	uint16_t port;
	int err;

	if (a->size != sizeof(info))
		return -EINVAL;
	memcpy(&info, a->data, sizeof(info));
	memcpy(address.abi.in6.address, info.address, sizeof(info.address));
	err = address_in(AF_INET6, &address, &route->source, &port);
	route->has_source = !err && !ip_addr_isany(&route->source);
	return err ? err : index_in(info.index, route);
}

int inet_route_in(const struct socket_message *message, struct inet_route *route)
{
	int err = 0;

	*route = (struct inet_route){ .ttl = -1, .tos = -1 };
	for (unsigned i = 0; i < message->control.ancillary_count && !err; i++) {
		const struct socket_ancillary *a = &message->control.ancillary[i];

		if (a->level == SOL_IP && a->type == IP_PKTINFO)
			err = info_in(a, route);
		else if (a->level == SOL_IP && a->type == IP_TTL_OPTION)
			err = number_in(a, 255, &route->ttl);
		else if (a->level == SOL_IP && a->type == IP_TOS_OPTION)
			err = number_in(a, 255, &route->tos);
		else if (a->level == SOL_IPV6 && a->type == IPV6_PKTINFO)
			err = info6_in(a, route);
		else if (a->level == SOL_IPV6 && a->type == IPV6_HOPLIMIT)
			err = number_in(a, 255, &route->ttl);
		else if (a->level == SOL_IPV6 && a->type == IPV6_TCLASS_OPTION)
			err = number_in(a, 255, &route->tos);
		else if (a->level == SOL_IP || a->level == SOL_IPV6)
			err = -EINVAL;
	}
	return err;
}

int inet_message_in(struct socket_message *message, pbuf_layer layer, struct inet_route *route, struct pbuf **out)
{
	size_t len = message->io.remaining;
	struct pbuf *p;
	int err;

	net_lock();
	err = inet_route_in(message, route);
	p = err ? NULL : pbuf_alloc(layer, (u16_t)len, PBUF_RAM);
	net_unlock();
	if (!p)
		return err ? err : -ENOBUFS;
	*out = p;
	if (!len || io_get(&message->io, p->payload, len) == (ssize_t)len)
		return 0;
	net_lock();
	pbuf_free(p);
	net_unlock();
	return -EFAULT;
}

void inet_allow_broadcast(struct inet_socket *s)
{
	if (s->socket.broadcast)
		ip_set_option(s->pcb, SOF_BROADCAST);
	else
		ip_reset_option(s->pcb, SOF_BROADCAST);
}

int inet_sent(const struct inet_socket *s, err_t err)
{
	if (err == ERR_VAL)
		return s->socket.broadcast ? -EINVAL : -EACCES;
	return error_of(err);
}
