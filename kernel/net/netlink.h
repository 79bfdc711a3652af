/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests of NETLINK_ROUTE, taken apart, and those that change something.
 */
#pragma once

#include <kernel/abi/netlink.h>

struct netlink_attribute {
	const uint8_t *data;
	size_t len;
};

/* The fixed part behind the header. False: the message has not that much. */
bool netlink_body(const struct nlmsghdr *request, void *body, size_t size);
/* The first attribute of that type, behind a fixed part of body bytes. */
bool netlink_attribute(const struct nlmsghdr *request, size_t body, uint16_t type, struct netlink_attribute *out);
/*
 * Does what a request asks for: an interface up or down, its MTU, its addresses, a gateway. Without the lock. 0;
 * -EOPNOTSUPP; -EPERM; -EINVAL; -ENODEV; -EEXIST, -EADDRNOTAVAIL, -ESRCH, -ENETUNREACH.
 */
int netlink_change(const struct nlmsghdr *request);
