/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network interfaces as programs see them: numbers and layouts of Linux's netdevice(7), packet(7), arp(7).
 */
#pragma once

#include <kernel/abi/socket.h>

#define IFNAMSIZ 16

#define IFF_UP 1u
#define IFF_BROADCAST 2u
#define IFF_LOOPBACK 8u
#define IFF_RUNNING 0x40u
#define IFF_PROMISC 0x100u
#define IFF_MULTICAST 0x1000u
#define IFF_LOWER_UP 0x10000u /* netlink's only */
#define ARPHRD_ETHER 1
#define ARPHRD_LOOPBACK 772

/* Commands of ioctl(2) to a socket. */
#define SIOCADDRT 0x890b
#define SIOCDELRT 0x890c
#define SIOCGIFNAME 0x8910
#define SIOCGIFCONF 0x8912
#define SIOCGIFFLAGS 0x8913
#define SIOCSIFFLAGS 0x8914
#define SIOCGIFADDR 0x8915
#define SIOCSIFADDR 0x8916
#define SIOCGIFDSTADDR 0x8917
#define SIOCGIFBRDADDR 0x8919
#define SIOCSIFBRDADDR 0x891a
#define SIOCGIFNETMASK 0x891b
#define SIOCSIFNETMASK 0x891c
#define SIOCGIFMETRIC 0x891d
#define SIOCGIFMTU 0x8921
#define SIOCSIFMTU 0x8922
#define SIOCGIFHWADDR 0x8927
#define SIOCGIFINDEX 0x8933
#define SIOCGIFTXQLEN 0x8942
#define SIOCETHTOOL 0x8946
#define SIOCGIFMAP 0x8970
#define SIOCGARP 0x8954

struct abi_ifreq {
	char name[IFNAMSIZ];
	union {
		struct abi_sockaddr_in address;
		struct {
			uint16_t family;
			uint8_t address[14];
		} hardware;
		int16_t flags;
		int32_t number;	/* an index, an MTU, a metric, a length */
		uint8_t bytes[24];
	};
};

struct abi_ifconf {
	int32_t len, pad;
	user_ptr_t requests;
};

struct abi_rtentry {
	uint64_t pad1;
	struct abi_sockaddr_in destination, gateway, mask;
	uint16_t flags;
	int16_t pad2;
	uint64_t pad3[2];
	int16_t metric;
	user_ptr_t device;
	uint64_t mtu, window;
	uint16_t irtt;
};
#define RTF_UP 1u
#define RTF_GATEWAY 2u
#define RTF_HOST 4u

struct abi_arpreq {
	struct abi_sockaddr_in address;
	struct {
		uint16_t family;
		uint8_t address[14];
	} hardware;
	int32_t flags;
	struct abi_sockaddr_in mask;
	char device[IFNAMSIZ];
};
#define ATF_COM 2

/* ---- packet sockets ---- */

#define ETH_P_ALL 3
#define ETH_P_IP 0x0800

#define PACKET_HOST 0
#define PACKET_BROADCAST 1
#define PACKET_MULTICAST 2
#define PACKET_OTHERHOST 3
#define PACKET_OUTGOING 4

#define SOL_PACKET 263
#define PACKET_ADD_MEMBERSHIP 1
#define PACKET_DROP_MEMBERSHIP 2
#define PACKET_RX_RING 5
#define PACKET_STATISTICS 6
#define PACKET_AUXDATA 8
#define PACKET_VERSION 10
#define PACKET_HDRLEN 11
#define PACKET_RESERVE 12

struct abi_sockaddr_ll {
	uint16_t family;
	uint16_t protocol;	/* in network order */
	int32_t index;
	uint16_t hatype;
	uint8_t pkttype, halen;
	uint8_t address[8];
};

struct abi_packet_mreq {
	int32_t index;
	uint16_t type, alen;
	uint8_t address[8];
};
#define PACKET_MR_MULTICAST 0
#define PACKET_MR_PROMISC 1
#define PACKET_MR_ALLMULTI 2

struct abi_tpacket_stats {
	uint32_t packets, drops;
};

struct abi_tpacket_auxdata {
	uint32_t status, len, snaplen;
	uint16_t mac, net, vlan_tci, vlan_tpid;
};
#define TP_STATUS_KERNEL 0u
#define TP_STATUS_USER 1u
#define TP_STATUS_COPY 2u
#define TP_STATUS_LOSING 4u
#define TP_STATUS_CSUMNOTREADY 8u
#define TP_STATUS_CSUM_VALID 128u

/* Rings: Documentation/networking/packet_mmap. */
#define TPACKET_V2 1
#define TPACKET_ALIGNMENT 16u

struct abi_tpacket_req {
	uint32_t block_size, block_nr, frame_size, frame_nr;
};

/* What a frame of a ring of TPACKET_V2 begins with; a struct sockaddr_ll follows. */
struct abi_tpacket2_hdr {
	uint32_t status, len, snaplen;
	uint16_t mac, net;	/* where in the frame these headers are */
	uint32_t sec, nsec;
	uint16_t vlan_tci, vlan_tpid;
	uint8_t pad[4];
};
