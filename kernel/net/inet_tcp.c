/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP sockets: how connections come and go. lwIP's control block (pcb) and ours point at each other; whichever ends
 * first takes the pointer back under the network's lock.
 */
#include "inet_tcp.h"

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>

/* Of a listener, or its backlog, as on Linux. Beyond them SYNs are answered with cookies (isn.c). */
#define HALF_OPEN_LIMIT 128

OBJECT_TYPE(tcp_socket);

static const struct socket_ops tcp_ops;

/* ---- life ---- */

static struct tcp_socket *socket_alloc(int family)
{
	struct tcp_socket *t = heap_zalloc(sizeof(*t));

	if (!t)
		return NULL;
	socket_init(&t->socket, &tcp_ops, family, SOCK_STREAM, IPPROTO_TCP);
	mutex_init(&t->read_lock);
	mutex_init(&t->write_lock);
	list_init(&t->chunks);
	list_init(&t->accepted);
	list_init(&t->accept_node);
	object_count_add(&object_type_tcp_socket, 1);
	return t;
}

void tcp_socket_free(struct tcp_socket *t)
{
	object_count_add(&object_type_tcp_socket, -1);
	heap_free(t);
}

static void set_phase(struct tcp_socket *t, enum tcp_phase phase)
{
	atomic_store(&t->phase, phase);
	wake_all(&t->socket.readers);
	wake_all(&t->socket.writers);
}

/* lwIP has given the connection up: its pcb is gone. */
static void failed(void *arg, err_t err)
{
	struct tcp_socket *t = arg;
	int error = err == ERR_CLSD ? 0 : err == ERR_RST ? ECONNRESET : ETIMEDOUT;

	t->pcb = NULL;
	if (t->orphan) {
		tcp_socket_drop_data(t);
		tcp_socket_free(t);
		return;
	}
	if (t->listener) {
		/* Nobody has accepted it, and nobody will. */
		list_remove(&t->accept_node);
		atomic_store(&t->listener->accepted_count, t->listener->accepted_count - 1);
		tcp_socket_drop_data(t);
		tcp_socket_free(t);
		return;
	}
	if (t->phase == TCP_CONNECTING && err == ERR_RST)
		error = ECONNREFUSED;
	atomic_store(&t->socket.error, error);
	atomic_store(&t->tx_room, 0);
	set_phase(t, TCP_OVER);
}

static void attach(struct tcp_socket *t, struct tcp_pcb *pcb)
{
	t->pcb = pcb;
	tcp_arg(pcb, t);
	tcp_err(pcb, failed);
	tcp_recv(pcb, tcp_socket_received);
	tcp_sent(pcb, tcp_socket_acked);
}

static void detach(struct tcp_socket *t)
{
	if (!t->pcb)
		return;
	tcp_arg(t->pcb, NULL);
	if (t->phase != TCP_LISTENING) {
		tcp_err(t->pcb, NULL);
		tcp_recv(t->pcb, NULL);
		tcp_sent(t->pcb, NULL);
	}
	t->pcb = NULL;
}

int inet_tcp_create(int family, struct socket **out)
{
	struct tcp_socket *t = socket_alloc(family);
	struct tcp_pcb *pcb;

	if (!t)
		return -ENOMEM;
	net_lock();
	pcb = tcp_new_ip_type(family == AF_INET ? IPADDR_TYPE_V4 : IPADDR_TYPE_ANY);
	if (pcb)
		attach(t, pcb);
	net_unlock();
	if (!pcb) {
		tcp_socket_free(t);
		return -ENOBUFS;
	}
	*out = &t->socket;
	return 0;
}

/* ---- names ---- */

static int tcp_bind_socket(struct socket *socket, const struct socket_address *from)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	ip_addr_t address;
	uint16_t port;
	int err = address_in(socket->family, from, &address, &port);

	if (err)
		return err;
	net_lock();
	if (!t->pcb || t->phase != TCP_NEW || t->pcb->local_port) {
		err = -EINVAL;
	} else {
		if (socket->reuse_address)
			ip_set_option(t->pcb, SOF_REUSEADDR);
		err = address_may_bind(&address, port);
		if (!err)
			err = error_of(tcp_bind(t->pcb, &address, port));
	}
	net_unlock();
	return err;
}

static int tcp_name_socket(struct socket *socket, bool peer, struct socket_address *to)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	int err = 0;

	net_lock();
	if (peer && (!t->pcb || t->phase != TCP_CONNECTED))
		err = -ENOTCONN;
	else if (!t->pcb)
		address_out(socket->family, IP_ANY_TYPE, 0, to);
	else if (peer)
		address_out(socket->family, &t->pcb->remote_ip, t->pcb->remote_port, to);
	else
		address_out(socket->family, &t->pcb->local_ip, t->pcb->local_port, to);
	net_unlock();
	return err;
}

/* ---- listening ---- */

