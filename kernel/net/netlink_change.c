/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What ip(8) changes. An interface has one address of IPv4 and a few of IPv6; routes follow from addresses, but for the
 * gateway.
 */
#include "netlink.h"

#include "interface.h"

#include <kernel/errno.h>
#include <kernel/process.h>
#include <kernel/string.h>

bool netlink_body(const struct nlmsghdr *request, void *body, size_t size)
{
	if (request->len - sizeof(*request) < size)
		return false;
	memcpy(body, request + 1, size);
	return true;
}

bool netlink_attribute(const struct nlmsghdr *request, size_t body, uint16_t type, struct netlink_attribute *out)
{
	const uint8_t *bytes = (const uint8_t *)request;
	size_t at = sizeof(*request) + align_up(body, 4);
	struct rtattr header;

	while (at < request->len && request->len - at >= sizeof(header)) {
		memcpy(&header, bytes + at, sizeof(header));
		if (header.len < sizeof(header) || header.len > request->len - at)
			return false;
		if (header.type == type) {
			*out = (struct netlink_attribute){ bytes + at + sizeof(header), header.len - sizeof(header) };
			return true;
		}
		at += align_up((size_t)header.len, 4);
	}
	return false;
}

/* A number of four bytes. */
static bool number_of(const struct nlmsghdr *request, size_t body, uint16_t type, uint32_t *number)
{
	struct netlink_attribute a;

	if (!netlink_attribute(request, body, type, &a) || a.len != sizeof(*number))
		return false;
	memcpy(number, a.data, sizeof(*number));
	return true;
}

static struct netif *interface_at(uint32_t index)
{
	return index && index < 256 ? netif_get_by_index((u8_t)index) : NULL;
}

static int change_link(const struct nlmsghdr *request)
{
	struct netlink_attribute name;
	char text[IFNAMSIZ] = { 0 };
	struct ifinfomsg info;
	struct netif *netif;
	uint32_t mtu;
	int err = 0;

	if (!netlink_body(request, &info, sizeof(info)))
		return -EINVAL;
	netif = interface_at((uint32_t)info.index);
	if (!info.index && netlink_attribute(request, sizeof(info), IFLA_IFNAME, &name)) {
		memcpy(text, name.data, min(name.len, (size_t)IFNAMSIZ - 1));
		netif = interface_by_name(text);
	}
	if (!netif)
		return -ENODEV;
	if (number_of(request, sizeof(info), IFLA_MTU, &mtu))
		err = interface_set_mtu(netif, mtu);
	if (!err && info.change & IFF_UP)
		interface_set_up(netif, info.flags & IFF_UP);
	return err;
}

static int change_address4(struct netif *netif, const struct ifaddrmsg *info, uint32_t address, bool add, bool new)
{
	uint32_t own = ip4_addr_get_u32(netif_ip4_addr(netif));
	ip4_addr_t mask;

	if (info->prefix > 32)
		return -EINVAL;
	if (!add)
		return own == address ? interface_set_address(netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4) : -EADDRNOTAVAIL;
	if (own == address && new)
		return -EEXIST;
	ip4_addr_set_u32(&mask, lwip_htonl(info->prefix ? UINT32_MAX << (32 - info->prefix) : 0));
	return interface_set_address(netif, &(ip4_addr_t){ address }, &mask);
}

static int change_address6(struct netif *netif, const struct netlink_attribute *bytes, bool add, bool new)
{
	ip6_addr_t address = { 0 };
	s8_t slot;

	memcpy(address.addr, bytes->data, sizeof(address.addr));
	ip6_addr_assign_zone(&address, IP6_UNICAST, netif);
	slot = netif_get_ip6_addr_match(netif, &address);
	if (!add && slot < 0)
		return -EADDRNOTAVAIL;
	if (!add) {
		netif_ip6_addr_set_state(netif, slot, IP6_ADDR_INVALID);
		return 0;
	}
	if (slot >= 0)
		return new ? -EEXIST : 0;
	net_timers_look();
	return error_of(netif_add_ip6_address(netif, &address, NULL));
}

static int change_address(const struct nlmsghdr *request)
{
	bool add = request->type == RTM_NEWADDR, new = request->flags & NLM_F_EXCL;
	struct netlink_attribute a;
	struct ifaddrmsg info;
	struct netif *netif;
	uint32_t address;

	if (!netlink_body(request, &info, sizeof(info)))
		return -EINVAL;
	netif = interface_at(info.index);
	if (!netif)
		return -ENODEV;
	if (!netlink_attribute(request, sizeof(info), IFA_LOCAL, &a) &&
	    !netlink_attribute(request, sizeof(info), IFA_ADDRESS, &a))
		return -EINVAL;
	if (info.family == AF_INET && a.len == sizeof(address)) {
		memcpy(&address, a.data, sizeof(address));
		return change_address4(netif, &info, address, add, new);
	}
	if (info.family == AF_INET6 && a.len == sizeof(((ip6_addr_t *)NULL)->addr))
		return change_address6(netif, &a, add, new);
	return -EINVAL;
}

static int change_route(const struct nlmsghdr *request)
{
	bool add = request->type == RTM_NEWROUTE;
	uint32_t gateway;
	struct rtmsg info;

	if (!netlink_body(request, &info, sizeof(info)))
		return -EINVAL;
	if (info.family != AF_INET || info.dst_len)
		return -EOPNOTSUPP;
	if (!number_of(request, sizeof(info), RTA_GATEWAY, &gateway))
		return add ? -EINVAL : interface_drop_gateway(0);
	return add ? interface_set_gateway(gateway) : interface_drop_gateway(gateway);
}

int netlink_change(const struct nlmsghdr *request)
{
	int (*change)(const struct nlmsghdr *) = NULL;
	int err;

	switch (request->type) {
	case RTM_NEWLINK:
	case RTM_SETLINK: change = change_link; break;
	case RTM_NEWADDR:
	case RTM_DELADDR: change = change_address; break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE: change = change_route; break;
	default: return -EOPNOTSUPP;
	}
	if (!process_capable(CAP_NET_ADMIN))
		return -EPERM;
	net_lock();
	err = change(request);
	net_unlock();
	return err;
}
