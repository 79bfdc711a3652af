/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of what no socket has any more: see kernel/net.h.
 */
#include "stack.h"

#include <kernel/net.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/priv/tcp_priv.h>

void net_forget(void)
{
	net_lock();
	while (tcp_active_pcbs)
		tcp_abandon(tcp_active_pcbs, 0);
	while (tcp_tw_pcbs)
		tcp_abandon(tcp_tw_pcbs, 0);
	/* Each of these takes a second off what a datagram's fragments have left. */
	for (unsigned i = 0; i <= IP_REASS_MAXAGE; i++)
		ip_reass_tmr();
	for (unsigned i = 0; i <= IPV6_REASS_MAXAGE; i++)
		ip6_reass_tmr();
	net_unlock();
}
