/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets of AF_NETLINK, protocol NETLINK_ROUTE: what interfaces, addresses and routes there are, which is what
 * getifaddrs() and Go's runtime ask for; netlink_change.c changes some of it. Linux: netlink(7), rtnetlink(7).
 */
#include "netlink.h"

#include "interface.h"

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>

#define REQUEST_MAX 4096
#define ANSWER_MAX 8192

struct answer {
	struct list node;
	size_t size;
	uint8_t data[];
};

struct netlink {
	struct socket socket;
	uint32_t pid;
	struct spinlock lock;	/* guards answers */
	struct list answers;
	unsigned count;		/* atomic */
};

OBJECT_TYPE(netlink_socket);

static struct netlink *netlink_of(struct socket *socket)
{
	return container_of(socket, struct netlink, socket);
}

/* ---- answers ---- */

struct writer {
	struct answer *answer;
	size_t message;		/* where the last one begins */
	const struct nlmsghdr *request;
	uint32_t pid;
	bool full;
};

static void *put(struct writer *w, const void *bytes, size_t len)
{
	struct answer *a = w->answer;
	void *at = a->data + a->size;

	if (a->size + align_up(len, 4) > ANSWER_MAX) {
		w->full = true;
		return NULL;
	}
	memcpy(at, bytes, len);
	memset((char *)at + len, 0, align_up(len, 4) - len);
	a->size += align_up(len, 4);
	return at;
}

static void begin(struct writer *w, uint16_t type, uint16_t flags)
{
	struct nlmsghdr header = { 0, type, flags, w->request->seq, w->pid };

	w->message = w->answer->size;
	put(w, &header, sizeof(header));
}

static void end(struct writer *w)
{
	struct nlmsghdr *header = (struct nlmsghdr *)(w->answer->data + w->message);

	/* A message that does not fit is left out whole. */
	if (w->full)
		w->answer->size = w->message;
	else
		header->len = (uint32_t)(w->answer->size - w->message);
}

static void put_attribute(struct writer *w, uint16_t type, const void *value, size_t len)
{
	struct {
		uint16_t len, type;
	} header = { (uint16_t)(sizeof(header) + len), type };

	put(w, &header, sizeof(header));
	put(w, value, len);
}

static uint16_t multi(const struct writer *w)
{
	return w->request->flags & NLM_F_DUMP ? NLM_F_MULTI : 0;
}

static void put_link(struct writer *w, const struct netif *netif)
{
	char name[IFNAMSIZ];
	bool loop = interface_is_loopback(netif);
	uint32_t mtu = interface_mtu(netif);
	struct ifinfomsg info = { .type = loop ? ARPHRD_LOOPBACK : ARPHRD_ETHER, .index = netif_get_index(netif) };

	info.flags = interface_flags(netif) | (netif_is_link_up(netif) ? IFF_LOWER_UP : 0);
	begin(w, RTM_NEWLINK, multi(w));
	put(w, &info, sizeof(info));
	interface_name(netif, name);
	put_attribute(w, IFLA_IFNAME, name, strlen(name) + 1);
	put_attribute(w, IFLA_MTU, &mtu, sizeof(mtu));
	put_attribute(w, IFLA_ADDRESS, netif->hwaddr, 6);
	put_attribute(w, IFLA_BROADCAST, loop ? "\0\0\0\0\0\0" : "\xff\xff\xff\xff\xff\xff", 6);
	end(w);
}

static void put_address(struct writer *w, const struct netif *netif, uint8_t family, const void *address, size_t len,
			uint8_t prefix, uint8_t scope, uint8_t flags)
{
	struct ifaddrmsg message = { family, prefix, IFA_F_PERMANENT | flags, scope, netif_get_index(netif) };
	char name[IFNAMSIZ];

	begin(w, RTM_NEWADDR, multi(w));
	put(w, &message, sizeof(message));
	put_attribute(w, IFA_ADDRESS, address, len);
	if (family == AF_INET) {
		put_attribute(w, IFA_LOCAL, address, len);
		interface_name(netif, name);
		put_attribute(w, IFA_LABEL, name, strlen(name) + 1);
	}
	end(w);
}

static uint8_t prefix_of(const ip4_addr_t *mask)
{
	return (uint8_t)__builtin_popcount(ip4_addr_get_u32(mask));
}

static uint8_t scope_of(const struct netif *netif, const ip6_addr_t *address)
{
	if (interface_is_loopback(netif))
		return RT_SCOPE_HOST;
	return ip6_addr_islinklocal(address) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

static void put_addresses(struct writer *w, const struct netif *netif, uint8_t family)
{
	bool loop = interface_is_loopback(netif);

	if (family != AF_INET6 && !ip4_addr_isany_val(*netif_ip4_addr(netif)))
		put_address(w, netif, AF_INET, netif_ip4_addr(netif), 4, prefix_of(netif_ip4_netmask(netif)),
			    loop ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE, 0);
	for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES && family != AF_INET; i++) {
		const ip6_addr_t *address = netif_ip6_addr(netif, i);
		uint8_t state = netif_ip6_addr_state(netif, i);

		if (!ip6_addr_isinvalid(state))
			put_address(w, netif, AF_INET6, address->addr, 16, loop ? 128 : 64, scope_of(netif, address),
				    ip6_addr_istentative(state) ? IFA_F_TENTATIVE : 0);
	}
}

