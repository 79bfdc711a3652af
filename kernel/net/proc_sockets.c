/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files of /proc/net that tell of sockets. Linux: proc(5), Documentation/networking/proc_net_tcp. Inodes and owners are
 * not told: lwIP's connections outlive their files.
 */
#include "inet_tcp.h"

#include <kernel/proc.h>
#include <kernel/string.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/udp.h>

/* In the words of the machine, as Linux does; an address that is no IPv6 one is mapped. */
static void put_address(struct proc_text *text, const ip_addr_t *address, uint16_t port, bool v6)
{
	struct socket_address a;
	uint32_t words[4];

	address_out(v6 ? AF_INET6 : AF_INET, address, port, &a);
	if (v6) {
		memcpy(words, a.abi.in6.address, sizeof(words));
		proc_print(text, " %08X%08X%08X%08X:%04X", words[0], words[1], words[2], words[3], port);
	} else {
		proc_print(text, " %08X:%04X", a.abi.in.address, port);
	}
}

static void put_heading(struct proc_text *text, bool v6)
{
	proc_print(text,
		   "  sl  local_address%s rem_address%s   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
		   "inode\n",
		   v6 ? "                        " : "", v6 ? "                        " : "");
}

/* One line; the queues are in bytes. */
struct line {
	const ip_addr_t *local, *remote;
	uint16_t local_port, remote_port;
	uint8_t state;
	uint32_t unsent, unread;
};

static void put_line(struct proc_text *text, unsigned *count, const struct line *l, bool v6)
{
	if (v6 == (bool)IP_IS_V4_VAL(*l->local))
		return;
	proc_print(text, "%4u:", (*count)++);
	put_address(text, l->local, l->local_port, v6);
	put_address(text, l->remote, l->remote_port, v6);
	proc_print(text, " %02X %08X:%08X 00:00000000 00000000 %5u        0 0\n", l->state, l->unsent, l->unread, 0);
}

static void put_tcp(struct proc_text *text, unsigned *count, const struct tcp_pcb *list, bool v6)
{
	for (const struct tcp_pcb *pcb = list; pcb; pcb = pcb->next) {
		struct line l = { &pcb->local_ip, &pcb->remote_ip, pcb->local_port, pcb->remote_port,
				  tcp_state_number(pcb->state), TCP_SND_BUF - pcb->snd_buf, TCP_WND - pcb->rcv_wnd };

		put_line(text, count, &l, v6);
	}
}

static int show_tcp(struct proc_text *text, bool v6)
{
	unsigned count = 0;

	put_heading(text, v6);
	net_lock();
	for (const struct tcp_pcb_listen *pcb = tcp_listen_pcbs.listen_pcbs; pcb; pcb = pcb->next) {
		ip_addr_t nobody = { 0 };
		struct line l = { &pcb->local_ip, &nobody, pcb->local_port, 0, TCP_STATE_LISTEN, 0,
				  pcb->accepts_pending };

		IP_SET_TYPE_VAL(nobody, IP_GET_TYPE(&pcb->local_ip));
		put_line(text, &count, &l, v6);
	}
	put_tcp(text, &count, tcp_active_pcbs, v6);
	put_tcp(text, &count, tcp_tw_pcbs, v6);
	net_unlock();
	return 0;
}

int net_show_tcp(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	return show_tcp(text, false);
}

int net_show_tcp6(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	return show_tcp(text, true);
}

static int show_udp(struct proc_text *text, bool v6)
{
	unsigned count = 0;

	put_heading(text, v6);
	net_lock();
	for (const struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
		bool connected = pcb->flags & UDP_FLAGS_CONNECTED;
		struct line l = { &pcb->local_ip, &pcb->remote_ip, pcb->local_port, connected ? pcb->remote_port : 0,
				  connected ? 1 : TCP_STATE_CLOSE, 0, 0 };

		put_line(text, &count, &l, v6);
	}
	net_unlock();
	return 0;
}

int net_show_udp(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	return show_udp(text, false);
}

int net_show_udp6(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	return show_udp(text, true);
}

static unsigned count_tcp(const struct tcp_pcb *list)
{
	unsigned count = 0;

	for (; list; list = list->next)
		count++;
	return count;
}

unsigned net_tcp_established(void)
{
	unsigned count = 0;

	for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
		count += pcb->state == ESTABLISHED || pcb->state == CLOSE_WAIT;
	return count;
}

int net_show_sockstat(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	unsigned listening = 0, active, waiting, bound, udp = 0;

	net_lock();
	for (const struct tcp_pcb_listen *pcb = tcp_listen_pcbs.listen_pcbs; pcb; pcb = pcb->next)
		listening++;
	for (const struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next)
		udp++;
	active = count_tcp(tcp_active_pcbs);
	waiting = count_tcp(tcp_tw_pcbs);
	bound = count_tcp(tcp_bound_pcbs);
	net_unlock();
	proc_print(text, "sockets: used %ld\n", socket_count());
	proc_print(text, "TCP: inuse %u orphan 0 tw %u alloc %u mem 0\n", listening + active, waiting,
		   listening + active + bound);
	proc_print(text, "UDP: inuse %u mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n", udp);
	return 0;
}
