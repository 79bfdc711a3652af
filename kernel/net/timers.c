/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lwIP's periodic work, in the place of its own timers: these run only while there is something for them to do, but for
 * one that runs each second, and need no memory. One that is started waits a period; one that is late goes on from
 * then.
 */
#include "stack.h"

#include <kernel/clock.h>
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/igmp.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/mld6.h>
#include <lwip/nd6.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/sys.h>

#define NEVER UINT64_MAX

/* ---- who needs them ---- */

static bool has_connections(void)
{
	return tcp_active_pcbs || tcp_tw_pcbs;
}

static bool is_asking_for_addresses(void)
{
	struct netif *netif;

	NETIF_FOREACH(netif) {
		const struct dhcp *dhcp = netif_dhcp_data(netif);

		if (dhcp && dhcp->request_timeout)
			return true;
	}
	return false;
}

static bool has_leases(void)
{
	struct netif *netif;

	NETIF_FOREACH(netif) {
		if (netif_dhcp_data(netif))
			return true;
	}
	return false;
}

static bool will_report_groups(void)
{
	struct netif *netif;

	NETIF_FOREACH(netif) {
		for (const struct igmp_group *group = netif_igmp_data(netif); group; group = group->next) {
			if (group->timer)
				return true;
		}
		for (const struct mld_group *group = netif_mld6_data(netif); group; group = group->next) {
			if (group->timer)
				return true;
		}
	}
	return false;
}

static bool always(void)
{
	return true;
}

/* ---- what they do ---- */

static void tcp_tick(void)
{
	tcp_tmr();
	tcp_bound_time_wait();
}

/* Tables of neighbours, and datagrams in pieces. */
static void second(void)
{
	ip_reass_tmr();
	etharp_tmr();
	nd6_tmr();
	ip6_reass_tmr();
}

static void report_groups(void)
{
	igmp_tmr();
	mld6_tmr();
}

_Static_assert(IP_TMR_INTERVAL == 1000 && ARP_TMR_INTERVAL == 1000 && ND6_TMR_INTERVAL == 1000 &&
		       IP6_REASS_TMR_INTERVAL == 1000 && IGMP_TMR_INTERVAL == MLD6_TMR_INTERVAL,
	       "one timer is for all of these");

static struct net_timer {
	void (*run)(void);
	bool (*needed)(void);
	uint64_t period_ns;
	uint64_t due_ns;	/* NEVER: it does not run */
} timers[] = {
	{ tcp_tick, has_connections, TCP_TMR_INTERVAL * NSEC_PER_MSEC, NEVER },
	{ second, always, NSEC_PER_SEC, NEVER },
	{ dhcp_fine_tmr, is_asking_for_addresses, DHCP_FINE_TIMER_MSECS * NSEC_PER_MSEC, NEVER },
	{ dhcp_coarse_tmr, has_leases, DHCP_COARSE_TIMER_MSECS * NSEC_PER_MSEC, NEVER },
	{ report_groups, will_report_groups, IGMP_TMR_INTERVAL * NSEC_PER_MSEC, NEVER },
};
static uint64_t due_ns = NEVER;	/* the first of all */
static bool must_look = true;
static unsigned seen_clock;	/* clock_changes by which they were set */

/* ---- time ---- */

/* For lwIP: milliseconds, modulo 2^32. */
uint32_t sys_now(void)
{
	return (uint32_t)(clock_ns() / NSEC_PER_MSEC);
}

void net_timers_look(void)
{
	must_look = true;
}

/* For lwIP: there is a connection now. */
void tcp_timer_needed(void)
{
	net_timers_look();
}

/* A clock that has gone back, as after unit tests of the virtual one, makes none later than a period. */
static void look(uint64_t now_ns)
{
	must_look = false;
	seen_clock = clock_changes;
	due_ns = NEVER;
	for (unsigned i = 0; i < array_size(timers); i++) {
		struct net_timer *timer = &timers[i];

		if (!timer->needed())
			timer->due_ns = NEVER;
		else if (timer->due_ns == NEVER || timer->due_ns > now_ns + timer->period_ns)
			timer->due_ns = now_ns + timer->period_ns;
		due_ns = min(due_ns, timer->due_ns);
	}
}

uint64_t net_timers_due_ns(void)
{
	if (must_look || seen_clock != clock_changes)
		look(clock_ns());
	return due_ns;
}

static struct net_timer *first_due(uint64_t now_ns)
{
	struct net_timer *first = &timers[0];

	for (unsigned i = 1; i < array_size(timers); i++)
		if (timers[i].due_ns < first->due_ns)
			first = &timers[i];
	return first->due_ns <= now_ns ? first : NULL;
}

void net_timers_run(void)
{
	uint64_t now_ns = clock_ns();
	struct net_timer *timer;

	PBUF_CHECK_FREE_OOSEQ();
	while ((timer = first_due(now_ns))) {
		timer->due_ns += timer->period_ns;
		if (timer->due_ns < now_ns)
			timer->due_ns = now_ns + timer->period_ns;
		timer->run();
		if (!timer->needed())
			timer->due_ns = NEVER;
	}
	look(now_ns);
}