/* lwIP has a new connection for a listener. */
static err_t incoming(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct tcp_socket *listener = arg, *t;

	if (err != ERR_OK || !pcb || !listener)
		return ERR_VAL;
	t = socket_alloc(listener->socket.family);
	if (!t)
		return ERR_MEM;
	t->socket.keep_alive = listener->socket.keep_alive;
	t->socket.linger = listener->socket.linger;
	t->listener = listener;
	t->phase = TCP_CONNECTED;
	attach(t, pcb);
	tcp_socket_room(t);
	list_append(&listener->accepted, &t->accept_node);
	atomic_store(&listener->accepted_count, listener->accepted_count + 1);
	wake_all(&listener->socket.readers);
	return ERR_OK;
}

/* Linux takes one more than the backlog, too. */
bool net_may_accept(const void *listener)
{
	const struct tcp_socket *t = listener;

	return t && t->accepted_count <= t->backlog;
}

static int tcp_listen_socket(struct socket *socket, int backlog)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	struct tcp_pcb *pcb;
	err_t err = ERR_OK;
	u8_t half_open = (u8_t)min(backlog + 1, HALF_OPEN_LIMIT);
	int result = 0;

	net_lock();
	if (t->phase == TCP_LISTENING) {
		t->backlog = (unsigned)backlog;
		tcp_backlog_set(t->pcb, half_open);
	} else if (t->phase != TCP_NEW || !t->pcb) {
		result = -EINVAL;
	} else {
		if (!t->pcb->local_port)
			err = tcp_bind(t->pcb, IP_ANY_TYPE, 0);
		pcb = err == ERR_OK ? tcp_listen_with_backlog_and_err(t->pcb, half_open, &err) : NULL;
		result = pcb ? 0 : error_of(err) ?: -EADDRINUSE;
		if (pcb) {
			t->pcb = pcb;
			t->backlog = (unsigned)backlog;
			tcp_arg(pcb, t);
			tcp_accept(pcb, incoming);
			socket->listening = true;
			set_phase(t, TCP_LISTENING);
		}
	}
	net_unlock();
	return result;
}

static bool has_accepted(void *arg)
{
	struct tcp_socket *t = arg;

	return atomic_load(&t->accepted_count) || atomic_load(&t->phase) != TCP_LISTENING;
}

static int tcp_accept_socket(struct socket *socket, bool nonblock, struct socket **out)
{
	struct tcp_socket *listener = tcp_socket_of(socket), *t = NULL;
	int err = 0;

	while (!t && !err) {
		if (!has_accepted(listener)) {
			err = nonblock ? -EAGAIN : socket_wait_readable(socket, has_accepted, listener);
			continue;
		}
		net_lock();
		if (!list_empty(&listener->accepted)) {
			t = list_first(&listener->accepted, struct tcp_socket, accept_node);
			list_remove(&t->accept_node);
			atomic_store(&listener->accepted_count, listener->accepted_count - 1);
			t->listener = NULL;
		} else if (listener->phase != TCP_LISTENING) {
			err = -EINVAL;
		}
		net_unlock();
	}
	if (err)
		return err;
	*out = &t->socket;
	return 0;
}

/* ---- connecting ---- */

static err_t connected(void *arg, struct tcp_pcb *pcb UNUSED, err_t err UNUSED)
{
	struct tcp_socket *t = arg;

	tcp_socket_room(t);
	set_phase(t, TCP_CONNECTED);
	return ERR_OK;
}

static bool is_decided(void *arg)
{
	struct tcp_socket *t = arg;

	return atomic_load(&t->phase) != TCP_CONNECTING;
}

static int start_connect(struct tcp_socket *t, const ip_addr_t *address, uint16_t port)
{
	ip_addr_t to = *address;
	err_t err;

	/* No address means this machine. */
	if (ip_addr_isany(&to)) {
		if (IP_IS_V4_VAL(to))
			ip_addr_set_loopback_val(false, to);
		else
			ip_addr_set_loopback_val(true, to);
	}
	if (!port)
		return -ECONNREFUSED;
	t->phase = TCP_CONNECTING;
	err = tcp_connect(t->pcb, &to, port, connected);
	if (err == ERR_OK)
		return 0;
	t->phase = TCP_NEW;
	return err == ERR_RTE || err == ERR_VAL ? -ENETUNREACH : error_of(err);
}

static int tcp_connect_socket(struct socket *socket, const struct socket_address *from, bool nonblock)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	ip_addr_t address;
	uint16_t port;
	int err = address_in(socket->family, from, &address, &port);

	if (err)
		return err;
	net_lock();
	switch (t->phase) {
	case TCP_NEW:
		err = t->pcb ? start_connect(t, &address, port) : -EINVAL;
		/* As in Linux, also where a neighbour on this machine has answered already: programs count on that. */
		t->unasked = !err && nonblock;
		err = t->unasked ? -EINPROGRESS : err;
		break;
	case TCP_CONNECTING: err = nonblock ? -EALREADY : 0; break;
	case TCP_CONNECTED:
		err = t->unasked ? 0 : -EISCONN;
		t->unasked = false;
		break;
	case TCP_LISTENING: err = -EISCONN; break;
	default: err = socket_take_error(socket) ?: -ECONNABORTED; break;
	}
	net_unlock();
	if (err)
		return err;
	err = socket_wait_writable(socket, is_decided, t);
	if (err)
		return err == -EAGAIN ? -EINPROGRESS : err;
	return t->phase == TCP_CONNECTED ? 0 : socket_take_error(socket) ?: -ECONNABORTED;
}

