/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets of AF_PACKET: frames as interfaces receive and send them. Linux: packet(7).
 */
#include "packet.h"

#include "datagram.h"
#include "filter.h"
#include "interface.h"
#include "packet_ring.h"

#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip.h>

#define HEADER SIZEOF_ETH_HDR
#define VLAN_TAG 4 /* what a frame may be longer by */

OBJECT_TYPE(packet_socket);

struct packet_socket {
	struct socket socket;
	struct list node;
	struct datagram_queue in;
	int index;		/* of the interface; 0: all */
	uint16_t protocol;	/* in network order; 0: none, it is deaf */
	unsigned memberships;
	bool auxdata;
	struct filter *filter;	/* NULL: all are wanted */
	struct packet_ring ring; /* where there is one, nothing is queued */
};

/* What recvfrom() tells beside the bytes. */
struct packet_datagram {
	struct datagram datagram;
	struct abi_sockaddr_ll from;
	uint32_t len;		/* of the frame */
	bool unchecked;		/* its checksum is the device's to make */
};

static struct list packet_sockets = LIST_INIT(packet_sockets);

static struct packet_socket *packet_socket_of(struct socket *socket)
{
	return container_of(socket, struct packet_socket, socket);
}

/* ---- in ---- */

bool packet_wanted(void)
{
	return !list_empty(&packet_sockets);
}

static void fill_interface(struct abi_sockaddr_ll *address, const struct netif *netif)
{
	address->family = AF_PACKET;
	address->index = netif_get_index(netif);
	address->hatype = interface_is_loopback(netif) ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
	address->halen = ETH_HWADDR_LEN;
}

static uint8_t kind_of(const struct netif *netif, const struct eth_hdr *eth, bool outgoing)
{
	static const uint8_t everybody[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (outgoing)
		return PACKET_OUTGOING;
	if (interface_is_loopback(netif) || !memcmp(eth->dest.addr, netif->hwaddr, ETH_HWADDR_LEN))
		return PACKET_HOST;
	if (!memcmp(eth->dest.addr, everybody, sizeof(everybody)))
		return PACKET_BROADCAST;
	return eth->dest.addr[0] & 1 ? PACKET_MULTICAST : PACKET_OTHERHOST;
}

/* A header as loop-back has it on Linux: no addresses, and the type that the packet says. */
static bool header_of(const struct netif *netif, const struct pbuf *p, struct eth_hdr *eth)
{
	uint8_t version;

	if (!interface_is_loopback(netif))
		return pbuf_copy_partial(p, eth, HEADER, 0) == HEADER;
	if (pbuf_copy_partial(p, &version, sizeof(version), 0) != sizeof(version))
		return false;
	*eth = (struct eth_hdr){ .type = version >> 4 == 6 ? PP_HTONS(ETHTYPE_IPV6) : PP_HTONS(ETHTYPE_IP) };
	return true;
}

/* The bytes that a socket of this type reads. */
static struct pbuf *copy_for(const struct packet_socket *s, const struct netif *netif, const struct pbuf *p,
			     const struct eth_hdr *eth)
{
	bool wants_header = s->socket.type == SOCK_RAW, has_header = !interface_is_loopback(netif);
	u16_t skip = !wants_header && has_header ? HEADER : 0, add = wants_header && !has_header ? HEADER : 0;
	u16_t len = (u16_t)(p->tot_len - skip);
	struct pbuf *copy = len + add <= 0xffff ? pbuf_alloc(PBUF_RAW, (u16_t)(len + add), PBUF_RAM) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy->payload, eth, add);
	pbuf_copy_partial(p, (char *)copy->payload + add, len, skip);
	return copy;
}

/* len: of the frame, of which p has what is wanted. */
static bool put_in_ring(struct packet_socket *s, const struct pbuf *p, const struct abi_sockaddr_ll *from, uint32_t len,
			bool unchecked)
{
	uint32_t status = unchecked ? TP_STATUS_CSUMNOTREADY : 0;
	u16_t header = s->socket.type == SOCK_RAW ? HEADER : 0;

	if (s->in.dropped)
		status |= TP_STATUS_LOSING;
	if (!packet_ring_put(&s->ring, p, len, header, from, status, clock_realtime_ns()))
		return false;
	s->in.came++;
	wake_all(&s->socket.readers);
	return true;
}

/* copy: what the socket is to see; it becomes the queue's. */
static bool put_in_queue(struct packet_socket *s, struct pbuf *copy, const struct abi_sockaddr_ll *from, uint32_t len,
			 bool unchecked)
{
	struct packet_datagram *d = datagram_alloc(&s->socket, &s->in, copy, sizeof(*d));

	if (!d)
		return false;
	d->from = *from;
	d->len = len;
	d->unchecked = unchecked;
	datagram_add(&s->socket, &s->in, &d->datagram);
	return true;
}

