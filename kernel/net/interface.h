/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lwIP's interfaces by the names and numbers that programs know them by: lo, eth0, eth1. Network's lock for all.
 */
#pragma once

#include "stack.h"

#include <kernel/abi/net_device.h>

bool interface_is_loopback(const struct netif *netif);
const char *interface_name(const struct netif *netif, char buf[IFNAMSIZ]);
/* The name need not end. NULL. */
struct netif *interface_by_name(const char name[IFNAMSIZ]);
uint32_t interface_mtu(const struct netif *netif);
/* IFF_*, the lower 16 bits. */
uint32_t interface_flags(const struct netif *netif);

/* What ioctl and netlink change. */
void interface_set_up(struct netif *netif, bool up);
/* -EINVAL: more than the device takes, or less than IPv4 wants. */
int interface_set_mtu(struct netif *netif, uint32_t mtu);
/* mask: NULL: as it was. */
int interface_set_address(struct netif *netif, const ip4_addr_t *address, const ip4_addr_t *mask);
/* The way out by default, of the interface whose network it is in. -ENETUNREACH: of none. */
int interface_set_gateway(uint32_t address);
/* 0: whichever there is. -ESRCH. */
int interface_drop_gateway(uint32_t address);
