/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for the stack and calls on its sockets, in any order: the input is both the network and the program. Numbers
 * of packets are told by how they differ from those that would fit, so short inputs get far into a connection. Finds:
 * whatever a peer can do to the stack, packets that it should not send, and pieces of it that are left when all sockets
 * are closed. Seeds: harnesses/seeds/net/, written by hand, and what was found.
 *
 * An input is a sequence of steps: a byte whose low four bits say which (enum step), its high ones something to it, and
 * what that takes. Past the input's end everything is zero.
 */
#include "net_peer.h"

#include <kernel/clock.h>
#include <kernel/fake.h>
#include <kernel/harness.h>
#include <kernel/heap.h>
#include <kernel/net.h>
#include <kernel/string.h>
#include <kernel/thread.h>

#include "net_calls.h"

#define STEPS_MAX 200
#define TICKS_MAX 400		/* of 250 ms, an input */
#define TICK_NS (250 * NSEC_PER_MSEC)

/* What lwIP still holds when all is over: more of it than after an empty input is a leak. */
OBJECT_TYPE(net_piece);

enum step {
	STEP_TCP,
	STEP_UDP,
	STEP_ICMP,
	STEP_ND,
	STEP_ARP,
	STEP_DHCP,
	STEP_IP,
	STEP_FRAME,
	STEP_QUOTE,
	STEP_SPOIL,
	STEP_FRAGMENT,
	STEP_EXTENSION,
	STEP_CALL,
	STEP_TIME,
	STEP_DEVICE,
	STEP_OPEN,
};

static unsigned ticks_left;

/* A count and so many bytes of the input. */
static size_t take_bytes(struct script *script, uint8_t *to, size_t max)
{
	size_t len = min((size_t)script_take(script, 1), max);

	script_bytes(script, to, len);
	return len;
}

/* ---- packets ---- */

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };
enum { HAS_SEQ = 1, HAS_ACK = 2, HAS_WINDOW = 4, HAS_OPTIONS = 8, HAS_BYTES = 16, HAS_FILL = 32, HAS_URGENT = 64 };
enum { OPTION_MSS = 1, OPTION_SCALE = 2, OPTION_SACK_OK = 4, OPTION_TIME = 8, OPTION_SACK = 16, OPTION_RAW = 32 };

static size_t tcp_options(struct script *script, const struct peer_flow *flow, uint8_t *to)
{
	unsigned which = (unsigned)script_take(script, 1);
	size_t n = 0;

	if (which & OPTION_MSS) {
		peer_put(to, 0x02040000 | (uint32_t)script_take(script, 2), 4);
		n += 4;
	}
	if (which & OPTION_SCALE) {
		peer_put(to + n, 0x01030300 | (uint32_t)script_take(script, 1), 4);
		n += 4;
	}
	if (which & OPTION_SACK_OK) {
		peer_put(to + n, 0x01010402, 4);
		n += 4;
	}
	if (which & OPTION_TIME) {
		peer_put(to + n, 0x0101080a, 4);
		peer_put(to + n + 4, (uint32_t)script_take(script, 2), 4);
		peer_put(to + n + 8, flow->their_time, 4);
		n += 12;
	}
	if (which & OPTION_SACK) {
		peer_put(to + n, 0x0101050a, 4);
		peer_put(to + n + 4, flow->theirs + (uint32_t)(int8_t)script_take(script, 1), 4);
		peer_put(to + n + 8, flow->theirs + (uint32_t)(int8_t)script_take(script, 1), 4);
		n += 12;
	}
	if (which & OPTION_RAW)
		n += take_bytes(script, to + n, 40 - n);
	while (n % 4)
		to[n++] = 0;
	return n;
}

static size_t payload(struct script *script, unsigned has, uint8_t *to)
{
	size_t n = 0;

	if (has & HAS_BYTES)
		n = take_bytes(script, to, 255);
	if (has & HAS_FILL) {
		size_t more = (size_t)script_take(script, 2) % PEER_PAYLOAD_MAX;

		memset(to + n, (int)more | 1, more);
		n += more;
	}
	return n;
}

static int16_t take_delta(struct script *script)
{
	return (int16_t)script_take(script, 2);
}

