/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the stack counts, as metrics: lwIP's own counts where they are, those of interfaces, and connections by state.
 */
#include "interface.h"

#include <kernel/metrics.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/stats.h>

#define MIB2(id, field, text) METRIC_COUNTED(id, text, &lwip_stats.mib2.field)

MIB2(tcp_received_segments, tcpinsegs, "TCP segments that came");
MIB2(tcp_sent_segments, tcpoutsegs, "TCP segments that were sent");
MIB2(tcp_retransmitted_segments, tcpretranssegs, "TCP segments that were sent again");
MIB2(tcp_input_errors, tcpinerrs, "TCP segments that came and were wrong");
MIB2(tcp_opened_active, tcpactiveopens, "TCP connections that were asked for from here");
MIB2(tcp_opened_passive, tcppassiveopens, "TCP connections that were asked for from outside");
MIB2(udp_received_datagrams, udpindatagrams, "UDP datagrams that came");
MIB2(udp_sent_datagrams, udpoutdatagrams, "UDP datagrams that were sent");
MIB2(udp_no_ports, udpnoports, "UDP datagrams for a port that nobody listens at");
MIB2(ip_received_packets, ipinreceives, "IPv4 packets that came");
MIB2(ip_discarded_packets, ipindiscards, "IPv4 packets that came and were given up");
MIB2(icmp_received_messages, icmpinmsgs, "ICMP messages that came");
METRIC_COUNTED(tcp_cookies_sent, "SYNs that were answered with a cookie", &net_cookies.sent);
METRIC_COUNTED(tcp_cookies_received, "TCP connections opened by a cookie that came back", &net_cookies.received);
METRIC_COUNTED(tcp_cookies_failed, "TCP segments that might have been such a cookie, and were not",
	       &net_cookies.failed);
METRIC_COUNTED(tcp_dropped_segments, "TCP segments that were dropped, for any reason", &lwip_stats.tcp.drop);
METRIC_COUNTED(tcp_memory_errors, "Times that TCP found no memory", &lwip_stats.tcp.memerr);
METRIC_COUNTED(udp_dropped_datagrams, "UDP datagrams that were dropped, for any reason", &lwip_stats.udp.drop);
METRIC_COUNTED(ip6_received_packets, "IPv6 packets that came", &lwip_stats.ip6.recv);
METRIC_COUNTED(ip6_dropped_packets, "IPv6 packets that were dropped", &lwip_stats.ip6.drop);

/* which: the offset of a count. */
static void collect_interfaces(struct metric_sink *sink, unsigned which)
{
	struct interface_counts counts;
	char name[IFNAMSIZ];
	struct netif *netif;

	net_lock();
	NETIF_FOREACH(netif) {
		if (interface_is_loopback(netif))
			continue;
		netdev_counts(netif, &counts);
		metric_sample(sink, interface_name(netif, name), *(const uint64_t *)((const char *)&counts + which));
	}
	net_unlock();
}

#define OF_INTERFACES(id, field, text)                                                                                 \
	METRIC_COUNTERS_CALL(id, text, "interface", collect_interfaces, offsetof(struct interface_counts, field))

OF_INTERFACES(net_received_packets, rx_packets, "Frames that came");
OF_INTERFACES(net_received_bytes, rx_bytes, "Bytes of these");
OF_INTERFACES(net_received_dropped, rx_dropped, "Frames that came and were dropped, for want of memory");
OF_INTERFACES(net_sent_packets, tx_packets, "Frames that were sent");
OF_INTERFACES(net_sent_bytes, tx_bytes, "Bytes of these");
OF_INTERFACES(net_sent_dropped, tx_dropped, "Frames that were to be sent and were dropped");

#define STATES 11

static void count_states(const struct tcp_pcb *list, unsigned counts[STATES])
{
	for (; list; list = list->next)
		if ((unsigned)list->state < STATES)
			counts[list->state]++;
}

static void collect_connections(struct metric_sink *sink, unsigned argument UNUSED)
{
	/* enum tcp_state */
	static const char *const names[STATES] = { "closed",     "listen",     "syn_sent",   "syn_received",
						   "established", "fin_wait_1", "fin_wait_2", "close_wait",
						   "closing",    "last_ack",   "time_wait" };
	unsigned counts[STATES] = { 0 };

	net_lock();
	for (const struct tcp_pcb_listen *pcb = tcp_listen_pcbs.listen_pcbs; pcb; pcb = pcb->next)
		counts[LISTEN]++;
	count_states(tcp_bound_pcbs, counts);
	count_states(tcp_active_pcbs, counts);
	count_states(tcp_tw_pcbs, counts);
	net_unlock();
	for (unsigned i = 0; i < STATES; i++)
		metric_sample(sink, names[i], counts[i]);
}
METRIC_GAUGES_CALL(tcp_sockets, "TCP connections, by their state", "state", collect_connections, 0);
