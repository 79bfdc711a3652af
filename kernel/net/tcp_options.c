/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options of TCP sockets. Linux: tcp(7), ip(7), ipv6(7).
 */
#include "inet_datagram.h"
#include "inet_tcp.h"

#include <kernel/errno.h>
#include <kernel/string.h>
#include <lwip/priv/tcp_priv.h>

static int set_cork(struct tcp_socket *t, bool corked)
{
	t->corked = corked;
	if (!corked && t->pcb && t->phase == TCP_CONNECTED)
		tcp_output(t->pcb);
	return 0;
}

static int set_tcp(struct tcp_socket *t, int name, int value)
{
	struct tcp_pcb *pcb = t->pcb;

	switch (name) {
	case TCP_CORK: return set_cork(t, value);
	case TCP_DEFER_ACCEPT:
	case TCP_QUICKACK:
	case TCP_USER_TIMEOUT:
	case TCP_FASTOPEN:
	case TCP_MAXSEG: return 0;
	default: break;
	}
	if (!pcb || t->phase == TCP_LISTENING)
		return name == TCP_NODELAY_OPTION ? 0 : -EINVAL;
	switch (name) {
	case TCP_NODELAY_OPTION:
		if (value)
			tcp_nagle_disable(pcb);
		else
			tcp_nagle_enable(pcb);
		if (value)
			tcp_output(pcb);
		return 0;
	case TCP_KEEPIDLE_OPTION: pcb->keep_idle = (u32_t)value * 1000; return value < 1 ? -EINVAL : 0;
	case TCP_KEEPINTVL_OPTION: pcb->keep_intvl = (u32_t)value * 1000; return value < 1 ? -EINVAL : 0;
	case TCP_KEEPCNT_OPTION: pcb->keep_cnt = (u32_t)value; return value < 1 ? -EINVAL : 0;
	default: return -ENOPROTOOPT;
	}
}

static int set_ip(struct tcp_socket *t, int level, int name, int value)
{
	if (level == SOL_IP && name == IP_TOS_OPTION && t->pcb)
		t->pcb->tos = (u8_t)value;
	else if (level == SOL_IP && name == IP_TTL_OPTION && t->pcb)
		t->pcb->ttl = value > 0 && value < 256 ? (u8_t)value : TCP_TTL;
	else if (level == SOL_IPV6 && name == IPV6_V6ONLY_OPTION && t->pcb && t->phase == TCP_NEW)
		IP_SET_TYPE_VAL(t->pcb->local_ip, value ? IPADDR_TYPE_V6 : IPADDR_TYPE_ANY);
	else if (!(level == SOL_IP && (name == IP_RECVERR || name == IP_MTU_DISCOVER)) &&
		 !(level == SOL_IPV6 && name == IPV6_TCLASS_OPTION))
		return -ENOPROTOOPT;
	return 0;
}

int tcp_socket_set_option(struct socket *socket, int level, int name, const void *value, unsigned size)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	int number = 0, err;

	/* lwIP has one way to avoid congestion. */
	if (level == SOL_TCP && name == TCP_CONGESTION)
		return size >= 4 && !memcmp(value, "reno", 4) ? 0 : -ENOENT;
	if (level == SOL_SOCKET && name == SO_BINDTODEVICE) {
		net_lock();
		err = t->pcb ? inet_bind_device((struct ip_pcb *)t->pcb, value, size) : -EINVAL;
		net_unlock();
		return err;
	}
	if (size < sizeof(number))
		return -EINVAL;
	memcpy(&number, value, sizeof(number));
	net_lock();
	if (level == SOL_TCP) {
		err = set_tcp(t, name, number);
	} else if (level == SOL_SOCKET) {
		if (t->pcb && name == SO_KEEPALIVE && number)
			ip_set_option(t->pcb, SOF_KEEPALIVE);
		else if (t->pcb && name == SO_KEEPALIVE)
			ip_reset_option(t->pcb, SOF_KEEPALIVE);
		err = -ENOPROTOOPT;
	} else {
		err = set_ip(t, level, name, number);
	}
	net_unlock();
	return err;
}

