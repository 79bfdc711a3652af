/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of what no socket has any more (kernel/net.h), and a bound to it: connections in TIME-WAIT are looked through
 * for each segment that opens one, so the oldest of them go early (Linux: tcp_max_tw_buckets).
 */
#include "stack.h"

#include <kernel/net.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/priv/tcp_priv.h>

#define TIME_WAIT_MAX 1024

void tcp_bound_time_wait(void)
{
	struct tcp_pcb *pcb = tcp_tw_pcbs;

	/* The latest come first. */
	for (unsigned n = 0; pcb && n < TIME_WAIT_MAX; n++)
		pcb = pcb->next;
	while (pcb) {
		struct tcp_pcb *next = pcb->next;

		tcp_abandon(pcb, 0);
		pcb = next;
	}
}

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
