/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets as programs see them: numbers and layouts of Linux's socket(2), ip(7), ipv6(7), tcp(7), unix(7).
 */
#pragma once

#include <kernel/types.h>

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16
#define AF_PACKET 17
#define AF_VSOCK 40
#define AF_MAX 46

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_RDM 4
#define SOCK_SEQPACKET 5
#define SOCK_TYPE_MASK 0xf
#define SOCK_NONBLOCK 04000
#define SOCK_CLOEXEC 02000000

#define IPPROTO_IP 0
#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_IPV6 41
#define IPPROTO_ICMPV6 58
#define IPPROTO_RAW 255

#define MSG_OOB 0x1u
#define MSG_PEEK 0x2u
#define MSG_CTRUNC 0x8u
#define MSG_TRUNC 0x20u
#define MSG_DONTWAIT 0x40u
#define MSG_WAITALL 0x100u
#define MSG_ERRQUEUE 0x2000u
#define MSG_NOSIGNAL 0x4000u
#define MSG_MORE 0x8000u
#define MSG_WAITFORONE 0x10000u
#define MSG_CMSG_CLOEXEC 0x40000000u

#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2

#define SOL_IP 0
#define SOL_SOCKET 1
#define SOL_TCP 6
#define SOL_UDP 17
#define SOL_IPV6 41

#define SO_REUSEADDR 2
#define SO_TYPE 3
#define SO_ERROR 4
#define SO_DONTROUTE 5
#define SO_BROADCAST 6
#define SO_SNDBUF 7
#define SO_RCVBUF 8
#define SO_KEEPALIVE 9
#define SO_OOBINLINE 10
#define SO_PRIORITY 12
#define SO_LINGER 13
#define SO_REUSEPORT 15
#define SO_PASSCRED 16
#define SO_PEERCRED 17
#define SO_RCVLOWAT 18
#define SO_SNDLOWAT 19
#define SO_RCVTIMEO 20
#define SO_SNDTIMEO 21
#define SO_BINDTODEVICE 25
#define SO_ATTACH_FILTER 26
#define SO_DETACH_FILTER 27
#define SO_TIMESTAMP 29
#define SO_ACCEPTCONN 30
#define SO_SNDBUFFORCE 32
#define SO_RCVBUFFORCE 33
#define SO_TIMESTAMPNS 35
#define SO_PROTOCOL 38
#define SO_DOMAIN 39
#define SO_BUSY_POLL 46
#define SO_INCOMING_CPU 49

#define TCP_NODELAY_OPTION 1 /* TCP_NODELAY: lwIP has that name for another number */
#define TCP_MAXSEG 2
#define TCP_CORK 3
#define TCP_KEEPIDLE_OPTION 4
#define TCP_KEEPINTVL_OPTION 5
#define TCP_KEEPCNT_OPTION 6
#define TCP_DEFER_ACCEPT 9
#define TCP_INFO 11
#define TCP_QUICKACK 12
#define TCP_CONGESTION 13
#define TCP_USER_TIMEOUT 18
#define TCP_FASTOPEN 23

/* lwIP has names like some of these for itself: they end in _OPTION. */
#define IP_TOS_OPTION 1
#define IP_TTL_OPTION 2
#define IP_HDRINCL_OPTION 3
#define IP_RETOPTS 7
#define IP_PKTINFO 8
#define IP_MTU_DISCOVER 10
#define IP_RECVERR 11
#define IP_RECVTTL 12
#define IP_RECVTOS 13
#define IP_MTU 14
#define IP_FREEBIND 15
#define IP_TRANSPARENT 19
#define IP_BIND_ADDRESS_NO_PORT 24
#define IP_MULTICAST_IF 32
#define IP_MULTICAST_TTL 33
#define IP_MULTICAST_LOOP 34
#define IP_ADD_MEMBERSHIP 35
#define IP_DROP_MEMBERSHIP 36
#define IP_MULTICAST_ALL 49

#define IPV6_CHECKSUM 7
#define IPV6_UNICAST_HOPS 16
#define IPV6_MULTICAST_IF 17
#define IPV6_MULTICAST_HOPS 18
#define IPV6_MULTICAST_LOOP 19
#define IPV6_ADD_MEMBERSHIP 20 /* IPV6_JOIN_GROUP */
#define IPV6_DROP_MEMBERSHIP 21
#define IPV6_MTU_DISCOVER 23
#define IPV6_MTU 24
#define IPV6_RECVERR 25
#define IPV6_V6ONLY_OPTION 26
#define IPV6_RECVPKTINFO 49
#define IPV6_PKTINFO 50
#define IPV6_RECVHOPLIMIT 51
#define IPV6_HOPLIMIT 52
#define IPV6_RECVTCLASS 66
#define IPV6_TCLASS_OPTION 67

#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2
#define SCM_FDS_MAX 253

struct abi_sockaddr_in {
	uint16_t family;
	uint16_t port;		/* in network order, like the address */
	uint32_t address;
	uint8_t zero[8];
};

struct abi_sockaddr_in6 {
	uint16_t family;
	uint16_t port;
	uint32_t flow;
	uint8_t address[16];
	uint32_t scope;
};

#define UNIX_PATH_MAX 108
struct abi_sockaddr_un {
	uint16_t family;
	char path[UNIX_PATH_MAX];
};

/* vsock(7) */
struct abi_sockaddr_vm {
	uint16_t family, reserved;
	uint32_t port, cid;	/* VMADDR_* */
	uint8_t flags, zero[3];
};
#define VMADDR_CID_ANY UINT32_MAX
#define VMADDR_CID_HYPERVISOR 0
#define VMADDR_CID_LOCAL 1
#define VMADDR_CID_HOST 2
#define VMADDR_PORT_ANY UINT32_MAX
#define SO_VM_SOCKETS_BUFFER_SIZE 0
#define SO_VM_SOCKETS_CONNECT_TIMEOUT 6
#define IOCTL_VM_SOCKETS_GET_LOCAL_CID 0x7b9u

#define SOCKADDR_MAX 128 /* struct sockaddr_storage */
union abi_sockaddr {
	uint16_t family;
	struct abi_sockaddr_in in;
	struct abi_sockaddr_in6 in6;
	struct abi_sockaddr_un un;
	struct abi_sockaddr_vm vm;
	uint8_t bytes[SOCKADDR_MAX];
};

struct abi_msghdr {
	user_ptr_t name;
	uint32_t name_len, pad0;
	user_ptr_t iov;
	uint64_t iov_count;
	user_ptr_t control;
	uint64_t control_len;
	uint32_t flags, pad1;
};

struct abi_mmsghdr {
	struct abi_msghdr header;
	uint32_t len, pad;
};

struct abi_cmsghdr {
	uint64_t len;		/* with this header */
	int32_t level, type;
};

struct abi_ucred {
	int32_t pid;
	uint32_t uid, gid;
};

struct abi_in_pktinfo {
	uint32_t index, local, address;	/* addresses in network order */
};

struct abi_in6_pktinfo {
	uint8_t address[16];
	uint32_t index;
};

struct abi_ip_mreqn {
	uint32_t group, address;
	int32_t index;		/* not in the shorter struct ip_mreq */
};

struct abi_ipv6_mreq {
	uint8_t group[16];
	uint32_t index;
};

struct abi_linger {
	int32_t on, seconds;
};