static int get_tcp(struct tcp_socket *t, int name, int *value)
{
	const struct tcp_pcb *pcb = t->phase == TCP_LISTENING ? NULL : t->pcb;

	switch (name) {
	case TCP_NODELAY_OPTION: *value = pcb && (pcb->flags & TF_NODELAY); return 0;
	case TCP_MAXSEG: *value = pcb ? pcb->mss : TCP_MSS; return 0;
	case TCP_CORK: *value = t->corked; return 0;
	case TCP_KEEPIDLE_OPTION: *value = pcb ? (int)(pcb->keep_idle / 1000) : 7200; return 0;
	case TCP_KEEPINTVL_OPTION: *value = pcb ? (int)(pcb->keep_intvl / 1000) : 75; return 0;
	case TCP_KEEPCNT_OPTION: *value = pcb ? (int)pcb->keep_cnt : 9; return 0;
	case TCP_DEFER_ACCEPT:
	case TCP_USER_TIMEOUT: *value = 0; return 0;
	case TCP_QUICKACK: *value = 1; return 0;
	default: return -ENOPROTOOPT;
	}
}

/* Of Linux's struct tcp_info what there is: its first part. */
struct abi_tcp_info {
	uint8_t state, ca_state, retransmits, probes, backoff, options, wscale, flags;
	uint32_t rto, ato, snd_mss, rcv_mss;
	uint32_t unacked, sacked, lost, retrans, fackets;
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
	uint32_t rcv_rtt, rcv_space, total_retrans;
};

uint8_t tcp_state_number(enum tcp_state state)
{
	static const uint8_t states[] = { 7, 10, 2, 3, 1, 4, 5, 8, 11, 9, 6 };

	return state < array_size(states) ? states[state] : TCP_STATE_CLOSE;
}

static uint8_t state_of(const struct tcp_socket *t)
{
	if (t->phase == TCP_LISTENING)
		return TCP_STATE_LISTEN;
	return t->pcb ? tcp_state_number(t->pcb->state) : TCP_STATE_CLOSE;
}

static unsigned get_info(const struct tcp_socket *t, void *value, unsigned size)
{
	const struct tcp_pcb *pcb = t->phase == TCP_LISTENING ? NULL : t->pcb;
	struct abi_tcp_info info = { .state = state_of(t) };

	if (pcb) {
		info.retransmits = pcb->nrtx;
		info.rto = (uint32_t)pcb->rto * TCP_SLOW_INTERVAL * 1000;
		info.snd_mss = info.rcv_mss = info.advmss = pcb->mss;
		info.pmtu = pcb->mss + 40u;
		info.unacked = (pcb->snd_nxt - pcb->lastack) / max(pcb->mss, (u16_t)1);
		info.rtt = (uint32_t)(pcb->sa >> 3) * TCP_SLOW_INTERVAL * 1000;
		info.rttvar = (uint32_t)(pcb->sv >> 2) * TCP_SLOW_INTERVAL * 1000;
		info.snd_cwnd = pcb->cwnd / max(pcb->mss, (u16_t)1);
		info.snd_ssthresh = pcb->ssthresh / max(pcb->mss, (u16_t)1);
		info.rcv_space = pcb->rcv_wnd;
	}
	size = min(size, (unsigned)sizeof(info));
	memcpy(value, &info, size);
	return size;
}

int tcp_socket_get_option(struct socket *socket, int level, int name, void *value, unsigned *size)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	int number = 0, err = -ENOPROTOOPT;

	if (level == SOL_TCP && name == TCP_CONGESTION) {
		*size = min(*size, (unsigned)sizeof("reno"));
		memcpy(value, "reno", *size);
		return 0;
	}
	net_lock();
	if (level == SOL_TCP && name == TCP_INFO) {
		*size = get_info(t, value, *size);
		net_unlock();
		return 0;
	}
	if (level == SOL_TCP) {
		err = get_tcp(t, name, &number);
	} else if (level == SOL_IP && name == IP_TTL_OPTION) {
		number = t->pcb ? t->pcb->ttl : TCP_TTL;
		err = 0;
	} else if (level == SOL_IP && name == IP_TOS_OPTION) {
		number = t->pcb ? t->pcb->tos : 0;
		err = 0;
	} else if (level == SOL_IPV6 && name == IPV6_V6ONLY_OPTION) {
		number = t->pcb && IP_GET_TYPE(&t->pcb->local_ip) == IPADDR_TYPE_V6;
		err = 0;
	}
	net_unlock();
	if (err)
		return err;
	*size = min(*size, (unsigned)sizeof(number));
	memcpy(value, &number, *size);
	return 0;
}
