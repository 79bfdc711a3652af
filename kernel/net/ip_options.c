/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options of levels IPPROTO_IP and IPPROTO_IPV6 of sockets that send datagrams. Linux: ip(7), ipv6(7).
 */
#include "inet_datagram.h"
#include "interface.h"

#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <lwip/igmp.h>
#include <lwip/mld6.h>
#include <lwip/raw.h>

/* ---- groups ---- */

/* The interface that is named, or has an address, or would be sent through. */
static struct netif *interface_for(uint32_t index, uint32_t address, const ip_addr_t *group)
{
	struct netif *netif;

	if (index)
		return index < 256 ? netif_get_by_index((u8_t)index) : NULL;
	if (address) {
		NETIF_FOREACH(netif) {
			if (ip4_addr_get_u32(netif_ip4_addr(netif)) == address)
				return netif;
		}
		return NULL;
	}
	netif = ip_route(IP_IS_V6(group) ? IP6_ADDR_ANY : IP4_ADDR_ANY, group);
	return netif ? netif : netif_default;
}

static err_t tell_interface(struct netif *netif, const ip_addr_t *group, bool join)
{
	/* Nobody else hears what is sent to a group over loop-back. */
	if (interface_is_loopback(netif))
		return ERR_OK;
	net_timers_look();
	if (IP_IS_V6(group))
		return join ? mld6_joingroup_netif(netif, ip_2_ip6(group))
			    : mld6_leavegroup_netif(netif, ip_2_ip6(group));
	return join ? igmp_joingroup_netif(netif, ip_2_ip4(group)) : igmp_leavegroup_netif(netif, ip_2_ip4(group));
}

static struct inet_group *find_group(struct inet_socket *s, const ip_addr_t *group, uint8_t index)
{
	for (unsigned i = 0; i < s->group_count; i++)
		if (ip_addr_cmp(&s->groups[i].address, group) && s->groups[i].index == index)
			return &s->groups[i];
	return NULL;
}

static int join(struct inet_socket *s, const ip_addr_t *group, struct netif *netif)
{
	uint8_t index = netif_get_index(netif);
	err_t err;

	if (find_group(s, group, index))
		return -EADDRINUSE;
	if (s->group_count == INET_GROUPS_MAX)
		return -ENOBUFS;
	if (!s->groups)
		s->groups = heap_array(INET_GROUPS_MAX, sizeof(*s->groups));
	if (!s->groups)
		return -ENOMEM;
	err = tell_interface(netif, group, true);
	if (err == ERR_OK)
		s->groups[s->group_count++] = (struct inet_group){ *group, index };
	return error_of(err);
}

static int leave(struct inet_socket *s, const ip_addr_t *group, struct netif *netif)
{
	struct inet_group *g = find_group(s, group, netif_get_index(netif));

	if (!g)
		return -EADDRNOTAVAIL;
	tell_interface(netif, group, false);
	*g = s->groups[--s->group_count];
	return 0;
}

void inet_socket_free(struct inet_socket *s)
{
	for (unsigned i = 0; i < s->group_count; i++) {
		struct netif *netif = netif_get_by_index(s->groups[i].index);

		if (netif)
			tell_interface(netif, &s->groups[i].address, false);
	}
	heap_free(s->groups);
	datagram_queue_free(&s->in);
}

static int change_group(struct inet_socket *s, int level, int name, const void *value, unsigned size)
{
	bool joins = name == (level == SOL_IP ? IP_ADD_MEMBERSHIP : IPV6_ADD_MEMBERSHIP);
	struct abi_ip_mreqn request = { 0 };
	struct abi_ipv6_mreq request6;
	struct netif *netif;
	ip_addr_t group;

	if (level == SOL_IP) {
		/* struct ip_mreq has no index. */
		if (size < sizeof(request) - sizeof(request.index))
			return -EINVAL;
		memcpy(&request, value, min(size, (unsigned)sizeof(request)));
		ip_addr_set_ip4_u32_val(group, request.group);
	} else {
		if (size < sizeof(request6))
			return -EINVAL;
		memcpy(&request6, value, sizeof(request6));
		request.index = (int32_t)request6.index;
		memcpy(ip_2_ip6(&group)->addr, request6.group, sizeof(request6.group));
		ip6_addr_clear_zone(ip_2_ip6(&group));
		IP_SET_TYPE_VAL(group, IPADDR_TYPE_V6);
	}
	if (!ip_addr_ismulticast(&group))
		return -EINVAL;
	netif = interface_for((uint32_t)request.index, request.address, &group);
	if (!netif)
		return -ENODEV;
	return joins ? join(s, &group, netif) : leave(s, &group, netif);
}