static void put_route(struct writer *w, const struct netif *netif, uint32_t network, uint8_t prefix, uint32_t gateway)
{
	struct rtmsg message = { .family = AF_INET, .dst_len = prefix, .table = 254, .protocol = 3, .type = 1 };
	uint32_t index = netif_get_index(netif);

	message.scope = gateway ? 0 : 253;
	begin(w, RTM_NEWROUTE, multi(w));
	put(w, &message, sizeof(message));
	if (prefix)
		put_attribute(w, RTA_DST, &network, sizeof(network));
	if (gateway)
		put_attribute(w, RTA_GATEWAY, &gateway, sizeof(gateway));
	put_attribute(w, RTA_OIF, &index, sizeof(index));
	end(w);
}

static void put_routes(struct writer *w, const struct netif *netif, uint8_t family)
{
	uint32_t address = ip4_addr_get_u32(netif_ip4_addr(netif)), mask = ip4_addr_get_u32(netif_ip4_netmask(netif));

	if (family == AF_INET6 || !address || interface_is_loopback(netif))
		return;
	put_route(w, netif, address & mask, prefix_of(netif_ip4_netmask(netif)), 0);
	if (!ip4_addr_isany_val(*netif_ip4_gw(netif)))
		put_route(w, netif, 0, 0, ip4_addr_get_u32(netif_ip4_gw(netif)));
}

static void put_status(struct writer *w, uint16_t type, int32_t status)
{
	begin(w, type, type == NLMSG_DONE ? NLM_F_MULTI : 0);
	put(w, &status, sizeof(status));
	if (type == NLMSG_ERROR)
		put(w, w->request, sizeof(*w->request));
	end(w);
}

/* The link that a request names by its number or name; all, when it asks for all. */
static bool asks_for(const struct nlmsghdr *request, const struct netif *netif)
{
	struct netlink_attribute name;
	char own[IFNAMSIZ];
	struct ifinfomsg info;

	if (request->flags & NLM_F_DUMP || request->type != RTM_GETLINK)
		return true;
	if (!netlink_body(request, &info, sizeof(info)))
		return false;
	if (info.index)
		return info.index == netif_get_index(netif);
	return netlink_attribute(request, sizeof(info), IFLA_IFNAME, &name) &&
	       !strncmp(interface_name(netif, own), (const char *)name.data, min(name.len, (size_t)IFNAMSIZ));
}

/* family: 0: any. */
static void put_all(struct writer *w, uint8_t family)
{
	struct netif *netif;

	net_lock();
	NETIF_FOREACH(netif) {
		if (!asks_for(w->request, netif))
			continue;
		if (w->request->type == RTM_GETLINK)
			put_link(w, netif);
		else if (w->request->type == RTM_GETADDR)
			put_addresses(w, netif, family);
		else if (w->request->type == RTM_GETROUTE)
			put_routes(w, netif, family);
	}
	net_unlock();
}

/* What a request is answered with; the family is the first byte of its body. */
static void answer(struct writer *w, uint8_t family)
{
	uint16_t type = w->request->type;
	bool asks = type == RTM_GETLINK || type == RTM_GETADDR || type == RTM_GETROUTE || type == RTM_GETNEIGH;
	int err = asks ? 0 : netlink_change(w->request);

	if (asks)
		put_all(w, family);
	if (asks && !w->answer->size && type == RTM_GETLINK)
		err = -ENODEV;
	w->full = false;
	if (asks && w->request->flags & NLM_F_DUMP)
		put_status(w, NLMSG_DONE, 0);
	else if (err || w->request->flags & NLM_F_ACK)
		put_status(w, NLMSG_ERROR, err);
}

static int answer_request(struct netlink *n, const struct nlmsghdr *request)
{
	struct answer *a = heap_alloc(sizeof(*a) + ANSWER_MAX);
	struct writer w = { .answer = a, .request = request, .pid = n->pid };
	unsigned long flags;

	if (!a)
		return -ENOBUFS;
	a->size = 0;
	answer(&w, request->len > sizeof(*request) ? *(const uint8_t *)(request + 1) : 0);
	flags = spin_lock(&n->lock);
	list_append(&n->answers, &a->node);
	atomic_store(&n->count, n->count + 1);
	spin_unlock(&n->lock, flags);
	wake_all(&n->socket.readers);
	return 0;
}

/* ---- the socket ---- */

