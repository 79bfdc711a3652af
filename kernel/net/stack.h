/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lwIP and what the files around it share.
 *
 * One mutex, the network's lock, is held around every use of lwIP, the counts of its buffers included. Callbacks of
 * lwIP run under it and wake whoever waits; nobody sleeps under it but for a program's page that is not there yet. What
 * a reader has taken off a socket is his alone, and copied without it.
 */
#pragma once

#include <kernel/netdev.h>
#include <kernel/socket.h>

#include <lwip/ip_addr.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>

void net_lock(void);
/* Before it lets go: what was sent to this machine itself arrives, and devices are told of what they were given. */
void net_unlock(void);

/* net.c: has it polled by the network's thread. Any context. */
void netdevs_schedule(struct netdev *dev);

/* netif.c */
extern const struct netdev_stack netif_stack;
void netdevs_poll(bool *more);
void netdevs_flush(void);

/* The device behind an interface; NULL: there is none (loop-back). */
const struct netdev *netdev_of(const struct netif *netif);
/* What went through its interface; zeros of loop-back. */
struct interface_counts {
	uint64_t rx_packets, rx_bytes, rx_dropped, tx_packets, tx_bytes, tx_dropped;
};
void netdev_counts(const struct netif *netif, struct interface_counts *out);

/* address.c. The port in the CPU's order. -EINVAL, -EAFNOSUPPORT. */
int address_in(int family, const struct socket_address *from, ip_addr_t *address, uint16_t *port);
void address_out(int family, const ip_addr_t *address, uint16_t port, struct socket_address *to);
/* Can a socket be bound to it? Also the unspecified one, and groups. Network's lock. */
bool address_is_local(const ip_addr_t *address);
/* May this process bind a socket to them? 0; -EADDRNOTAVAIL; -EACCES: a port below 1024. Network's lock. */
int address_may_bind(const ip_addr_t *address, uint16_t port);
/* 0 or -errno for what lwIP says. */
int error_of(err_t err);

/* inet_tcp.c, inet_udp.c, inet_raw.c */
int inet_tcp_create(int family, struct socket **out);
int inet_udp_create(int family, struct socket **out);
/* Tells the socket that has it, if one has. Network's lock. */
struct udp_pcb;
void udp_socket_error(struct udp_pcb *pcb, int error);
/* SOCK_RAW, of any protocol, or SOCK_DGRAM, of ICMP's. -EPERM. */
int inet_raw_create(int family, int type, int protocol, struct socket **out);

/* forget.c: keeps the number of connections in TIME-WAIT small. Network's lock. */
void tcp_bound_time_wait(void);

/*
 * timers.c, under the network's lock. When the first is due, UINT64_MAX: never; runs what is due. An interface, its
 * addresses or groups were changed: a timer may be needed.
 */
uint64_t net_timers_due_ns(void);
void net_timers_run(void);
void net_timers_look(void);

/* isn.c: SYN cookies. */
extern struct cookie_counts {
	uint64_t sent, received, failed;
} net_cookies;

/* proc_sockets.c: connections that are. Network's lock. */
unsigned net_tcp_established(void);