/* Through which interface what is sent to groups goes. */
static int set_group_interface(struct inet_socket *s, const void *value, unsigned size)
{
	struct abi_ip_mreqn request = { 0 };
	struct netif *netif;

	if (size >= sizeof(request) - sizeof(request.index))
		memcpy(&request, value, min(size, (unsigned)sizeof(request)));
	else if (size >= sizeof(request.address))
		memcpy(&request.address, value, sizeof(request.address));
	else
		return -EINVAL;
	if (!request.index && !request.address) {
		*s->multicast_index = 0;
		return 0;
	}
	netif = interface_for((uint32_t)request.index, request.address, NULL);
	if (!netif)
		return request.index ? -ENODEV : -EADDRNOTAVAIL;
	*s->multicast_index = netif_get_index(netif);
	return 0;
}

/* ---- numbers ---- */

/* -1: as if it had never been set. */
static int set_hops(uint8_t *hops, int number, uint8_t normal)
{
	if (number < -1 || number > 255)
		return -EINVAL;
	*hops = number < 0 ? normal : (uint8_t)number;
	return 0;
}

static int set_flag(bool *flag, int number)
{
	*flag = number;
	return 0;
}

static int set_loop(struct inet_socket *s, int number)
{
	*s->flags = (uint8_t)(number ? *s->flags | s->loop_flag : *s->flags & ~s->loop_flag);
	return 0;
}

static int set_v6_only(struct inet_socket *s, int number)
{
	if (s->socket.family != AF_INET6)
		return -ENOPROTOOPT;
	IP_SET_TYPE_VAL(s->pcb->local_ip, number ? IPADDR_TYPE_V6 : IPADDR_TYPE_ANY);
	return 0;
}

static int set_ip(struct inet_socket *s, int name, int number)
{
	switch (name) {
	case IP_TOS_OPTION: s->pcb->tos = (uint8_t)number; return 0;
	case IP_TTL_OPTION: return number ? set_hops(&s->pcb->ttl, number, IP_DEFAULT_TTL) : -EINVAL;
	case IP_MULTICAST_TTL: return set_hops(s->multicast_ttl, number, 1);
	case IP_MULTICAST_LOOP: return set_loop(s, number);
	case IP_PKTINFO: return set_flag(&s->want_info, number);
	case IP_RECVTTL: return set_flag(&s->want_ttl, number);
	case IP_RECVTOS: return set_flag(&s->want_tos, number);
	/* lwIP has no path MTU, binds to what is here, keeps no queue of errors, and shows no options of IP. */
	case IP_RETOPTS:
	case IP_MTU_DISCOVER:
	case IP_RECVERR:
	case IP_FREEBIND:
	case IP_BIND_ADDRESS_NO_PORT:
	case IP_MULTICAST_ALL: return 0;
	default: return -ENOPROTOOPT;
	}
}

static int set_ip6(struct inet_socket *s, int name, int number)
{
	switch (name) {
	case IPV6_TCLASS_OPTION:
		if (number < -1 || number > 255)
			return -EINVAL;
		s->pcb->tos = number < 0 ? 0 : (uint8_t)number;
		return 0;
	case IPV6_UNICAST_HOPS: return set_hops(&s->pcb->ttl, number, IP_DEFAULT_TTL);
	case IPV6_MULTICAST_HOPS: return set_hops(s->multicast_ttl, number, 1);
	case IPV6_MULTICAST_LOOP: return set_loop(s, number);
	case IPV6_MULTICAST_IF:
		if (number && (number < 0 || number > 255 || !netif_get_by_index((u8_t)number)))
			return -ENODEV;
		*s->multicast_index = (uint8_t)number;
		return 0;
	case IPV6_V6ONLY_OPTION: return set_v6_only(s, number);
	case IPV6_RECVPKTINFO: return set_flag(&s->want_info6, number);
	case IPV6_RECVHOPLIMIT: return set_flag(&s->want_hops6, number);
	case IPV6_RECVTCLASS: return set_flag(&s->want_class6, number);
	case IPV6_MTU_DISCOVER:
	case IPV6_RECVERR: return 0;
	default: return -ENOPROTOOPT;
	}
}

int inet_bind_device(struct ip_pcb *pcb, const void *name, unsigned size)
{
	char copy[IFNAMSIZ] = { 0 };
	struct netif *netif;

	memcpy(copy, name, min(size, (unsigned)IFNAMSIZ - 1));
	if (!copy[0]) {
		pcb->netif_idx = NETIF_NO_INDEX;
		return 0;
	}
	netif = interface_by_name(copy);
	if (!netif)
		return -ENODEV;
	pcb->netif_idx = netif_get_index(netif);
	return 0;
}

