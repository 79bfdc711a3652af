/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files of /proc/net that tell of interfaces, and count what came and went. Linux: proc(5).
 */
#include "interface.h"

#include <kernel/proc.h>
#include <kernel/string.h>
#include <lwip/etharp.h>
#include <lwip/stats.h>

/* ---- interfaces ---- */

int net_show_dev(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	struct interface_counts c;
	struct netif *netif;
	char name[IFNAMSIZ];

	proc_print(text, "Inter-|   Receive                                                |  Transmit\n");
	proc_print(text, " face |bytes    packets errs drop fifo frame compressed multicast|"
			 "bytes    packets errs drop fifo colls carrier compressed\n");
	net_lock();
	NETIF_FOREACH(netif) {
		netdev_counts(netif, &c);
		proc_print(text, "%6s: %7llu %7llu    0 %4llu    0     0          0         0",
			   interface_name(netif, name), (unsigned long long)c.rx_bytes,
			   (unsigned long long)c.rx_packets, (unsigned long long)c.rx_dropped);
		proc_print(text, " %8llu %7llu    0 %4llu    0     0       0          0\n",
			   (unsigned long long)c.tx_bytes, (unsigned long long)c.tx_packets,
			   (unsigned long long)c.tx_dropped);
	}
	net_unlock();
	return 0;
}

static void put_route(struct proc_text *text, const struct netif *netif, uint32_t to, uint32_t gateway, uint32_t mask)
{
	char name[IFNAMSIZ];

	proc_print(text, "%s\t%08X\t%08X\t%04X\t0\t0\t0\t%08X\t0\t0\t0\n", interface_name(netif, name), to, gateway,
		   RTF_UP | (gateway ? RTF_GATEWAY : 0), mask);
}

int net_show_route(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	struct netif *netif;

	proc_print(text, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n");
	net_lock();
	NETIF_FOREACH(netif) {
		uint32_t address = ip4_addr_get_u32(netif_ip4_addr(netif));
		uint32_t mask = ip4_addr_get_u32(netif_ip4_netmask(netif));
		uint32_t gateway = ip4_addr_get_u32(netif_ip4_gw(netif));

		if (interface_is_loopback(netif) || !address)
			continue;
		if (gateway)
			put_route(text, netif, 0, gateway, 0);
		put_route(text, netif, address & mask, 0, mask);
	}
	net_unlock();
	return 0;
}

int net_show_arp(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	char dotted[IP4ADDR_STRLEN_MAX], name[IFNAMSIZ];
	struct eth_addr *hardware;
	struct netif *netif;
	ip4_addr_t *address;

	proc_print(text, "IP address       HW type     Flags       HW address            Mask     Device\n");
	net_lock();
	for (size_t i = 0; i < ARP_TABLE_SIZE; i++) {
		if (!etharp_get_entry(i, &address, &netif, &hardware))
			continue;
		proc_print(text, "%-16s 0x%-10x0x%-10x%02x:%02x:%02x:%02x:%02x:%02x     *        %s\n",
			   ip4addr_ntoa_r(address, dotted, sizeof(dotted)), ARPHRD_ETHER, ATF_COM, hardware->addr[0],
			   hardware->addr[1], hardware->addr[2], hardware->addr[3], hardware->addr[4],
			   hardware->addr[5], interface_name(netif, name));
	}
	net_unlock();
	return 0;
}

int net_show_if_inet6(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	char name[IFNAMSIZ];
	struct netif *netif;

	net_lock();
	NETIF_FOREACH(netif) {
		bool loop = interface_is_loopback(netif);

		for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
			const ip6_addr_t *address = netif_ip6_addr(netif, i);

			if (!ip6_addr_isvalid(netif_ip6_addr_state(netif, i)))
				continue;
			for (unsigned w = 0; w < 4; w++)
				proc_print(text, "%08x", lwip_ntohl(address->addr[w]));
			proc_print(text, " %02x %02x %02x 80 %8s\n", netif_get_index(netif), loop ? 128 : 64,
				   loop                            ? 0x10
				   : ip6_addr_islinklocal(address) ? 0x20
								   : 0,
				   interface_name(netif, name));
		}
	}
	net_unlock();
	return 0;
}

