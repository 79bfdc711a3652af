/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options of TCP sockets. Linux: tcp(7), ip(7), ipv6(7).
 */
#include "inet_tcp.h"

#include <kernel/errno.h>
#include <kernel/string.h>

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

int tcp_socket_get_option(struct socket *socket, int level, int name, void *value, unsigned *size)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	int number = 0, err = -ENOPROTOOPT;

	net_lock();
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
