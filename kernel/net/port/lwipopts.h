/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How lwIP 2.1.3 is built into this kernel (its own opt.h says what each option means). It runs under one mutex
 * (kernel/net/net.c), allocates from the kernel's heap, and knows no threads.
 */
#pragma once

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
/* Those of kernel/net/timers.c. */
#define LWIP_TIMERS 0

/* Memory. */
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8
#define mem_clib_malloc net_heap_alloc
#define mem_clib_calloc net_heap_array
#define mem_clib_free net_heap_free
#define LWIP_SUPPORT_CUSTOM_PBUF 1
#define LWIP_PBUF_REF_T u16_t
/* Whose bytes a packet refers to (kernel/net/tcp_data.c). */
#define LWIP_PBUF_CUSTOM_DATA void *owner;
#define LWIP_HOOK_TCP_REFERS(p) net_pbuf_refers(p)
#define LWIP_HOOK_PBUF_FREED(p)                                                                                        \
	do {                                                                                                           \
		if ((p)->owner)                                                                                        \
			net_pbuf_freed((p)->owner);                                                                    \
	} while (0)
#define PBUF_POOL_BUFSIZE 1536

/* Links. */
#define LWIP_ETHERNET 1
#define LWIP_ARP 1
#define ARP_QUEUEING 1
#define ARP_TABLE_SIZE 64
#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_LOOPBACK_MAX_PBUFS 0
#define LWIP_NETIF_HOSTNAME 1
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

/* IP. */
#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define IP_DEFAULT_TTL 64
#define LWIP_ICMP 1
#define LWIP_ICMP6 1
#define LWIP_RAW 1
#define LWIP_DHCP 1
#define LWIP_DNS 0
#define LWIP_IGMP 1
#define LWIP_IPV6_MLD 1
#define LWIP_ND6_NUM_NEIGHBORS 64
#define LWIP_ND6_NUM_DESTINATIONS 64
#define LWIP_IPV6_AUTOCONFIG 1
#define IP_REASS_MAX_PBUFS 64
#define IPV6_FRAG_COPYHEADER 1
#define IP_FORWARD 0
#define LWIP_MULTICAST_TX_OPTIONS 1
#define SO_REUSE 1
#define SO_REUSE_RXTOALL 1
#define IP_SOF_BROADCAST 1

/* UDP and TCP. */
#define LWIP_UDP 1
#define LWIP_TCP 1
#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 4
#define TCP_WND (512 * 1024)
#define TCP_SND_BUF (256 * 1024)
#define TCP_SND_QUEUELEN 1024
#define TCP_SNDLOWAT (32 * 1024)
#define TCP_SNDQUEUELOWAT 512
#define TCP_OVERSIZE 0
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_BYTES TCP_WND
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_TIMESTAMPS 1
#define TCP_LISTEN_BACKLOG 1
#define LWIP_TCP_KEEPALIVE 1
#define TCP_MSL 30000UL
#define LWIP_HOOK_TCP_ISN(local, local_port, remote, remote_port) net_isn(local, local_port, remote, remote_port)
#define LWIP_HOOK_TCP_COOKIE net_cookie
#define LWIP_HOOK_TCP_COOKIE_MSS net_cookie_mss
#define LWIP_HOOK_TCP_MAY_ACCEPT net_may_accept

/* packet.c: an IP packet has come, by loop-back too. Not 0: it was taken. */
struct netif;
struct pbuf;
int net_ip_input(struct pbuf *p, struct netif *input);
#define LWIP_HOOK_IP4_INPUT net_ip_input
#define LWIP_HOOK_IP6_INPUT net_ip_input

/* What /proc/net/snmp tells. */
#define LWIP_STATS 1
#define LWIP_STATS_LARGE 1
#define MIB2_STATS 1
#define MEM_STATS 0
#define MEMP_STATS 0
#define SYS_STATS 0
#define LWIP_PROVIDE_ERRNO 0

/* Ethernet's address of a frame that is looped back is its own: nothing to check. */
#define CHECKSUM_CHECK_ICMP6 1