/* ---- counts: RFC 2011, RFC 2012 and RFC 2013, as lwIP keeps them ---- */

int net_show_snmp(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	const struct stats_mib2 *m = &lwip_stats.mib2;

	net_lock();
	proc_print(text, "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos "
			 "InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs "
			 "ReasmFails FragOKs FragFails FragCreates\n");
	proc_print(text, "Ip: 2 %u %u %u %u %u %u %u %u %u %u %u 0 %u %u %u %u %u %u\n", IP_DEFAULT_TTL,
		   m->ipinreceives, m->ipinhdrerrors, m->ipinaddrerrors, m->ipforwdatagrams, m->ipinunknownprotos,
		   m->ipindiscards, m->ipindelivers, m->ipoutrequests, m->ipoutdiscards, m->ipoutnoroutes,
		   m->ipreasmreqds, m->ipreasmoks, m->ipreasmfails, m->ipfragoks, m->ipfragfails, m->ipfragcreates);
	proc_print(text, "Icmp: InMsgs InErrors InDestUnreachs InEchos InEchoReps OutMsgs OutErrors OutDestUnreachs "
			 "OutEchos OutEchoReps\n");
	proc_print(text, "Icmp: %u %u %u %u %u %u %u %u %u %u\n", m->icmpinmsgs, m->icmpinerrors, m->icmpindestunreachs,
		   m->icmpinechos, m->icmpinechoreps, m->icmpoutmsgs, m->icmpouterrors, m->icmpoutdestunreachs,
		   m->icmpoutechos, m->icmpoutechoreps);
	proc_print(text, "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets "
			 "CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors\n");
	proc_print(text, "Tcp: 1 200 120000 -1 %u %u %u %u %u %u %u %u %u %u %u\n", m->tcpactiveopens,
		   m->tcppassiveopens, m->tcpattemptfails, m->tcpestabresets, net_tcp_established(), m->tcpinsegs,
		   m->tcpoutsegs, m->tcpretranssegs, m->tcpinerrs, m->tcpoutrsts, lwip_stats.tcp.chkerr);
	proc_print(text, "Udp: InDatagrams NoPorts InErrors OutDatagrams InCsumErrors\n");
	proc_print(text, "Udp: %u %u %u %u %u\n", m->udpindatagrams, m->udpnoports, m->udpinerrors, m->udpoutdatagrams,
		   lwip_stats.udp.chkerr);
	net_unlock();
	return 0;
}

/* What is dropped without a count of its own above: lwIP's reasons. */
int net_show_netstat(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	net_lock();
	proc_print(text, "IpExt: InCsumErrors InTruncatedPkts\nIpExt: %u %u\n", lwip_stats.ip.chkerr,
		   lwip_stats.ip.lenerr);
	proc_print(text,
		   "Ip6Ext: InReceives InDiscards InCsumErrors InTruncatedPkts InUnknownProtos\n"
		   "Ip6Ext: %u %u %u %u %u\n",
		   lwip_stats.ip6.recv, lwip_stats.ip6.drop, lwip_stats.ip6.chkerr, lwip_stats.ip6.lenerr,
		   lwip_stats.ip6.proterr);
	proc_print(text,
		   "TcpExt: SyncookiesSent SyncookiesRecv SyncookiesFailed TCPDrops TCPLenErrors TCPMemErrors "
		   "TCPProtErrors\n"
		   "TcpExt: %lu %lu %lu %u %u %u %u\n",
		   net_cookies.sent, net_cookies.received, net_cookies.failed, lwip_stats.tcp.drop,
		   lwip_stats.tcp.lenerr, lwip_stats.tcp.memerr, lwip_stats.tcp.proterr);
	net_unlock();
	return 0;
}
