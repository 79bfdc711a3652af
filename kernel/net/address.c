/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses and errors, between programs and lwIP. A socket of IPv6 also speaks IPv4, by mapped addresses
 * (RFC 4291, 2.5.5.2).
 */
#include "stack.h"

#include <kernel/errno.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <lwip/inet.h>

#define PRIVILEGED_END 1024 /* the first port that anybody may have */

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static void in_from_ip4(uint32_t address, ip_addr_t *to)
{
	ip_addr_set_ip4_u32(to, address);
}

static void in6_address_in(const uint8_t bytes[16], ip_addr_t *to)
{
	uint32_t words[4];

	memcpy(words, bytes, sizeof(words));
	if (!memcmp(bytes, mapped_prefix, sizeof(mapped_prefix))) {
		in_from_ip4(words[3], to);
		return;
	}
	IP_ADDR6(to, words[0], words[1], words[2], words[3]);
	if (!words[0] && !words[1] && !words[2] && !words[3])
		*to = *IP_ANY_TYPE;
}

int address_in(int family, const struct socket_address *from, ip_addr_t *address, uint16_t *port)
{
	if (from->len < sizeof(struct abi_sockaddr_in))
		return -EINVAL;
	if (family == AF_INET) {
		if (from->abi.family != AF_INET && from->abi.family != AF_UNSPEC)
			return -EAFNOSUPPORT;
		in_from_ip4(from->abi.in.address, address);
		*port = lwip_ntohs(from->abi.in.port);
		return 0;
	}
	if (from->abi.family != AF_INET6)
		return -EAFNOSUPPORT;
	if (from->len < sizeof(struct abi_sockaddr_in6) - sizeof(uint32_t))
		return -EINVAL;
	in6_address_in(from->abi.in6.address, address);
	*port = lwip_ntohs(from->abi.in6.port);
	return 0;
}

void address_out(int family, const ip_addr_t *address, uint16_t port, struct socket_address *to)
{
	memset(&to->abi, 0, sizeof(to->abi));
	to->abi.family = (uint16_t)family;
	if (family == AF_INET) {
		to->len = sizeof(struct abi_sockaddr_in);
		to->abi.in.port = lwip_htons(port);
		to->abi.in.address = IP_IS_V4(address) ? ip4_addr_get_u32(ip_2_ip4(address)) : 0;
		return;
	}
	to->len = sizeof(struct abi_sockaddr_in6);
	to->abi.in6.port = lwip_htons(port);
	if (IP_IS_V6_VAL(*address)) {
		memcpy(to->abi.in6.address, ip_2_ip6(address)->addr, sizeof(to->abi.in6.address));
	} else if (IP_IS_V4_VAL(*address) && !ip_addr_isany_val(*address)) {
		uint32_t word = ip4_addr_get_u32(ip_2_ip4(address));

		memcpy(to->abi.in6.address, mapped_prefix, sizeof(mapped_prefix));
		memcpy(to->abi.in6.address + sizeof(mapped_prefix), &word, sizeof(word));
	}
}

int error_of(err_t err)
{
	switch (err) {
	case ERR_OK: return 0;
	case ERR_MEM:
	case ERR_BUF: return -ENOBUFS;
	case ERR_TIMEOUT: return -ETIMEDOUT;
	case ERR_RTE: return -ENETUNREACH;
	case ERR_INPROGRESS: return -EINPROGRESS;
	case ERR_WOULDBLOCK: return -EAGAIN;
	case ERR_USE: return -EADDRINUSE;
	case ERR_ALREADY: return -EALREADY;
	case ERR_ISCONN: return -EISCONN;
	case ERR_CONN: return -ENOTCONN;
	case ERR_ABRT: return -ECONNABORTED;
	case ERR_RST: return -ECONNRESET;
	case ERR_CLSD: return -ENOTCONN;
	case ERR_IF: return -ENETDOWN;
	default: return -EINVAL;
	}
}

int address_may_bind(const ip_addr_t *address, uint16_t port)
{
	if (!address_is_local(address))
		return -EADDRNOTAVAIL;
	return port && port < PRIVILEGED_END && !process_capable(CAP_NET_BIND_SERVICE) ? -EACCES : 0;
}

bool address_is_local(const ip_addr_t *address)
{
	struct netif *netif;

	if (ip_addr_isany(address) || ip_addr_isloopback(address) || ip_addr_ismulticast(address))
		return true;
	NETIF_FOREACH(netif) {
		if (IP_IS_V4(address) && ip4_addr_cmp(netif_ip4_addr(netif), ip_2_ip4(address)))
			return true;
		if (IP_IS_V6(address) && netif_get_ip6_addr_match(netif, ip_2_ip6(address)) >= 0)
			return true;
	}
	return false;
}