static void step_tcp(struct script *script, unsigned which)
{
	struct peer_flow *flow = &peer_flows[which % PEER_FLOWS];
	uint8_t flags = (uint8_t)script_take(script, 1), *tcp = peer_room();
	unsigned has = (unsigned)script_take(script, 1);
	int16_t seq = has & HAS_SEQ ? take_delta(script) : 0, ack = has & HAS_ACK ? take_delta(script) : 0;
	uint32_t window = has & HAS_WINDOW ? (uint32_t)script_take(script, 2) : 0x4000;
	size_t header, len;

	peer_put(tcp, PEER_PORT + which % PEER_FLOWS, 2);
	peer_put(tcp + 2, flow->port, 2);
	peer_put(tcp + 4, flow->next + (uint32_t)seq, 4);
	peer_put(tcp + 8, flags & TCP_ACK ? flow->theirs + (uint32_t)ack : 0, 4);
	header = 20 + (has & HAS_OPTIONS ? tcp_options(script, flow, tcp + 20) : 0);
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[13] = flags;
	peer_put(tcp + 14, window, 2);
	peer_put(tcp + 18, has & HAS_URGENT ? (uint32_t)script_take(script, 1) : 0, 2);
	len = payload(script, has, tcp + header);
	if (!seq)
		flow->next += (uint32_t)len + (flags & TCP_FIN) + (flags >> 1 & 1);
	peer_send_ip(flow->device, flow->v6, PEER_TCP, tcp, header + len, NULL, NULL);
}

/* Addresses that make a stack think: nobody, everybody, itself, groups. */
static const uint8_t *odd_address(unsigned which, bool v6)
{
	static const uint8_t odd4[8][4] = {
		{ 0 },		     { 255, 255, 255, 255 }, { 127, 0, 0, 1 }, { 224, 0, 0, 1 },
		{ 10, 0, 0, 255 },   { 10, 0, 0, 2 },	     { 240, 1, 1, 1 }, { 192, 168, 7, 7 },
	};
	static const uint8_t odd6[8][16] = { { 0 },
					     { [15] = 1 },
					     { 0xff, 2, [15] = 1 },
					     { 0xff, 2, [11] = 1, 0xff, 0, 0, 1 },
					     { [10] = 0xff, 0xff, 10, 0, 0, 2 },
					     { 0xfe, 0x80, [15] = 1 },
					     { 0xfe, 0x80, [8] = 0x50, 0x54, 0, 0xff, 0xfe, 0, 0, 1 },
					     { 0x20, 0x01, 0x0d, 0xb8, [15] = 9 } };

	return v6 ? odd6[which % 8] : odd4[which % 8];
}

/* High bits of a step about IP: 0..2 the device, 4 IPv6, 8 odd addresses, which a byte names. */
static void send_ip(struct script *script, unsigned how, uint8_t protocol, uint8_t *data, size_t len)
{
	unsigned odd = how & 8 ? (unsigned)script_take(script, 1) : 0;
	bool v6 = how & 4;

	peer_send_ip((how & 3) % PEER_DEVICES, v6, protocol, data, len, odd & 8 ? odd_address(odd, v6) : NULL,
		     odd & 128 ? odd_address(odd >> 4, v6) : NULL);
}

static void step_udp(struct script *script, unsigned how)
{
	static const uint16_t ports[8] = { 53, 5353, 68, 546, 7, 80, 1024, 0 };
	uint8_t *udp = peer_room();
	unsigned what = (unsigned)script_take(script, 1);
	size_t len = 8 + payload(script, what & (HAS_BYTES | HAS_FILL), udp + 8);

	peer_put(udp, PEER_PORT + (what >> 6), 2);
	peer_put(udp + 2, ports[what % 8], 2);
	peer_put(udp + 4, (uint32_t)len + (what >> 3 & 1), 2);
	peer_put(udp + 6, 0, 2);
	send_ip(script, how, PEER_UDP, udp, len);
}

static void step_icmp(struct script *script, unsigned how)
{
	uint8_t *icmp = peer_room();
	size_t len;

	script_bytes(script, icmp, 2);
	len = 4 + take_bytes(script, icmp + 4, 255);
	send_ip(script, how, how & 4 ? PEER_ICMP6 : PEER_ICMP, icmp, len);
}

