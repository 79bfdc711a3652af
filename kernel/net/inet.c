/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The families AF_INET and AF_INET6.
 */
#include "stack.h"

#include <kernel/errno.h>

static int inet_create(int family, int type, int protocol, struct socket **out)
{
	if (type == SOCK_STREAM)
		return protocol && protocol != IPPROTO_TCP ? -EPROTONOSUPPORT : inet_tcp_create(family, out);
	if (type == SOCK_RAW || (type == SOCK_DGRAM && protocol == (family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6)))
		return inet_raw_create(family, type, protocol, out);
	if (type == SOCK_DGRAM)
		return protocol && protocol != IPPROTO_UDP ? -EPROTONOSUPPORT : inet_udp_create(family, out);
	return -ESOCKTNOSUPPORT;
}

static const struct socket_family inet_family = { AF_INET, inet_create };
static const struct socket_family inet6_family = { AF_INET6, inet_create };
SOCKET_FAMILY(inet_family);
SOCKET_FAMILY(inet6_family);