/* How much of it the socket's filter wants. */
static size_t wanted(const struct packet_socket *s, const struct pbuf *copy, const struct abi_sockaddr_ll *from)
{
	struct filter_packet packet = { .data = copy->payload, .len = copy->tot_len,
					.network = s->socket.type == SOCK_RAW ? HEADER : 0,
					.protocol = lwip_ntohs(from->protocol), .pkttype = from->pkttype,
					.index = (uint32_t)from->index, .hatype = from->hatype };

	return s->filter ? filter_run(s->filter, &packet) : copy->tot_len;
}

static void give_to(struct packet_socket *s, struct netif *netif, const struct pbuf *p, const struct eth_hdr *eth,
		    bool outgoing)
{
	struct abi_sockaddr_ll from = { .protocol = eth->type, .pkttype = kind_of(netif, eth, outgoing) };
	bool unchecked = outgoing && !interface_is_loopback(netif);
	struct pbuf *copy = copy_for(s, netif, p, eth);
	uint32_t len = copy ? copy->tot_len : 0;
	size_t cut;

	if (!copy)
		return;
	fill_interface(&from, netif);
	memcpy(from.address, eth->src.addr, ETH_HWADDR_LEN);
	cut = wanted(s, copy, &from);
	if (cut < len)
		pbuf_realloc(copy, (u16_t)cut);
	if (cut && s->ring.pages) {
		if (!put_in_ring(s, copy, &from, len, unchecked))
			s->in.dropped++;
	} else if (cut && put_in_queue(s, copy, &from, len, unchecked)) {
		return;
	}
	pbuf_free(copy);
}

void packet_seen(struct netif *netif, const struct pbuf *p, bool outgoing)
{
	struct eth_hdr eth;

	if (!header_of(netif, p, &eth))
		return;
	list_foreach(&packet_sockets, struct packet_socket, node, s) {
		bool all = s->protocol == PP_HTONS(ETH_P_ALL);

		if ((!s->index || s->index == netif_get_index(netif)) &&
		    (all || (!outgoing && s->protocol == eth.type)))
			give_to(s, netif, p, &eth, outgoing);
	}
}

/* What loop-back carries is seen here; devices' frames are seen before they are taken apart. */
int net_ip_input(struct pbuf *p, struct netif *input)
{
	if (packet_wanted() && interface_is_loopback(input))
		packet_seen(input, p, false);
	return 0;
}

static void tell(struct socket *socket, const struct datagram *datagram, struct socket_message *message)
{
	const struct packet_datagram *d = container_of(datagram, struct packet_datagram, datagram);
	bool raw = socket->type == SOCK_RAW;

	memcpy(&message->address.abi, &d->from, sizeof(d->from));
	message->address.len = sizeof(d->from);
	if (packet_socket_of(socket)->auxdata) {
		struct abi_tpacket_auxdata aux = { .status = TP_STATUS_USER, .len = d->len };

		if (d->unchecked)
			aux.status |= TP_STATUS_CSUMNOTREADY;
		aux.snaplen = datagram->p->tot_len;
		aux.net = raw ? HEADER : 0;
		socket_tell(message, SOL_PACKET, PACKET_AUXDATA, &aux, sizeof(aux));
	}
}

static ssize_t packet_receive(struct socket *socket, struct socket_message *message)
{
	return datagram_receive(socket, &packet_socket_of(socket)->in, message);
}

static size_t packet_readable(struct socket *socket)
{
	return datagram_readable(&packet_socket_of(socket)->in);
}

static unsigned packet_poll(struct socket *socket)
{
	struct packet_socket *s = packet_socket_of(socket);

	return datagram_poll(&s->in) | (packet_ring_has_frames(&s->ring) ? POLLIN | POLLRDNORM : 0);
}

/* ---- out ---- */

static struct netif *interface_at(int index)
{
	return index > 0 && index < 256 ? netif_get_by_index((u8_t)index) : NULL;
}

/* Loop-back takes what is inside of a frame. */
static int transmit(struct netif *netif, struct pbuf *p)
{
	const struct eth_hdr *eth = p->payload;
	u16_t type = eth->type;

	if (!interface_is_loopback(netif))
		return error_of(netif->linkoutput(netif, p));
	if (type != PP_HTONS(ETHTYPE_IP) && type != PP_HTONS(ETHTYPE_IPV6))
		return 0;
	pbuf_remove_header(p, HEADER);
	return error_of(netif_loop_output(netif, p));
}

