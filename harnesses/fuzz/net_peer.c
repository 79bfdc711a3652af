/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who sits behind the devices of the harness "net": builds packets, remembers what the stack sent, answers for its
 * neighbours. Written from the RFCs alone, so that it can judge what the stack sends: RFC 791, 8200, 9293, 768, 826,
 * 4861.
 */
#include "net_wire.h"

#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/harness.h>
#include <kernel/log.h>
#include <kernel/string.h>

#define HEADERS 128
#define FRAME_MAX 65535
#define ETHERTYPE_IP4 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_IP6 0x86dd

struct peer_flow peer_flows[PEER_FLOWS];
struct peer_spoil peer_spoil;
uint8_t peer_seen[128];
unsigned peer_seen_len;
uint32_t peer_dhcp_id;
bool peer_is_mute;

/* Written before it is read. */
struct room {
	uint8_t packet[HEADERS + FRAME_MAX + 1], fragment[HEADERS + FRAME_MAX + 1];
};

static struct room *room;
static uint16_t packet_id;

/* ---- bytes ---- */

void peer_put(uint8_t *to, uint32_t value, unsigned bytes)
{
	while (bytes--) {
		to[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

uint32_t peer_get(const uint8_t *from, unsigned bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | *from++;
	return value;
}

/* One's complement sum of 16-bit words, folded (RFC 1071). */
uint16_t peer_sum(const uint8_t *from, size_t len, uint32_t start)
{
	uint64_t sum = start;

	for (; len > 1; len -= 2, from += 2)
		sum += (uint64_t)from[0] << 8 | from[1];
	if (len)
		sum += (uint64_t)from[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint8_t *peer_room(void)
{
	return room->packet + HEADERS;
}

/* ---- addresses ---- */

static const uint8_t addresses4[2][PEER_DEVICES][4] = {
	{ { 10, 0, 0, 1 }, { 10, 0, 1, 1 }, { 10, 0, 2, 1 } },
	{ { 10, 0, 0, 2 }, { 10, 0, 1, 2 }, { 10, 0, 2, 15 } },
};
/* The stack's are those that it makes of the prefix that it is told, and its Ethernet address. */
#define IP6(device, tail...) { 0x20, 0x01, 0x0d, 0xb8, 0, device, 0, 0, tail }
static const uint8_t addresses6[2][PEER_DEVICES][16] = {
	{ IP6(0, 0, 0, 0, 0, 0, 0, 0, 1), IP6(1, 0, 0, 0, 0, 0, 0, 0, 1), IP6(2, 0, 0, 0, 0, 0, 0, 0, 1) },
	{ IP6(0, 0x50, 0x54, 0, 0xff, 0xfe, 0, 0, 1), IP6(1, 0x50, 0x54, 0, 0xff, 0xfe, 0, 0, 2),
	  IP6(2, 0x50, 0x54, 0, 0xff, 0xfe, 0, 0, 3) },
};

const uint8_t *peer_address(unsigned device, bool v6, bool stack)
{
	return v6 ? addresses6[stack][device] : addresses4[stack][device];
}

static void ethernet_address(uint8_t to[6], unsigned device, bool stack)
{
	memcpy(to, (const uint8_t[]){ 0x52, 0x54, 0, 0, !stack, (uint8_t)(device + 1) }, 6);
}

void peer_ethernet(unsigned device, uint8_t header[14], uint16_t type)
{
	ethernet_address(header, device, true);
	ethernet_address(header + 6, device, false);
	peer_put(header + 12, type, 2);
}

/* ---- packets ---- */

static int checksum_place(uint8_t protocol)
{
	switch (protocol) {
	case PEER_ICMP:
	case PEER_IGMP:
	case PEER_ICMP6: return 2;
	case PEER_TCP: return 16;
	case PEER_UDP: return 6;
	default: return -1;
	}
}

/* ICMP and IGMP have no part of the addresses in their sums. */
static uint32_t pseudo_sum(uint8_t protocol, const uint8_t *from, const uint8_t *to, unsigned address_len, size_t len)
{
	if (protocol == PEER_ICMP || protocol == PEER_IGMP)
		return 0;
	return (uint32_t)peer_sum(from, address_len, 0) + peer_sum(to, address_len, 0) + protocol +
	       (uint32_t)(len >> 16) + (uint32_t)(len & 0xffff);
}

static void fill_checksum(uint8_t protocol, uint8_t *data, size_t len, const uint8_t *from, const uint8_t *to, bool v6)
{
	int place = checksum_place(protocol);
	uint16_t sum;

	if (place < 0 || (size_t)place + 2 > len)
		return;
	peer_put(data + place, 0, 2);
	sum = (uint16_t)~peer_sum(data, len, pseudo_sum(protocol, from, to, v6 ? 16 : 4, len));
	if (!sum && protocol == PEER_UDP)
		sum = 0xffff;
	peer_put(data + place, peer_spoil.checksum ? sum ^ 0x1234 : sum, 2);
}

static uint8_t *header_ip4(uint8_t *data, size_t len, uint8_t protocol, const uint8_t *from, const uint8_t *to,
			   uint16_t fragment)
{
	unsigned options = peer_spoil.extension_len / 4 * 4, header;
	uint8_t *ip;

	options = min(options, 40u);
	header = 20 + options;
	ip = data - header;
	memcpy(ip + 20, peer_spoil.extension, options);
	ip[0] = (uint8_t)(0x40 | header / 4);
	ip[1] = 0;
	peer_put(ip + 2, (uint32_t)(len + header), 2);
	peer_put(ip + 4, packet_id, 2);
	peer_put(ip + 6, fragment, 2);
	ip[8] = 64;
	ip[9] = protocol;
	peer_put(ip + 10, 0, 2);
	memcpy(ip + 12, from, 4);
	memcpy(ip + 16, to, 4);
	peer_put(ip + 10, (uint16_t)~peer_sum(ip, header, 0), 2);
	return ip;
}

static uint8_t *header_ip6(uint8_t *data, size_t len, uint8_t protocol, const uint8_t *from, const uint8_t *to)
{
	unsigned extension = peer_spoil.extension_len / 8 * 8;
	uint8_t *ip = data - extension - 40;

	if (extension) {
		memcpy(data - extension, peer_spoil.extension, extension);
		data[-(int)extension] = protocol;
		protocol = (uint8_t)peer_spoil.extension_first;
	}
	memset(ip, 0, 8);
	ip[0] = 0x60;
	peer_put(ip + 4, (uint32_t)(len + extension), 2);
	ip[6] = protocol;
	ip[7] = 255;
	memcpy(ip + 8, from, 16);
	memcpy(ip + 24, to, 16);
	return ip;
}

static void send_ip(unsigned device, bool v6, uint8_t *ip, size_t len)
{
	if (peer_spoil.with && peer_spoil.at < len)
		ip[peer_spoil.at] ^= peer_spoil.with;
	peer_ethernet(device, ip - 14, v6 ? ETHERTYPE_IP6 : ETHERTYPE_IP4);
	len = min(len + 14, (size_t)FRAME_MAX);
	wire_send(device, ip - 14, len - min(len, (size_t)peer_spoil.cut), peer_spoil.split);
}

/* One fragment: bytes [offset, offset + part) of data, which stays as it is. */
static void send_fragment(unsigned device, bool v6, uint8_t protocol, const uint8_t *data, size_t len, size_t offset,
			  const uint8_t *from, const uint8_t *to)
{
	size_t part = min(len - offset, (size_t)peer_spoil.fragment + peer_spoil.overlap);
	bool more = offset + peer_spoil.fragment < len;
	uint8_t *at = room->fragment + HEADERS, *ip;

	memcpy(at, data + offset, part);
	if (!v6) {
		ip = header_ip4(at, part, protocol, from, to, (uint16_t)(offset / 8 | (more ? 0x2000 : 0)));
		send_ip(device, v6, ip, part + (size_t)(at - ip));
		return;
	}
	/* RFC 8200, 4.5. */
	at -= 8;
	at[0] = protocol;
	at[1] = 0;
	peer_put(at + 2, (uint32_t)((offset & ~(size_t)7) | more), 2);
	peer_put(at + 4, packet_id, 4);
	ip = header_ip6(at, part + 8, 44, from, to);
	send_ip(device, v6, ip, part + 8 + (size_t)(at - ip));
}

static void send_fragments(unsigned device, bool v6, uint8_t protocol, const uint8_t *data, size_t len,
			   const uint8_t *from, const uint8_t *to)
{
	size_t count = (len + peer_spoil.fragment - 1) / peer_spoil.fragment;

	for (size_t i = 0; i < min(count, (size_t)32); i++) {
		size_t n = peer_spoil.backwards ? count - 1 - i : i;

		if (!(peer_spoil.drop >> n % 8 & 1))
			send_fragment(device, v6, protocol, data, len, n * peer_spoil.fragment, from, to);
	}
}

void peer_send_ip(unsigned device, bool v6, uint8_t protocol, uint8_t *data, size_t len, const uint8_t *from,
		  const uint8_t *to)
{
	uint8_t *ip;

	from = from ?: peer_address(device, v6, false);
	to = to ?: peer_address(device, v6, true);
	packet_id++;
	fill_checksum(protocol, data, len, from, to, v6);
	if (peer_spoil.fragment) {
		send_fragments(device, v6, protocol, data, len, from, to);
	} else {
		ip = v6 ? header_ip6(data, len, protocol, from, to) : header_ip4(data, len, protocol, from, to, 0);
		send_ip(device, v6, ip, len + (size_t)(data - ip));
	}
	peer_spoil = (struct peer_spoil){ 0 };
}

void peer_send_frame(unsigned device, const uint8_t *frame, size_t len)
{
	wire_send(device, frame, len, peer_spoil.split);
	peer_spoil = (struct peer_spoil){ 0 };
}

/* ---- neighbours ---- */

static void say_arp(unsigned device, unsigned operation)
{
	uint8_t frame[42];

	peer_ethernet(device, frame, ETHERTYPE_ARP);
	peer_put(frame + 14, 0x00010800, 4);
	peer_put(frame + 18, 0x06040000 | operation, 4);
	ethernet_address(frame + 22, device, false);
	memcpy(frame + 28, peer_address(device, false, false), 4);
	ethernet_address(frame + 32, device, true);
	memcpy(frame + 38, peer_address(device, false, true), 4);
	wire_send(device, frame, sizeof(frame), 0);
}

/* A message of neighbour discovery, with its sender's link address for an option. */
static void say_nd(unsigned device, uint8_t *body, size_t len, const uint8_t *from)
{
	uint8_t packet[HEADERS + 128], *at = packet + HEADERS, *ip;
	const uint8_t *to = peer_address(device, true, true);
	static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };

	memcpy(at, body, len);
	if (body[0] == 134)
		to = all_nodes;
	peer_put(at + 2, 0, 2);
	peer_put(at + 2, (uint16_t)~peer_sum(at, len, pseudo_sum(PEER_ICMP6, from, to, 16, len)), 2);
	memset(at - 40, 0, 8);
	ip = at - 40;
	ip[0] = 0x60;
	peer_put(ip + 4, (uint32_t)len, 2);
	ip[6] = PEER_ICMP6;
	ip[7] = 255;
	memcpy(ip + 8, from, 16);
	memcpy(ip + 24, to, 16);
	peer_ethernet(device, ip - 14, ETHERTYPE_IP6);
	wire_send(device, ip - 14, len + 54, 0);
}

static void say_neighbour(unsigned device)
{
	uint8_t body[32] = { 136, 0, 0, 0, 0x60 };

	memcpy(body + 8, peer_address(device, true, false), 16);
	body[24] = 2;
	body[25] = 1;
	ethernet_address(body + 26, device, false);
	say_nd(device, body, sizeof(body), peer_address(device, true, false));
}

/* A router that has a prefix for everybody. */
static void say_router(unsigned device)
{
	static const uint8_t router[16] = { 0xfe, 0x80, [15] = 1 };
	uint8_t body[16 + 32 + 8] = { 134, 0, 0, 0, 64, 0, 0x07, 0x08 };

	body[16] = 3;
	body[17] = 4;
	body[18] = 64;
	body[19] = 0xc0;
	peer_put(body + 20, 86400, 4);
	peer_put(body + 24, 86400, 4);
	memcpy(body + 32, peer_address(device, true, false), 8);
	body[48] = 1;
	body[49] = 1;
	ethernet_address(body + 50, device, false);
	say_nd(device, body, sizeof(body), router);
}

/* ---- what the stack sends ---- */

static void look_tcp(unsigned device, bool v6, const uint8_t *tcp, size_t len)
{
	unsigned index = peer_get(tcp + 2, 2) - PEER_PORT, header = (tcp[12] >> 4) * 4u;
	struct peer_flow *flow = &peer_flows[index % PEER_FLOWS];

	if (header < 20 || header > len)
		panic("a TCP header of %u bytes was sent", header);
	if (index >= PEER_FLOWS || flow->device != device || flow->v6 != v6)
		return;
	flow->port = (uint16_t)peer_get(tcp, 2);
	if (!(tcp[13] & 4))
		flow->theirs = peer_get(tcp + 4, 4) + (uint32_t)(len - header) + (tcp[13] & 1) + (tcp[13] >> 1 & 1);
	for (unsigned i = 20; i + 10 <= header && tcp[i];) {
		if (tcp[i] == 8)
			flow->their_time = peer_get(tcp + i + 2, 4);
		i += tcp[i] == 1 ? 1 : max(tcp[i + 1], 2u);
	}
}

/* The sum must be right, or, where the device is asked to make it, hold what the addresses are for. */
static void judge_checksum(uint8_t protocol, const uint8_t *data, size_t len, const uint8_t *addresses, bool v6,
			   const struct net_frame *as)
{
	unsigned size = v6 ? 16 : 4;
	int place = checksum_place(protocol);
	uint32_t pseudo = pseudo_sum(protocol, addresses, addresses + size, size, len);

	if (place < 0)
		return;
	if ((size_t)place + 2 > len)
		panic("%zu bytes of protocol %u were sent", len, protocol);
	if (as->checksum_start) {
		if (as->checksum_offset != place || peer_get(data + place, 2) != peer_sum(data, 0, pseudo))
			panic("a device was asked for a checksum that would be wrong");
		return;
	}
	if (protocol == PEER_UDP && !v6 && !peer_get(data + place, 2))
		return;
	if (peer_sum(data, len, pseudo) != 0xffff)
		panic("a packet of protocol %u was sent with a wrong checksum", protocol);
}

static void look_transport(unsigned device, bool v6, uint8_t protocol, const uint8_t *data, size_t len,
			   const uint8_t *addresses, const struct net_frame *as)
{
	judge_checksum(protocol, data, len, addresses, v6, as);
	if (protocol == PEER_TCP)
		look_tcp(device, v6, data, len);
	else if (protocol == PEER_UDP && peer_get(data + 2, 2) == 67 && len >= 16)
		peer_dhcp_id = peer_get(data + 12, 4);
	else if (protocol == PEER_ICMP6 && data[0] == 135 && len >= 24 && !peer_is_mute &&
		 !memcmp(data + 8, peer_address(device, true, false), 16))
		say_neighbour(device);
}

static void look_ip4(unsigned device, const uint8_t *ip, size_t len, const struct net_frame *as)
{
	size_t header = (ip[0] & 15) * 4u, total = peer_get(ip + 2, 2);

	if (ip[0] >> 4 != 4 || header < 20 || total < header || total > len || (len > total && len > 46))
		panic("a bad IPv4 header was sent: %u of %zu bytes", (unsigned)total, len);
	if (peer_sum(ip, header, 0) != 0xffff)
		panic("an IPv4 header was sent with a wrong checksum");
	if (peer_get(ip + 6, 2) & 0x3fff)
		return;
	look_transport(device, false, ip[9], ip + header, total - header, ip + 12, as);
}

static void look_ip6(unsigned device, const uint8_t *ip, size_t len, const struct net_frame *as)
{
	size_t payload = peer_get(ip + 4, 2), header = 40;
	uint8_t next = ip[6];

	if (len < 40 || ip[0] >> 4 != 6 || payload + 40 > len)
		panic("a bad IPv6 header was sent: %zu of %zu bytes", payload, len);
	/* Multicast listeners' reports carry a router alert before them (RFC 2710, 3). */
	if (next == 0 && payload >= 8) {
		next = ip[40];
		header += 8 + ip[41] * 8u;
	}
	if (next != 44 && header <= 40 + payload)
		look_transport(device, true, next, ip + header, 40 + payload - header, ip + 8, as);
}

void peer_look(unsigned device, const uint8_t *frame, size_t len, const struct net_frame *as)
{
	uint32_t type;

	if (len < 14)
		panic("a frame of %zu bytes was sent", len);
	if (!as->segment && len > 1514)
		panic("a frame of %zu bytes was sent", len);
	type = peer_get(frame + 12, 2);
	if (type == ETHERTYPE_ARP && len >= 42) {
		if (peer_get(frame + 20, 2) == 1 && !peer_is_mute &&
		    !memcmp(frame + 38, peer_address(device, false, false), 4))
			say_arp(device, 2);
		return;
	}
	if (type != ETHERTYPE_IP4 && type != ETHERTYPE_IP6)
		panic("a frame of type %#x was sent", type);
	if (type == ETHERTYPE_IP4)
		look_ip4(device, frame + 14, len - 14, as);
	else
		look_ip6(device, frame + 14, len - 14, as);
	peer_seen_len = (unsigned)min(len - 14, sizeof(peer_seen));
	memcpy(peer_seen, frame + 14, peer_seen_len);
}

/* ---- time ---- */

void peer_deliver(void)
{
	wire_run();
}

/* Steps to the one in which something happens, at most max: the next timer, where devices have nothing to do. */
static unsigned steps_to_event(unsigned max, uint64_t step_ns)
{
	uint64_t first_ns = arch_cpu()->timer_first_ns, now_ns = clock_ns();
	uint64_t steps = first_ns > now_ns && !wire_busy() ? (first_ns - now_ns - 1) / step_ns + 1 : 1;

	return (unsigned)min(steps, (uint64_t)max);
}

void peer_pass(unsigned steps, uint64_t step_ns)
{
	while (steps) {
		unsigned n = step_ns ? steps_to_event(steps, step_ns) : steps;

		clock_virtual_advance(n * step_ns);
		wire_run();
		steps -= n;
	}
}

/* ---- coming and going ---- */

int peer_setup(void)
{
	int err;

	room = harness_room(sizeof(*room));
	if (!room)
		return -ENOMEM;
	err = wire_setup();
	if (err)
		return err;
	for (unsigned i = 0; i < PEER_FLOWS; i++)
		peer_flows[i] = (struct peer_flow){ .device = i / 4, .v6 = i & 1, .port = 80, .next = (i + 1) << 24 };
	/* Duplicate addresses are looked for until they may be used. */
	for (unsigned i = 0; i < PEER_DEVICES; i++)
		say_router(i);
	peer_pass(16, 250 * NSEC_PER_MSEC);
	for (unsigned i = 0; i < PEER_DEVICES; i++) {
		say_arp(i, 1);
		say_neighbour(i);
	}
	peer_pass(4, 250 * NSEC_PER_MSEC);
	return 0;
}

void peer_remove(void)
{
	wire_remove();
}
