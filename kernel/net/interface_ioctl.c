/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What ioctl(2) tells and changes of interfaces. Linux: netdevice(7), arp(7), struct rtentry in route(8).
 */
#include "interface.h"
#include "net_internal.h"

#include <kernel/errno.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/user.h>
#include <lwip/etharp.h>

/* ---- asked ---- */

static void put_address(struct abi_ifreq *request, uint32_t address)
{
	request->address = (struct abi_sockaddr_in){ .family = AF_INET, .address = address };
}

static int get(unsigned command, struct netif *netif, struct abi_ifreq *request)
{
	uint32_t address = ip4_addr_get_u32(netif_ip4_addr(netif)), mask = ip4_addr_get_u32(netif_ip4_netmask(netif));

	memset(request->bytes, 0, sizeof(request->bytes));
	switch (command) {
	case SIOCGIFFLAGS: request->flags = (int16_t)interface_flags(netif); break;
	case SIOCGIFADDR:
	case SIOCGIFDSTADDR: put_address(request, address); break;
	case SIOCGIFBRDADDR: put_address(request, interface_is_loopback(netif) ? 0 : (address & mask) | ~mask); break;
	case SIOCGIFNETMASK: put_address(request, mask); break;
	case SIOCGIFMETRIC: break;
	case SIOCGIFMTU: request->number = (int32_t)interface_mtu(netif); break;
	case SIOCGIFTXQLEN: request->number = 1000; break;
	case SIOCGIFMAP: break;
	case SIOCGIFINDEX: request->number = netif_get_index(netif); break;
	case SIOCGIFHWADDR:
		request->hardware.family = interface_is_loopback(netif) ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
		memcpy(request->hardware.address, netif->hwaddr, 6);
		break;
	default: return -ENOTTY;
	}
	if (!address && (command == SIOCGIFADDR || command == SIOCGIFBRDADDR || command == SIOCGIFNETMASK))
		return -EADDRNOTAVAIL;
	return 0;
}

/* ---- changed ---- */

static int set(unsigned command, struct netif *netif, const struct abi_ifreq *request)
{
	ip4_addr_t address = { request->address.address };
	bool is_address = command == SIOCSIFADDR || command == SIOCSIFNETMASK || command == SIOCSIFBRDADDR;

	if (is_address && request->address.family != AF_INET)
		return -EINVAL;
	switch (command) {
	case SIOCSIFFLAGS: interface_set_up(netif, (uint32_t)request->flags & IFF_UP); return 0;
	case SIOCSIFADDR: return interface_set_address(netif, &address, NULL);
	case SIOCSIFNETMASK: netif_set_netmask(netif, &address); return 0;
	case SIOCSIFBRDADDR: return 0; /* it follows from the other two */
	case SIOCSIFMTU: return request->number < 0 ? -EINVAL : interface_set_mtu(netif, (uint32_t)request->number);
	default: return -ENOTTY;
	}
}

static bool is_change(unsigned command)
{
	return command == SIOCSIFFLAGS || command == SIOCSIFADDR || command == SIOCSIFNETMASK ||
	       command == SIOCSIFBRDADDR || command == SIOCSIFMTU;
}

static long one(unsigned command, user_ptr_t argument)
{
	struct abi_ifreq request;
	struct netif *netif;
	int err = user_read(&request, argument);

	if (err)
		return err;
	if (is_change(command) && !process_capable(CAP_NET_ADMIN))
		return -EPERM;
	net_lock();
	if (command == SIOCGIFNAME)
		netif = request.number > 0 && request.number < 256 ? netif_get_by_index((u8_t)request.number) : NULL;
	else
		netif = interface_by_name(request.name);
	if (!netif)
		err = -ENODEV;
	else if (command == SIOCGIFNAME)
		interface_name(netif, request.name);
	else
		err = is_change(command) ? set(command, netif, &request) : get(command, netif, &request);
	net_unlock();
	return err || is_change(command) ? err : user_write(argument, &request);
}

