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