/* Types 133 to 137, about a target that is known, with options as the input has them. */
static void step_nd(struct script *script, unsigned how)
{
	static const uint8_t targets_at[5] = { 0, 0, 8, 8, 8 };
	uint8_t *icmp = peer_room();
	unsigned what = (unsigned)script_take(script, 1), type = what % 5, device = (how & 3) % PEER_DEVICES;
	size_t len = type == 0 ? 8 : type == 1 ? 16 : type == 4 ? 40 : 24;

	memset(icmp, 0, len);
	icmp[0] = (uint8_t)(133 + type);
	script_bytes(script, icmp + 4, type == 1 ? 12 : 1);
	if (targets_at[type])
		memcpy(icmp + targets_at[type],
		       what & 64 ? odd_address(what >> 3, true) : peer_address(device, true, what & 32), 16);
	if (type == 4)
		memcpy(icmp + 24, what & 128 ? odd_address(what >> 3, true) : peer_address(device, true, false), 16);
	len += take_bytes(script, icmp + len, 200);
	send_ip(script, how | 4, PEER_ICMP6, icmp, len);
}

static void step_arp(struct script *script, unsigned how)
{
	uint8_t frame[42];
	unsigned what = (unsigned)script_take(script, 1), device = how % PEER_DEVICES;

	peer_ethernet(device, frame, 0x0806);
	peer_put(frame + 14, 0x00010800, 4);
	peer_put(frame + 18, 0x06040000 | (what & 3), 4);
	memcpy(frame + 22, frame + 6, 6);
	frame[27] ^= what >> 2 & 3;
	memcpy(frame + 28, what & 16 ? odd_address(what >> 5, false) : peer_address(device, false, what & 32), 4);
	memcpy(frame + 32, frame, 6);
	memcpy(frame + 38, what & 64 ? odd_address(what >> 5, false) : peer_address(device, false, !(what & 128)), 4);
	peer_send_frame(device, frame, sizeof(frame));
}

/* A server's answer (RFC 2131): its fixed part fits, its options are the input's. */
static void step_dhcp(struct script *script, unsigned how)
{
	uint8_t *udp = peer_room(), *dhcp = udp + 8;
	unsigned type = (unsigned)script_take(script, 1);
	size_t len = 240;

	memset(dhcp, 0, len);
	peer_put(dhcp, 0x02010600, 4);
	peer_put(dhcp + 4, peer_dhcp_id, 4);
	memcpy(dhcp + 16, peer_address(2, false, true), 4);
	memcpy(dhcp + 28, (const uint8_t[]){ 0x52, 0x54, 0, 0, 0, 3 }, 6);
	peer_put(dhcp + 236, 0x63825363, 4);
	if (type) {
		peer_put(dhcp + 240, 0x350100 | (type & 15), 3);
		peer_put(dhcp + 243, 0x3604, 2);
		memcpy(dhcp + 245, peer_address(2, false, false), 4);
		len += 9;
	}
	len += take_bytes(script, dhcp + len, 255);
	dhcp[len++] = how & 4 ? 0 : 255;
	peer_put(udp, 67, 2);
	peer_put(udp + 2, 68, 2);
	peer_put(udp + 4, (uint32_t)len + 8, 2);
	peer_put(udp + 6, 0, 2);
	peer_send_ip(2, false, PEER_UDP, udp, len + 8, NULL, how & 8 ? odd_address(1, false) : NULL);
}

static void step_ip(struct script *script, unsigned how)
{
	uint8_t *data = peer_room(), protocol = (uint8_t)script_take(script, 1);

	send_ip(script, how, protocol, data, take_bytes(script, data, 255));
}

static void step_frame(struct script *script, unsigned how)
{
	uint8_t *frame = peer_room();
	size_t len = take_bytes(script, frame, 255);

	if (how & 4 && len >= 14)
		peer_ethernet((how & 3) % PEER_DEVICES, frame, (uint16_t)peer_get(frame + 12, 2));
	peer_send_frame((how & 3) % PEER_DEVICES, frame, len);
}

/* An error about what the stack sent last (RFC 792, RFC 4443). */
static void step_quote(struct script *script, unsigned how)
{
	uint8_t *icmp = peer_room();

	script_bytes(script, icmp, 8);
	memcpy(icmp + 8, peer_seen, peer_seen_len);
	send_ip(script, how, how & 4 ? PEER_ICMP6 : PEER_ICMP, icmp, 8 + peer_seen_len);
}

/* ---- how the next packet is spoiled ---- */