static bool changes_group(int level, int name)
{
	return level == SOL_IP ? name == IP_ADD_MEMBERSHIP || name == IP_DROP_MEMBERSHIP
			       : level == SOL_IPV6 && (name == IPV6_ADD_MEMBERSHIP || name == IPV6_DROP_MEMBERSHIP);
}

int inet_set_option(struct inet_socket *s, int level, int name, const void *value, unsigned size)
{
	int number = 0, err = -ENOPROTOOPT;

	if (level == SOL_IPV6 && s->socket.family != AF_INET6)
		return -ENOPROTOOPT;
	/* Some are given as one byte. */
	if (size >= sizeof(number))
		memcpy(&number, value, sizeof(number));
	else if (size)
		number = *(const uint8_t *)value;
	net_lock();
	if (level == SOL_SOCKET && name == SO_BINDTODEVICE)
		err = inet_bind_device(s->pcb, value, size);
	else if (changes_group(level, name))
		err = change_group(s, level, name, value, size);
	else if (level == SOL_IP && name == IP_MULTICAST_IF)
		err = set_group_interface(s, value, size);
	else if (level == SOL_IP)
		err = size ? set_ip(s, name, number) : -EINVAL;
	else if (level == SOL_IPV6)
		err = size >= sizeof(number) ? set_ip6(s, name, number) : -EINVAL;
	net_unlock();
	return err;
}

/* ---- told ---- */

static int path_mtu(const struct inet_socket *s, int *number)
{
	struct netif *netif = ip_addr_isany(&s->pcb->remote_ip) ? NULL
								: ip_route(&s->pcb->local_ip, &s->pcb->remote_ip);

	*number = netif ? (int)interface_mtu(netif) : 0;
	return netif ? 0 : -ENOTCONN;
}

static int get_ip(const struct inet_socket *s, int name, int *number)
{
	*number = 0;
	switch (name) {
	case IP_TOS_OPTION: *number = s->pcb->tos; return 0;
	case IP_TTL_OPTION: *number = s->pcb->ttl; return 0;
	case IP_MULTICAST_TTL: *number = *s->multicast_ttl; return 0;
	case IP_MULTICAST_LOOP: *number = !!(*s->flags & s->loop_flag); return 0;
	case IP_PKTINFO: *number = s->want_info; return 0;
	case IP_RECVTTL: *number = s->want_ttl; return 0;
	case IP_RECVTOS: *number = s->want_tos; return 0;
	case IP_MTU: return path_mtu(s, number);
	case IP_MULTICAST_IF:
	case IP_RETOPTS:
	case IP_MTU_DISCOVER:
	case IP_RECVERR:
	case IP_FREEBIND:
	case IP_BIND_ADDRESS_NO_PORT: return 0;
	case IP_MULTICAST_ALL: *number = 1; return 0;
	default: return -ENOPROTOOPT;
	}
}

static int get_ip6(const struct inet_socket *s, int name, int *number)
{
	*number = 0;
	switch (name) {
	case IPV6_TCLASS_OPTION: *number = s->pcb->tos; return 0;
	case IPV6_UNICAST_HOPS: *number = s->pcb->ttl; return 0;
	case IPV6_MULTICAST_HOPS: *number = *s->multicast_ttl; return 0;
	case IPV6_MULTICAST_LOOP: *number = !!(*s->flags & s->loop_flag); return 0;
	case IPV6_MULTICAST_IF: *number = *s->multicast_index; return 0;
	case IPV6_V6ONLY_OPTION: *number = !IP_IS_ANY_TYPE_VAL(s->pcb->local_ip); return 0;
	case IPV6_RECVPKTINFO: *number = s->want_info6; return 0;
	case IPV6_RECVHOPLIMIT: *number = s->want_hops6; return 0;
	case IPV6_RECVTCLASS: *number = s->want_class6; return 0;
	case IPV6_MTU: return path_mtu(s, number);
	case IPV6_MTU_DISCOVER:
	case IPV6_RECVERR: return 0;
	default: return -ENOPROTOOPT;
	}
}

int inet_get_option(struct inet_socket *s, int level, int name, void *value, unsigned *size)
{
	int number = 0, err = -ENOPROTOOPT;

	net_lock();
	if (level == SOL_IP)
		err = get_ip(s, name, &number);
	else if (level == SOL_IPV6 && s->socket.family == AF_INET6)
		err = get_ip6(s, name, &number);
	net_unlock();
	if (err)
		return err;
	*size = min(*size, (unsigned)sizeof(number));
	memcpy(value, &number, *size);
	return 0;
}
