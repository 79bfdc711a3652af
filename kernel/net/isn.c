/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Initial sequence numbers (RFC 6528, 3): a clock of 4 microseconds, and a keyed hash of the connection's ends, so that
 * who sees those of his own connections cannot tell those of others.
 *
 * Under a flood of SYNs they are cookies (RFC 4987, 3.6) instead: a hash of all that must be known of a connection,
 * which nothing is kept of, and in the two low bits which of four maximum segment sizes is the other side's. A cookie
 * is good for one to two minutes.
 */
#include "stack.h"

#include <kernel/clock.h>
#include <kernel/random.h>
#include <kernel/siphash.h>
#include <kernel/string.h>
#include <kernel/suspend.h>

#define TICK_NS 4000
#define COOKIE_NS UINT64_C(64000000000)

/* Drawn at the first connection, when there is more entropy than at boot. Network's lock. */
static uint64_t key[2];
static bool has_key;

/* Copies of the machine have it in common: each draws its own. Nobody is in the middle of drawing it. */
static void forget_key(void)
{
	if (!random_is_fixed())
		has_key = false;
}
SUSPEND_CALL(SUSPEND_CORE, sequence_numbers, NULL, forget_key, NULL);

static void put_address(uint64_t to[2], const ip_addr_t *address)
{
	to[0] = to[1] = 0;
	if (IP_IS_V6(address))
		memcpy(to, ip_2_ip6(address)->addr, 16);
	else
		to[0] = ip4_addr_get_u32(ip_2_ip4(address));
}

static void connection_words(uint64_t words[5], const struct ip_addr *local, uint16_t local_port,
			     const struct ip_addr *remote, uint16_t remote_port)
{
	if (!has_key) {
		random_bytes(key, sizeof(key));
		has_key = true;
	}
	put_address(words, local);
	put_address(words + 2, remote);
	words[4] = (uint64_t)local_port << 16 | remote_port;
}

uint32_t net_isn(const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote, uint16_t remote_port)
{
	uint64_t words[5];

	connection_words(words, local, local_port, remote, remote_port);
	return (uint32_t)(clock_ns() / TICK_NS) + (uint32_t)siphash(key, words, 5);
}

static const uint16_t cookie_sizes[4] = { 536, 1220, 1440, 1460 };
/* The last time, of COOKIE_NS and from 1, that one was sent; 0: never. */
static uint64_t last_cookie;
struct cookie_counts net_cookies;

static uint64_t cookie_time(void)
{
	return clock_ns() / COOKIE_NS + 1;
}

/* words: 6, of which the first five say whose it is. */
static uint32_t cookie(uint64_t *words, uint32_t peer_isn, unsigned size, uint64_t time)
{
	words[5] = time << 32 | peer_isn;
	words[4] = (words[4] & 0xffffffff) | UINT64_C(1) << 63 | (uint64_t)size << 32;
	return (uint32_t)siphash(key, words, 6) << 2 | size;
}

uint32_t net_cookie(const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote,
		    uint16_t remote_port, uint32_t peer_isn, uint16_t mss)
{
	unsigned size = 3;
	uint64_t words[6];

	while (size && cookie_sizes[size] > mss)
		size--;
	connection_words(words, local, local_port, remote, remote_port);
	last_cookie = cookie_time();
	net_cookies.sent++;
	return cookie(words, peer_isn, size, last_cookie);
}

uint16_t net_cookie_mss(const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote,
			uint16_t remote_port, uint32_t peer_isn, uint32_t isn)
{
	uint64_t now = cookie_time(), words[6];
	unsigned size = isn & 3;

	if (!last_cookie || now - last_cookie > 1)
		return 0;
	connection_words(words, local, local_port, remote, remote_port);
	if (isn == cookie(words, peer_isn, size, now) || isn == cookie(words, peer_isn, size, now - 1)) {
		net_cookies.received++;
		return cookie_sizes[size];
	}
	net_cookies.failed++;
	return 0;
}