/* ---- ending ---- */

static int tcp_shutdown_socket(struct socket *socket, int how)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	int err = 0;

	net_lock();
	if (t->phase != TCP_CONNECTED && !(t->phase == TCP_OVER && t->rx_ended)) {
		err = -ENOTCONN;
	} else {
		if (how != SHUT_WR)
			atomic_store(&t->read_shut, true);
		if (how != SHUT_RD && !t->write_shut) {
			atomic_store(&t->write_shut, true);
			if (t->pcb)
				tcp_shutdown(t->pcb, 0, 1);
		}
		wake_all(&socket->readers);
		wake_all(&socket->writers);
	}
	net_unlock();
	return err;
}

/* Connections that nobody accepted are reset. Network's lock. */
static void drop_accepted(struct tcp_socket *listener)
{
	while (!list_empty(&listener->accepted)) {
		struct tcp_socket *t = list_first(&listener->accepted, struct tcp_socket, accept_node);
		struct tcp_pcb *pcb = t->pcb;

		list_remove(&t->accept_node);
		t->listener = NULL;
		detach(t);
		if (pcb)
			tcp_abort(pcb);
		tcp_socket_drop_data(t);
		tcp_socket_free(t);
	}
}

/* True when the socket stays until its last byte is acknowledged. Network's lock. */
static bool close_connection(struct tcp_socket *t)
{
	struct tcp_pcb *pcb = t->pcb;
	bool unread = t->rx_bytes > 0;

	/* Who closes with data unread, or asks for it (SO_LINGER, 0), resets: RFC 2525, 2.17. */
	if (unread || (t->socket.linger.on && !t->socket.linger.seconds)) {
		detach(t);
		tcp_abort(pcb);
		return false;
	}
	tcp_socket_tell_read(t);
	if (tcp_socket_is_drained(t)) {
		detach(t);
		tcp_close(pcb);
		return false;
	}
	t->orphan = true;
	tcp_recv(pcb, NULL);
	tcp_close(pcb);
	return true;
}

static void tcp_release_socket(struct socket *socket)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	bool stays = false;

	net_lock();
	if (t->phase == TCP_LISTENING) {
		struct tcp_pcb *pcb = t->pcb;

		drop_accepted(t);
		detach(t);
		tcp_close(pcb);
	} else if (t->pcb && t->phase == TCP_CONNECTED) {
		stays = close_connection(t);
	} else if (t->pcb) {
		struct tcp_pcb *pcb = t->pcb;

		detach(t);
		tcp_abort(pcb);
	}
	if (!stays)
		tcp_socket_drop_data(t);
	net_unlock();
	if (!stays)
		tcp_socket_free(t);
}

/* ---- readiness ---- */

static unsigned tcp_poll_socket(struct socket *socket)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	unsigned phase = atomic_load(&t->phase), events = 0;
	bool ended = atomic_load(&t->rx_ended) || atomic_load(&t->read_shut);
	bool shut = atomic_load(&t->write_shut);

	if (phase == TCP_LISTENING)
		return atomic_load(&t->accepted_count) ? POLLIN | POLLRDNORM : 0;
	if (phase == TCP_NEW)
		return POLLOUT | POLLWRNORM | POLLHUP;
	if (phase == TCP_CONNECTING)
		return 0;
	if (phase == TCP_OVER)
		return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLHUP | POLLRDHUP;
	if (ended)
		events |= POLLIN | POLLRDNORM | POLLRDHUP;
	if (atomic_load(&t->rx_bytes) >= socket->receive_low)
		events |= POLLIN | POLLRDNORM;
	if (shut || atomic_load(&t->tx_room) >= TCP_MSS)
		events |= POLLOUT | POLLWRNORM;
	if (ended && shut)
		events |= POLLHUP;
	return events;
}

static const struct socket_ops tcp_ops = {
	.bind = tcp_bind_socket,
	.connect = tcp_connect_socket,
	.listen = tcp_listen_socket,
	.accept = tcp_accept_socket,
	.name = tcp_name_socket,
	.send = tcp_socket_send,
	.receive = tcp_socket_receive,
	.shutdown = tcp_shutdown_socket,
	.set_option = tcp_socket_set_option,
	.get_option = tcp_socket_get_option,
	.poll = tcp_poll_socket,
	.readable = tcp_socket_readable,
	.release = tcp_release_socket,
};
