/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Merging of TCP segments: see merge.h. Only what differs in nothing but sequence number, length and PSH is merged, so
 * that the device's cutting gives the same segments back. IPv4.
 */
#include "merge.h"

#include <kernel/string.h>
#include <lwip/inet_chksum.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/tcp.h>

#define BYTES_MAX 65000

static struct ip_hdr *ip_of(const struct pbuf *p)
{
	return (struct ip_hdr *)((char *)p->payload + SIZEOF_ETH_HDR);
}

static struct tcp_hdr *tcp_of(const struct pbuf *p)
{
	return (struct tcp_hdr *)((char *)p->payload + SIZEOF_ETH_HDR + IP_HLEN);
}

/* The bytes of headers of a segment with data that can be merged; 0: it cannot. */
static unsigned header_of(const struct pbuf *p)
{
	const struct eth_hdr *eth = p->payload;
	unsigned header;

	if (p->len < SIZEOF_ETH_HDR + IP_HLEN + TCP_HLEN || eth->type != PP_HTONS(ETHTYPE_IP) || IPH_V(ip_of(p)) != 4 ||
	    IPH_HL_BYTES(ip_of(p)) != IP_HLEN || IPH_PROTO(ip_of(p)) != IP_PROTO_TCP ||
	    (IPH_OFFSET(ip_of(p)) & PP_HTONS(IP_OFFMASK | IP_MF)))
		return 0;
	if ((TCPH_FLAGS(tcp_of(p)) & ~TCP_PSH) != TCP_ACK)
		return 0;
	header = SIZEOF_ETH_HDR + IP_HLEN + TCPH_HDRLEN_BYTES(tcp_of(p));
	return header <= p->len && header < p->tot_len ? header : 0;
}

static unsigned span_count(const struct pbuf *p, unsigned header)
{
	unsigned count = p->len > header;

	for (p = p->next; p; p = p->next)
		count++;
	return count;
}

/* Are they of one connection, and alike in all that a merged header tells of both? */
static bool is_alike(const struct pbuf *a, const struct pbuf *b, unsigned header)
{
	const struct tcp_hdr *ta = tcp_of(a), *tb = tcp_of(b);

	return !memcmp(a->payload, b->payload, SIZEOF_ETH_HDR) && IPH_TTL(ip_of(a)) == IPH_TTL(ip_of(b)) &&
	       IPH_TOS(ip_of(a)) == IPH_TOS(ip_of(b)) && !memcmp(&ip_of(a)->src, &ip_of(b)->src, 8) &&
	       ta->src == tb->src && ta->dest == tb->dest && ta->ackno == tb->ackno && ta->wnd == tb->wnd &&
	       !memcmp(ta + 1, tb + 1, header - SIZEOF_ETH_HDR - IP_HLEN - TCP_HLEN);
}

static bool goes_on(const struct merge *m, const struct pbuf *p, unsigned header)
{
	unsigned data = p->tot_len - header;

	return header == m->header && m->count < MERGE_PARTS && m->last == m->segment && data <= m->segment &&
	       m->bytes + data <= BYTES_MAX && m->spans + span_count(p, header) < NET_FRAME_SPANS &&
	       lwip_ntohl(tcp_of(p)->seqno) == m->next_seq && !(TCPH_FLAGS(tcp_of(m->parts[m->count - 1])) & TCP_PSH) &&
	       is_alike(m->parts[0], p, header);
}

bool merge_add(struct merge *m, struct pbuf *p)
{
	unsigned header = header_of(p), data = p->tot_len - header;

	if (!header || (m->count && !goes_on(m, p, header)))
		return false;
	if (!m->count) {
		m->header = header;
		m->segment = data;
		m->spans = m->bytes = 0;
		m->next_seq = lwip_ntohl(tcp_of(p)->seqno);
	}
	pbuf_ref(p);
	m->parts[m->count++] = p;
	m->last = data;
	m->bytes += data;
	m->spans += span_count(p, header);
	m->next_seq += data;
	return true;
}

static void set_length(struct pbuf *p, unsigned len)
{
	struct ip_hdr *ip = ip_of(p);

	IPH_LEN_SET(ip, lwip_htons((u16_t)len));
	IPH_CHKSUM_SET(ip, 0);
	IPH_CHKSUM_SET(ip, inet_chksum(ip, IP_HLEN));
}

void merge_build(struct merge *m, struct net_frame *frame)
{
	struct pbuf *first = m->parts[0];

	set_length(first, m->header - SIZEOF_ETH_HDR + m->bytes);
	if (TCPH_FLAGS(tcp_of(m->parts[m->count - 1])) & TCP_PSH)
		TCPH_SET_FLAG(tcp_of(first), TCP_PSH);
	frame->spans[frame->span_count++] = (struct net_span){ first->payload, m->header };
	for (unsigned i = 0; i < m->count; i++) {
		unsigned skip = m->header;

		for (struct pbuf *p = m->parts[i]; p; p = p->next, skip = 0)
			if (p->len > skip)
				frame->spans[frame->span_count++] = (struct net_span){ (char *)p->payload + skip,
										       p->len - skip };
	}
	frame->segment = (uint16_t)m->segment;
	frame->header = (uint16_t)m->header;
}

void merge_restore(struct merge *m)
{
	set_length(m->parts[0], m->parts[0]->tot_len - SIZEOF_ETH_HDR);
}
