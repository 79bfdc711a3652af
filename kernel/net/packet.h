/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet sockets see what interfaces receive and send. Network's lock.
 */
#pragma once

#include "stack.h"

/* Is there any? */
bool packet_wanted(void);
/* p has the whole frame, and is the caller's; of loop-back it has no Ethernet header. */
void packet_seen(struct netif *netif, const struct pbuf *p, bool outgoing);