static ssize_t netlink_send(struct socket *socket, struct socket_message *message)
{
	struct netlink *n = netlink_of(socket);
	size_t len = message->io.remaining, at = 0;
	uint8_t *copy;
	int err = 0;

	if (len > REQUEST_MAX)
		return -EMSGSIZE;
	copy = heap_alloc(len);
	if (!copy)
		return -ENOBUFS;
	if (io_get(&message->io, copy, len) != (ssize_t)len)
		err = -EFAULT;
	while (!err && len - at >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr *request = (struct nlmsghdr *)(copy + at);

		if (request->len < sizeof(*request) || request->len > len - at)
			break;
		err = answer_request(n, request);
		if (align_up(request->len, 4) >= len - at)
			break;
		at += align_up(request->len, 4);
	}
	heap_free(copy);
	return err ? err : (ssize_t)len;
}

static bool has_answer(void *arg)
{
	const struct netlink *n = arg;

	return atomic_load(&n->count);
}

static ssize_t netlink_receive(struct socket *socket, struct socket_message *message)
{
	struct netlink *n = netlink_of(socket);
	struct sockaddr_nl from = { .family = AF_NETLINK };
	struct answer *a = NULL;
	unsigned long flags;
	size_t len;
	ssize_t got;

	while (!a) {
		flags = spin_lock(&n->lock);
		if (!list_empty(&n->answers)) {
			a = list_first(&n->answers, struct answer, node);
			list_remove(&a->node);
			atomic_store(&n->count, n->count - 1);
		}
		spin_unlock(&n->lock, flags);
		if (!a) {
			int err = message->nonblock ? -EAGAIN : socket_wait_readable(socket, has_answer, n);

			if (err)
				return err;
		}
	}
	len = min(a->size, message->io.remaining);
	got = io_put(&message->io, a->data, len);
	if (got == (ssize_t)len && len < a->size) {
		message->result_flags |= MSG_TRUNC;
		if (message->flags & MSG_TRUNC)
			got = (ssize_t)a->size;
	}
	memcpy(&message->address.abi, &from, sizeof(from));
	message->address.len = sizeof(from);
	if (message->flags & MSG_PEEK) {
		flags = spin_lock(&n->lock);
		list_push(&n->answers, &a->node);
		atomic_store(&n->count, n->count + 1);
		spin_unlock(&n->lock, flags);
	} else {
		heap_free(a);
	}
	return got;
}

static int netlink_bind(struct socket *socket, const struct socket_address *address)
{
	struct sockaddr_nl name;

	if (address->len < sizeof(name) || address->abi.family != AF_NETLINK)
		return -EINVAL;
	memcpy(&name, &address->abi, sizeof(name));
	if (name.pid)
		netlink_of(socket)->pid = name.pid;
	return 0;
}

static int netlink_name(struct socket *socket, bool peer, struct socket_address *to)
{
	struct sockaddr_nl name = { .family = AF_NETLINK, .pid = peer ? 0 : netlink_of(socket)->pid };

	memcpy(&to->abi, &name, sizeof(name));
	to->len = sizeof(name);
	return 0;
}

static int netlink_connect(struct socket *socket UNUSED, const struct socket_address *address, bool nonblock UNUSED)
{
	return address->abi.family == AF_NETLINK ? 0 : -EINVAL;
}

static int netlink_set_option(struct socket *socket UNUSED, int level, int name UNUSED, const void *value UNUSED,
			      unsigned size UNUSED)
{
	return level == 270 ? 0 : -ENOPROTOOPT; /* SOL_NETLINK: what it could be told about does not happen */
}

static unsigned netlink_poll(struct socket *socket)
{
	return POLLOUT | POLLWRNORM | (has_answer(netlink_of(socket)) ? POLLIN | POLLRDNORM : 0);
}

static void netlink_release(struct socket *socket)
{
	struct netlink *n = netlink_of(socket);

	while (!list_empty(&n->answers)) {
		struct answer *a = list_first(&n->answers, struct answer, node);

		list_remove(&a->node);
		heap_free(a);
	}
	object_count_add(&object_type_netlink_socket, -1);
	heap_free(n);
}

static const struct socket_ops netlink_ops = {
	.bind = netlink_bind,
	.connect = netlink_connect,
	.name = netlink_name,
	.send = netlink_send,
	.receive = netlink_receive,
	.set_option = netlink_set_option,
	.poll = netlink_poll,
	.release = netlink_release,
};

static int netlink_create(int family, int type, int protocol, struct socket **out)
{
	struct netlink *n;

	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol)
		return -EPROTONOSUPPORT;
	n = heap_zalloc(sizeof(*n));
	if (!n)
		return -ENOMEM;
	socket_init(&n->socket, &netlink_ops, family, type, protocol);
	spin_init(&n->lock);
	list_init(&n->answers);
	n->pid = (uint32_t)process_current()->pid;
	object_count_add(&object_type_netlink_socket, 1);
	*out = &n->socket;
	return 0;
}

static const struct socket_family netlink_family = { AF_NETLINK, netlink_create };
SOCKET_FAMILY(netlink_family);