static void step_spoil(struct script *script, unsigned what)
{
	if (what & 1)
		peer_spoil.checksum = true;
	if (what & 2)
		peer_spoil.cut = (uint16_t)script_take(script, 1);
	if (what & 4) {
		peer_spoil.at = (uint16_t)script_take(script, 1);
		peer_spoil.with = (uint8_t)script_take(script, 1);
	}
	if (what & 8)
		peer_spoil.split = (uint16_t)script_take(script, 1);
}

static void step_fragment(struct script *script, unsigned what)
{
	peer_spoil.fragment = (uint16_t)(8 * (1 + script_take(script, 1) % 180));
	peer_spoil.backwards = what & 1;
	peer_spoil.drop = what & 2 ? (uint8_t)script_take(script, 1) : 0;
	peer_spoil.overlap = what & 4 ? (uint8_t)script_take(script, 1) : 0;
}

static void step_extension(struct script *script, unsigned what)
{
	static const uint8_t kinds[8] = { 0, 60, 43, 44, 59, 51, 41, 135 };

	peer_spoil.extension_first = kinds[what % 8];
	peer_spoil.extension_len = (unsigned)take_bytes(script, peer_spoil.extension, sizeof(peer_spoil.extension));
}

/* ---- the rest ---- */

static void pass(unsigned ticks)
{
	ticks = min(ticks, ticks_left);
	ticks_left -= ticks;
	peer_pass(ticks, TICK_NS);
}

static void step_time(struct script *script, unsigned how)
{
	if (how & 8)
		peer_pass(1, (uint64_t)(how & 7) * 20 * NSEC_PER_MSEC);
	else
		pass(how ? how : (unsigned)script_take(script, 1));
}

static void step_device(struct script *script, unsigned how)
{
	unsigned device = (how & 3) % PEER_DEVICES;

	switch (how >> 2) {
	case 0: peer_refuse((unsigned)script_take(script, 1)); break;
	case 1: peer_is_mute = !peer_is_mute; break;
	case 2: peer_set_link(device, false); break;
	default: peer_set_link(device, true); break;
	}
}

/* A whole opening, which most inputs want: of a connection to the stack, with the options that peers use. */
static void step_open(unsigned which)
{
	static const uint8_t syn[] = { TCP_SYN, HAS_OPTIONS, OPTION_MSS | OPTION_SCALE | OPTION_SACK_OK | OPTION_TIME,
				       0xb4, 5, 7, 1 };
	static const uint8_t ack[] = { TCP_ACK, 0 };
	struct script first = script_open(syn, sizeof(syn)), second = script_open(ack, sizeof(ack));

	step_tcp(&first, which);
	peer_deliver();
	step_tcp(&second, which);
	if (which & 8)
		net_call_accept(0);
}

static void step(struct script *script)
{
	unsigned first = (unsigned)script_take(script, 1), how = first >> 4;

	switch ((enum step)(first & 15)) {
	case STEP_TCP: step_tcp(script, how); break;
	case STEP_UDP: step_udp(script, how); break;
	case STEP_ICMP: step_icmp(script, how); break;
	case STEP_ND: step_nd(script, how); break;
	case STEP_ARP: step_arp(script, how); break;
	case STEP_DHCP: step_dhcp(script, how); break;
	case STEP_IP: step_ip(script, how); break;
	case STEP_FRAME: step_frame(script, how); break;
	case STEP_QUOTE: step_quote(script, how); break;
	case STEP_SPOIL: step_spoil(script, how); return;
	case STEP_FRAGMENT: step_fragment(script, how); return;
	case STEP_EXTENSION: step_extension(script, how); return;
	case STEP_CALL: net_call(script, how); break;
	case STEP_TIME: step_time(script, how); break;
	case STEP_DEVICE: step_device(script, how); break;
	case STEP_OPEN: step_open(how); break;
	}
	peer_deliver();
}

/* ---- the harness ---- */

static int net_setup(void)
{
	int err = net_calls_setup();

	ticks_left = TICKS_MAX;
	return err ? err : peer_setup();
}

static int net_run(const uint8_t *data, size_t size)
{
	struct script script = script_open(data, size);

	for (unsigned i = 0; i < STEPS_MAX && !script_done(&script); i++)
		step(&script);
	return 0;
}

static void net_teardown(void)
{
	net_calls_end();
	peer_deliver();
	peer_remove();
	net_forget();
	object_type_net_piece.live = net_pieces();
}

HARNESS(net, .setup = net_setup, .run = net_run, .teardown = net_teardown, .max_size = 4 * KIB,
	.about = "packets for the TCP/IP stack, and calls on its sockets");
