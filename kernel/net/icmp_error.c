/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP's errors about datagrams that connected UDP sockets have sent, which lwIP leaves alone: the next call of the
 * socket fails with what happened (RFC 1122, 4.1.3.3). Only a packet that quotes both of the socket's ends is believed.
 */
#include "inet_datagram.h"

#include <kernel/boot.h>
#include <kernel/errno.h>
#include <lwip/icmp.h>
#include <lwip/prot/icmp.h>
#include <lwip/prot/icmp6.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/ip6.h>
#include <lwip/prot/udp.h>
#include <lwip/raw.h>
#include <lwip/udp.h>

#define ICMP_HEADER 8

/* 0: not one that ends a conversation. */
static int errno_of(uint8_t type, uint8_t code, bool v6)
{
	if (v6) {
		if (type == ICMP6_TYPE_DUR && code == ICMP6_DUR_PORT)
			return ECONNREFUSED;
		return type == ICMP6_TYPE_DUR && code == 1 ? EACCES : 0;
	}
	if (type != ICMP_DUR)
		return 0;
	switch (code) {
	case ICMP_DUR_PROTO: return ENOPROTOOPT;
	case ICMP_DUR_PORT: return ECONNREFUSED;
	default: return 0;
	}
}

static void tell_socket(const ip_addr_t *from, uint16_t from_port, const ip_addr_t *to, uint16_t to_port, int error)
{
	for (struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
		if (!(pcb->flags & UDP_FLAGS_CONNECTED) || pcb->local_port != from_port ||
		    pcb->remote_port != to_port || !ip_addr_cmp(&pcb->remote_ip, to))
			continue;
		if (!ip_addr_isany(&pcb->local_ip) && !ip_addr_cmp(&pcb->local_ip, from))
			continue;
		udp_socket_error(pcb, error);
		return;
	}
}

/* p: at `at` the IP header of the datagram that was sent. */
static void look_at4(const struct pbuf *p, u16_t at, int error)
{
	struct ip_hdr ip;
	struct udp_hdr udp;
	ip_addr_t from, to;

	if (pbuf_copy_partial(p, &ip, sizeof(ip), at) != sizeof(ip) || IPH_V(&ip) != 4 ||
	    IPH_PROTO(&ip) != IP_PROTO_UDP || (IPH_OFFSET(&ip) & PP_HTONS(IP_OFFMASK)))
		return;
	if (pbuf_copy_partial(p, &udp, sizeof(udp), (u16_t)(at + IPH_HL_BYTES(&ip))) != sizeof(udp))
		return;
	ip_addr_set_ip4_u32_val(from, ip.src.addr);
	ip_addr_set_ip4_u32_val(to, ip.dest.addr);
	tell_socket(&from, lwip_ntohs(udp.src), &to, lwip_ntohs(udp.dest), error);
}

static void look_at6(const struct pbuf *p, u16_t at, struct netif *netif, int error)
{
	struct ip6_hdr ip;
	struct udp_hdr udp;
	ip_addr_t from, to;

	if (pbuf_copy_partial(p, &ip, sizeof(ip), at) != sizeof(ip) || IP6H_V(&ip) != 6 ||
	    IP6H_NEXTH(&ip) != IP6_NEXTH_UDP ||
	    pbuf_copy_partial(p, &udp, sizeof(udp), (u16_t)(at + IP6_HLEN)) != sizeof(udp))
		return;
	ip_addr_copy_from_ip6_packed(from, ip.src);
	ip_addr_copy_from_ip6_packed(to, ip.dest);
	ip6_addr_assign_zone(ip_2_ip6(&from), IP6_UNICAST, netif);
	ip6_addr_assign_zone(ip_2_ip6(&to), IP6_UNICAST, netif);
	tell_socket(&from, lwip_ntohs(udp.src), &to, lwip_ntohs(udp.dest), error);
}

static u8_t received(void *arg UNUSED, struct raw_pcb *pcb UNUSED, struct pbuf *p, const ip_addr_t *from UNUSED)
{
	uint8_t head[2];
	u16_t at = ip_current_header_tot_len();
	bool v6 = ip_current_is_v6();
	int error;

	if (pbuf_copy_partial(p, head, sizeof(head), at) != sizeof(head))
		return 0;
	error = errno_of(head[0], head[1], v6);
	if (error && v6)
		look_at6(p, (u16_t)(at + ICMP_HEADER), ip_current_input_netif(), error);
	else if (error)
		look_at4(p, (u16_t)(at + ICMP_HEADER), error);
	return 0;
}

/* lwIP shows raw pcbs what its own ICMP gets next. */
static int icmp_error_init(void)
{
	struct raw_pcb *v4 = raw_new_ip_type(IPADDR_TYPE_V4, IP_PROTO_ICMP);
	struct raw_pcb *v6 = raw_new_ip_type(IPADDR_TYPE_V6, IP6_NEXTH_ICMP6);

	if (!v4 || !v6)
		return -ENOMEM;
	raw_recv(v4, received, NULL);
	raw_recv(v6, received, NULL);
	return 0;
}
INIT_CALL(INIT_DEVICE, icmp_error_init);