static ssize_t packet_send(struct socket *socket, struct socket_message *message)
{
	struct packet_socket *s = packet_socket_of(socket);
	struct abi_sockaddr_ll to = { .index = s->index, .protocol = s->protocol };
	size_t len = message->io.remaining, header = socket->type == SOCK_RAW ? 0 : HEADER;
	struct netif *netif;
	struct eth_hdr *eth;
	struct pbuf *p = NULL;
	int err = 0;

	if (message->address.len) {
		if (message->address.len < sizeof(to) || message->address.abi.family != AF_PACKET)
			return -EINVAL;
		memcpy(&to, &message->address.abi, sizeof(to));
	} else if (header) {
		return -EDESTADDRREQ;
	}
	if (len + header < HEADER)
		return -EINVAL;
	net_lock();
	netif = interface_at(to.index);
	if (!netif)
		err = -ENXIO;
	else if (!netif_is_up(netif))
		err = -ENETDOWN;
	else if (len + header > interface_mtu(netif) + HEADER + VLAN_TAG || len + header > 0xffff)
		err = -EMSGSIZE;
	if (!err)
		p = pbuf_alloc(PBUF_RAW, (u16_t)(len + header), PBUF_RAM);
	net_unlock();
	if (!p)
		return err ? err : -ENOBUFS;
	if (io_get(&message->io, (char *)p->payload + header, len) != (ssize_t)len)
		err = -EFAULT;
	net_lock();
	netif = interface_at(to.index);
	if (header && netif) {
		eth = p->payload;
		memcpy(eth->dest.addr, to.address, ETH_HWADDR_LEN);
		memcpy(eth->src.addr, netif->hwaddr, ETH_HWADDR_LEN);
		eth->type = to.protocol;
	}
	if (!err)
		err = netif ? transmit(netif, p) : -ENXIO;
	pbuf_free(p);
	net_unlock();
	return err ? err : (ssize_t)len;
}

/* ---- names and options ---- */

static int packet_bind(struct socket *socket, const struct socket_address *from)
{
	struct packet_socket *s = packet_socket_of(socket);
	struct abi_sockaddr_ll address;
	int err = 0;

	if (from->len < sizeof(address) || from->abi.family != AF_PACKET)
		return -EINVAL;
	memcpy(&address, &from->abi, sizeof(address));
	net_lock();
	if (address.index && !interface_at(address.index))
		err = -ENODEV;
	if (!err) {
		s->index = address.index;
		if (address.protocol)
			s->protocol = address.protocol;
	}
	net_unlock();
	return err;
}

static int packet_name(struct socket *socket, bool peer, struct socket_address *to)
{
	struct packet_socket *s = packet_socket_of(socket);
	struct abi_sockaddr_ll address = { .family = AF_PACKET, .protocol = s->protocol };
	struct netif *netif;

	if (peer)
		return -EOPNOTSUPP;
	net_lock();
	netif = interface_at(s->index);
	if (netif) {
		fill_interface(&address, netif);
		memcpy(address.address, netif->hwaddr, ETH_HWADDR_LEN);
	}
	net_unlock();
	memcpy(&to->abi, &address, sizeof(address));
	to->len = sizeof(address);
	return 0;
}

/* Devices hand over all that they receive: what is asked for here is only counted, and checked. */
static int change_membership(struct packet_socket *s, bool add, const void *value, unsigned size)
{
	struct abi_packet_mreq request;
	bool exists;

	if (size < sizeof(request))
		return -EINVAL;
	memcpy(&request, value, sizeof(request));
	if (request.alen > sizeof(request.address) || request.type > PACKET_MR_ALLMULTI)
		return -EINVAL;
	net_lock();
	exists = interface_at(request.index);
	net_unlock();
	if (!exists)
		return -ENODEV;
	if (!add && !s->memberships)
		return -EADDRNOTAVAIL;
	s->memberships += add ? 1 : -1u;
	return 0;
}

static int set_ring(struct packet_socket *s, const void *value, unsigned size)
{
	struct abi_tpacket_req request;
	int err;

	if (size < sizeof(request))
		return -EINVAL;
	memcpy(&request, value, sizeof(request));
	net_lock();
	err = packet_ring_set(&s->ring, &request);
	/* What is queued would never be seen again. */
	if (!err)
		datagram_queue_free(&s->in);
	net_unlock();
	return err;
}

/* NULL takes it away. */
static int set_filter(struct packet_socket *s, const void *value, unsigned size)
{
	struct abi_sock_fprog program;
	struct filter *filter = NULL, *old;
	int err = 0;

	if (value && size < sizeof(program))
		return -EINVAL;
	if (value) {
		memcpy(&program, value, sizeof(program));
		err = filter_create(&program, &filter);
	}
	if (err)
		return err;
	net_lock();
	old = s->filter;
	s->filter = filter;
	net_unlock();
	if (!value && !old)
		return -ENOENT;
	if (old)
		filter_free(old);
	return 0;
}

