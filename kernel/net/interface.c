/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interfaces: names, numbers, and what can be changed of them.
 */
#include "interface.h"

#include <kernel/errno.h>
#include <kernel/string.h>
#include <lwip/dhcp.h>

bool interface_is_loopback(const struct netif *netif)
{
	return netif->name[0] == 'l' && netif->name[1] == 'o';
}

const char *interface_name(const struct netif *netif, char buf[IFNAMSIZ])
{
	if (interface_is_loopback(netif))
		format(buf, IFNAMSIZ, "lo");
	else
		format(buf, IFNAMSIZ, "eth%u", netif->num ? netif->num - 1u : 0);
	return buf;
}

struct netif *interface_by_name(const char name[IFNAMSIZ])
{
	char own[IFNAMSIZ];
	struct netif *netif;

	NETIF_FOREACH(netif) {
		if (!strncmp(interface_name(netif, own), name, IFNAMSIZ))
			return netif;
	}
	return NULL;
}

uint32_t interface_mtu(const struct netif *netif)
{
	return interface_is_loopback(netif) ? 65536 : netif->mtu;
}

uint32_t interface_flags(const struct netif *netif)
{
	uint32_t flags = interface_is_loopback(netif) ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST;

	if (netif_is_up(netif))
		flags |= IFF_UP;
	if (netif_is_up(netif) && netif_is_link_up(netif))
		flags |= IFF_RUNNING;
	return flags;
}

/* ---- changed ---- */

void interface_set_up(struct netif *netif, bool up)
{
	net_timers_look();
	if (up)
		netif_set_up(netif);
	else
		netif_set_down(netif);
}

int interface_set_mtu(struct netif *netif, uint32_t mtu)
{
	const struct netdev *dev = netdev_of(netif);

	/* IPv4's least (RFC 791), and what the device takes. */
	if (mtu < 68 || mtu > (dev ? dev->mtu : interface_mtu(netif)))
		return -EINVAL;
	if (dev)
		netif->mtu = netif->mtu6 = (u16_t)mtu;
	return 0;
}

int interface_set_address(struct netif *netif, const ip4_addr_t *address, const ip4_addr_t *mask)
{
	net_timers_look();
	/* Who sets it by hand asks for none any more. */
	if (netif_dhcp_data(netif))
		dhcp_stop(netif);
	if (mask)
		netif_set_addr(netif, address, mask, netif_ip4_gw(netif));
	else
		netif_set_ipaddr(netif, address);
	return 0;
}

int interface_set_gateway(uint32_t address)
{
	ip4_addr_t gateway = { address };
	struct netif *netif;

	NETIF_FOREACH(netif) {
		if (interface_is_loopback(netif) || !netif_is_up(netif) ||
		    !ip4_addr_netcmp(&gateway, netif_ip4_addr(netif), netif_ip4_netmask(netif)))
			continue;
		netif_set_gw(netif, &gateway);
		netif_set_default(netif);
		return 0;
	}
	return -ENETUNREACH;
}

int interface_drop_gateway(uint32_t address)
{
	struct netif *netif;

	NETIF_FOREACH(netif) {
		uint32_t own = ip4_addr_get_u32(netif_ip4_gw(netif));

		if (!own || (address && own != address))
			continue;
		netif_set_gw(netif, IP4_ADDR_ANY4);
		return 0;
	}
	return -ESRCH;
}
