/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Netlink, and of NETLINK_ROUTE what is answered: numbers and layouts of Linux's netlink(7) and rtnetlink(7).
 */
#pragma once

#include <kernel/types.h>

#define NLMSG_ERROR 2
#define NLMSG_DONE 3
#define NLM_F_MULTI 2
#define NLM_F_ACK 4
#define NLM_F_EXCL 0x200
#define NLM_F_DUMP 0x300

#define RTM_NEWLINK 16
#define RTM_GETLINK 18
#define RTM_SETLINK 19
#define RTM_NEWADDR 20
#define RTM_DELADDR 21
#define RTM_GETADDR 22
#define RTM_NEWROUTE 24
#define RTM_DELROUTE 25
#define RTM_GETROUTE 26
#define RTM_GETNEIGH 30

#define IFLA_ADDRESS 1
#define IFLA_BROADCAST 2
#define IFLA_IFNAME 3
#define IFLA_MTU 4
#define IFA_ADDRESS 1
#define IFA_LOCAL 2
#define IFA_LABEL 3
#define IFA_F_TENTATIVE 0x40
#define IFA_F_PERMANENT 0x80
#define RT_SCOPE_UNIVERSE 0
#define RT_SCOPE_LINK 253
#define RT_SCOPE_HOST 254
#define RTA_DST 1
#define RTA_OIF 4
#define RTA_GATEWAY 5

struct nlmsghdr {
	uint32_t len;		/* with this header and the body */
	uint16_t type, flags;
	uint32_t seq, pid;
};

/* An attribute begins with it; the next one is at a multiple of four. */
struct rtattr {
	uint16_t len, type;	/* len: with this header */
};

struct ifinfomsg {
	uint8_t family, pad;
	uint16_t type;
	int32_t index;
	uint32_t flags, change;
};

struct ifaddrmsg {
	uint8_t family, prefix, flags, scope;
	uint32_t index;
};

struct rtmsg {
	uint8_t family, dst_len, src_len, tos, table, protocol, scope, type;
	uint32_t flags;
};

struct sockaddr_nl {
	uint16_t family, pad;
	uint32_t pid, groups;
};
