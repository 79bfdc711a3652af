/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other side of the network for the harness "net": scripted devices, and who sits behind them. It keeps what it has
 * seen of each connection, so that a packet of an input is told by how it differs from one that fits.
 */
#pragma once

#include <kernel/netdev.h>

#define PEER_DEVICES 3
#define PEER_FLOWS 8
#define PEER_PORT 1000		/* that of flow 0, on the peer's side */
#define PEER_PAYLOAD_MAX 16384

enum peer_protocol {
	PEER_ICMP = 1,
	PEER_IGMP = 2,
	PEER_TCP = 6,
	PEER_UDP = 17,
	PEER_ICMP6 = 58,
};

/* A connection, or what may become one. Flows 0..3 are on device 0, others on device 1; odd ones are of IPv6. */
struct peer_flow {
	unsigned device;
	bool v6;
	uint16_t port;		/* the stack's */
	uint32_t next;		/* sequence number that the peer goes on with */
	uint32_t theirs;	/* the one that it expects */
	uint32_t their_time;	/* the last timestamp it was sent */
};

/* How the next packet is spoiled; all zero: not at all, and so it is after each packet. */
struct peer_spoil {
	bool checksum;			/* the transport's is wrong */
	uint16_t cut;			/* bytes that the frame lacks at its end */
	uint16_t at;			/* of the IP header on: this byte is xor-ed */
	uint8_t with;
	uint16_t split;			/* the device gives the frame in two buffers */
	uint16_t fragment;		/* bytes of each fragment; 0: whole */
	uint8_t drop, overlap;		/* fragments that do not come, as bits; bytes that each has too many */
	bool backwards;			/* the last one first */
	uint8_t extension[64];		/* IPv6 extension headers, or IPv4 options */
	unsigned extension_len, extension_first;
};

extern struct peer_flow peer_flows[PEER_FLOWS];
extern struct peer_spoil peer_spoil;
/* The last IP packet that the stack sent, for errors that quote it, and what its DHCP client said last. */
extern uint8_t peer_seen[128];
extern unsigned peer_seen_len;
extern uint32_t peer_dhcp_id;
extern bool peer_is_mute;		/* nobody answers for neighbours */

/* Adds the devices, and lets the stack get to know its neighbours. Once, before the snapshot. */
int peer_setup(void);
/* They go. */
void peer_remove(void);
/* What has been sent to the stack reaches it, and what it answers is seen. */
void peer_deliver(void);
/* Time passes, in steps of the stack's timers. */
void peer_pass(unsigned steps, uint64_t step_ns);
void peer_set_link(unsigned device, bool up);
/* The devices have no room for the next frames. */
void peer_refuse(unsigned frames);
/* The next place for a result of the input (harness_result()). */
uint32_t peer_result_place(void);

/*
 * Sends what follows the IP header, with room for headers before it. Its checksum is filled in. Addresses are those of
 * the peer and the stack unless others are given (4 or 16 bytes).
 */
void peer_send_ip(unsigned device, bool v6, uint8_t protocol, uint8_t *data, size_t len, const uint8_t *from,
		  const uint8_t *to);
/* The bytes of a frame, as they are; the first twelve can be told to be addresses that fit. */
void peer_send_frame(unsigned device, const uint8_t *frame, size_t len);
/* Room for a packet's payload, where peer_send_ip() wants it. */
uint8_t *peer_room(void);
/* The Ethernet header to the stack. */
void peer_ethernet(unsigned device, uint8_t header[14], uint16_t type);

/* Addresses of the stack on a device, and of its peer: 4 or 16 bytes. */
const uint8_t *peer_address(unsigned device, bool v6, bool stack);

void peer_put(uint8_t *to, uint32_t value, unsigned bytes); /* big-endian */
uint32_t peer_get(const uint8_t *from, unsigned bytes);
uint16_t peer_sum(const uint8_t *from, size_t len, uint32_t start);