/* Those that have an address; without a buffer, how large it would have to be. */
static long list_all(user_ptr_t argument)
{
	struct abi_ifreq requests[8];
	struct abi_ifconf conf;
	struct netif *netif;
	size_t count = 0;
	int err = user_read(&conf, argument);

	if (err)
		return err;
	if (conf.len < 0)
		return -EINVAL;
	net_lock();
	NETIF_FOREACH(netif) {
		if (count == array_size(requests) || ip4_addr_isany_val(*netif_ip4_addr(netif)))
			continue;
		memset(&requests[count], 0, sizeof(requests[count]));
		interface_name(netif, requests[count].name);
		put_address(&requests[count++], ip4_addr_get_u32(netif_ip4_addr(netif)));
	}
	net_unlock();
	if (conf.requests) {
		count = min(count, (size_t)conf.len / sizeof(requests[0]));
		err = user_copy_out(conf.requests, requests, count * sizeof(requests[0]));
	}
	conf.len = (int32_t)(count * sizeof(requests[0]));
	return err ? err : user_write(argument, &conf);
}

/* A route by a gateway is an interface's default; others follow from the addresses, and can only be said again. */
static long change_route(bool add, user_ptr_t argument)
{
	struct abi_rtentry route;
	int err = user_read(&route, argument);

	if (err)
		return err;
	if (!process_capable(CAP_NET_ADMIN))
		return -EPERM;
	if (route.destination.family != AF_INET || ((route.flags & RTF_GATEWAY) && route.gateway.family != AF_INET))
		return -EAFNOSUPPORT;
	if (!(route.flags & RTF_GATEWAY))
		return add ? 0 : -ESRCH;
	if (route.destination.address || route.mask.address)
		return -EOPNOTSUPP;
	net_lock();
	err = add ? interface_set_gateway(route.gateway.address) : interface_drop_gateway(route.gateway.address);
	net_unlock();
	return err;
}

static long find_neighbour(user_ptr_t argument)
{
	struct abi_arpreq request;
	const ip4_addr_t *found;
	struct netif *netif;
	struct eth_addr *hardware;
	ip4_addr_t address;
	int err = user_read(&request, argument);

	if (err)
		return err;
	if (request.address.family != AF_INET)
		return -EINVAL;
	address.addr = request.address.address;
	err = -ENXIO;
	net_lock();
	NETIF_FOREACH(netif) {
		if (!err || interface_is_loopback(netif) || etharp_find_addr(netif, &address, &hardware, &found) < 0)
			continue;
		request.hardware.family = ARPHRD_ETHER;
		memcpy(request.hardware.address, hardware->addr, sizeof(hardware->addr));
		request.flags = ATF_COM;
		interface_name(netif, request.device);
		err = 0;
	}
	net_unlock();
	return err ? err : user_write(argument, &request);
}

long interface_ioctl(unsigned command, user_ptr_t argument)
{
	switch (command) {
	case SIOCGIFCONF: return list_all(argument);
	case SIOCADDRT: return change_route(true, argument);
	case SIOCDELRT: return change_route(false, argument);
	case SIOCGARP: return find_neighbour(argument);
	case SIOCGIFNAME:
	case SIOCGIFFLAGS:
	case SIOCSIFFLAGS:
	case SIOCGIFADDR:
	case SIOCSIFADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFBRDADDR:
	case SIOCSIFBRDADDR:
	case SIOCGIFNETMASK:
	case SIOCSIFNETMASK:
	case SIOCGIFMETRIC:
	case SIOCGIFMTU:
	case SIOCSIFMTU:
	case SIOCGIFHWADDR:
	case SIOCGIFINDEX:
	case SIOCGIFTXQLEN:
	case SIOCGIFMAP: return one(command, argument);
	case SIOCETHTOOL: return -EOPNOTSUPP;
	default: return -ENOTTY;
	}
}