static int set_number(struct packet_socket *s, int name, int number)
{
	switch (name) {
	case PACKET_AUXDATA: s->auxdata = number; return 0;
	case PACKET_VERSION: return number == TPACKET_V2 ? 0 : -EINVAL;
	case PACKET_RESERVE:
		if (s->ring.pages)
			return -EBUSY;
		if (number < 0 || number > (int)PAGE_SIZE)
			return -EINVAL;
		s->ring.reserve = (uint32_t)number;
		return 0;
	default: return -ENOPROTOOPT;
	}
}

static int packet_set_option(struct socket *socket, int level, int name, const void *value, unsigned size)
{
	struct packet_socket *s = packet_socket_of(socket);
	int number;

	if (level == SOL_SOCKET && (name == SO_ATTACH_FILTER || name == SO_DETACH_FILTER))
		return set_filter(s, name == SO_ATTACH_FILTER ? value : NULL, size);
	if (level != SOL_PACKET)
		return -ENOPROTOOPT;
	if (name == PACKET_ADD_MEMBERSHIP || name == PACKET_DROP_MEMBERSHIP)
		return change_membership(s, name == PACKET_ADD_MEMBERSHIP, value, size);
	if (name == PACKET_RX_RING)
		return set_ring(s, value, size);
	if (size < sizeof(number))
		return -EINVAL;
	memcpy(&number, value, sizeof(number));
	return set_number(s, name, number);
}

static int packet_get_option(struct socket *socket, int level, int name, void *value, unsigned *size)
{
	struct packet_socket *s = packet_socket_of(socket);
	struct abi_tpacket_stats stats;
	int number = s->auxdata;

	if (level != SOL_PACKET)
		return -ENOPROTOOPT;
	if (name == PACKET_HDRLEN) {
		/* The length of the version that is asked about. */
		memcpy(&number, value, sizeof(number));
		if (number != TPACKET_V2)
			return -EINVAL;
		number = sizeof(struct abi_tpacket2_hdr);
	} else if (name == PACKET_VERSION) {
		number = TPACKET_V2;
	} else if (name == PACKET_RESERVE) {
		number = (int)s->ring.reserve;
	}
	if (name == PACKET_AUXDATA || name == PACKET_VERSION || name == PACKET_HDRLEN || name == PACKET_RESERVE) {
		*size = min(*size, (unsigned)sizeof(number));
		memcpy(value, &number, *size);
		return 0;
	}
	if (name != PACKET_STATISTICS)
		return -ENOPROTOOPT;
	/* As Linux has it, those that were dropped count as having come, and asking begins anew. */
	net_lock();
	stats.drops = (uint32_t)s->in.dropped;
	stats.packets = (uint32_t)s->in.came + stats.drops;
	s->in.dropped = s->in.came = 0;
	net_unlock();
	*size = min(*size, (unsigned)sizeof(stats));
	memcpy(value, &stats, *size);
	return 0;
}

/* ---- coming and going ---- */

static int packet_map_page(struct socket *socket, uint64_t index, struct page **page)
{
	return packet_ring_page(&packet_socket_of(socket)->ring, index, page);
}

static void packet_mapped(struct socket *socket, bool added)
{
	atomic_fetch_add(&packet_socket_of(socket)->ring.mappings, added ? 1u : -1u);
}

static void packet_release(struct socket *socket)
{
	struct packet_socket *s = packet_socket_of(socket);

	net_lock();
	list_remove(&s->node);
	datagram_queue_free(&s->in);
	packet_ring_free(&s->ring);
	net_unlock();
	if (s->filter)
		filter_free(s->filter);
	object_count_add(&object_type_packet_socket, -1);
	heap_free(s);
}

static const struct socket_ops packet_ops = {
	.bind = packet_bind,
	.name = packet_name,
	.send = packet_send,
	.receive = packet_receive,
	.set_option = packet_set_option,
	.get_option = packet_get_option,
	.poll = packet_poll,
	.readable = packet_readable,
	.map_page = packet_map_page,
	.mapped = packet_mapped,
	.release = packet_release,
};

/* protocol: in network order. */
static int packet_create(int family, int type, int protocol, struct socket **out)
{
	struct packet_socket *s;

	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (!process_capable(CAP_NET_RAW))
		return -EPERM;
	s = heap_zalloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	socket_init(&s->socket, &packet_ops, family, type, protocol);
	datagram_queue_init(&s->in, tell);
	spin_init(&s->ring.lock);
	s->protocol = (uint16_t)protocol;
	net_lock();
	list_append(&packet_sockets, &s->node);
	net_unlock();
	object_count_add(&object_type_packet_socket, 1);
	*out = &s->socket;
	return 0;
}

static const struct socket_family packet_family = { AF_PACKET, packet_create };
SOCKET_FAMILY(packet_family);
