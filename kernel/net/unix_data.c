/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What travels between sockets of AF_UNIX: messages in the receiver's queue. A stream's may be read in parts, and one
 * read goes on into the next, but never past one that brings files or comes from somebody else.
 */
#include "unix.h"

#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/heap.h>
#include <kernel/string.h>

#define PIECE_MAX 32768 /* of a stream's message */

void unix_message_free(struct unix_message *message)
{
	socket_control_free(&message->control);
	heap_free(message);
}

/* ---- sending ---- */

static size_t cost_of(const struct unix_message *message)
{
	return message->size + UNIX_OVERHEAD;
}

struct sending {
	struct unix_socket *from, *to;
	size_t cost;
};

/* Is there room, or will there never be any? A queue that is empty takes anything. Lock. */
static bool has_room(const struct sending *s)
{
	return !s->to->bytes || s->to->bytes + s->cost <= s->from->socket.send_buffer || s->to->closed ||
	       s->to->read_shut || s->from->write_shut;
}

static bool can_send(void *arg)
{
	unsigned long flags = unix_lock();
	bool can = has_room(arg);

	unix_unlock(flags);
	return can;
}

/* Appends it, or says why not. -EAGAIN: no room. */
static int try_send(const struct sending *s, struct unix_message *message)
{
	unsigned long flags = unix_lock();
	int err = 0;

	if (s->from->write_shut)
		err = -EPIPE;
	else if (s->to->closed)
		err = s->from->socket.type == SOCK_DGRAM ? -ECONNREFUSED : -EPIPE;
	else if (s->to->read_shut)
		err = -EPIPE;
	else if (!has_room(s))
		err = -EAGAIN;
	if (!err) {
		list_append(&s->to->messages, &message->node);
		atomic_store(&s->to->bytes, s->to->bytes + s->cost);
	}
	unix_unlock(flags);
	if (!err)
		wake_all(&s->to->socket.readers);
	return err;
}

/* The message is the receiver's on success. */
static int deliver(struct sending *s, struct unix_message *message, bool nonblock)
{
	int err;

	s->cost = cost_of(message);
	while ((err = try_send(s, message)) == -EAGAIN && !nonblock) {
		uint64_t timeout = s->from->socket.send_timeout_ns;

		err = wait_until(&s->to->socket.writers, can_send, s, timeout ? clock_ns() + timeout : WAIT_FOREVER);
		if (err)
			return err == -ETIMEDOUT ? -EAGAIN : err;
	}
	return err;
}

/* Copies len bytes of what is to be sent; the first message of a call brings its files. NULL: *err. */
static struct unix_message *make(struct unix_socket *u, struct socket_message *message, size_t len, int *err)
{
	struct unix_message *m = heap_alloc(sizeof(*m) + len);

	*err = -ENOBUFS;
	if (!m)
		return NULL;
	memset(m, 0, sizeof(*m));
	m->size = len;
	if (len && io_get(&message->io, m->data, len) != (ssize_t)len) {
		*err = -EFAULT;
		heap_free(m);
		return NULL;
	}
	m->from = u->name;
	m->control = message->control;
	message->control.files = NULL;
	message->control.file_count = 0;
	if (!m->control.has_cred) {
		unix_cred_current(&m->control.cred);
		m->control.has_cred = true;
	}
	return m;
}

static int send_one(struct sending *s, struct socket_message *message, size_t len)
{
	int err;
	struct unix_message *m = make(s->from, message, len, &err);

	if (!m)
		return err;
	err = deliver(s, m, message->nonblock);
	if (err)
		unix_message_free(m);
	return err;
}

/* To whom: the peer, or of a datagram the address. Referenced. */
static int receiver_of(struct unix_socket *u, const struct socket_message *message, struct unix_socket **to)
{
	unsigned long flags;
	int err = 0;

	if (message->address.len && u->socket.type == SOCK_DGRAM) {
		err = unix_find(&message->address, to);
		if (!err && (*to)->socket.type != SOCK_DGRAM) {
			unix_put(*to);
			err = -EPROTOTYPE;
		}
		return err;
	}
	flags = unix_lock();
	if (message->address.len)
		err = u->peer ? -EISCONN : -EOPNOTSUPP;
	else if (u->write_shut)
		err = -EPIPE;
	else if (u->peer)
		*to = unix_get(u->peer);
	else if (u->socket.type != SOCK_DGRAM && u->had_peer)
		err = -EPIPE;
	else
		err = -ENOTCONN;
	unix_unlock(flags);
	return err;
}

ssize_t unix_send(struct socket *socket, struct socket_message *message)
{
	struct sending s = { .from = unix_socket_of(socket) };
	size_t all = message->io.remaining, total = 0;
	int err = socket_take_error(socket);

	if (err)
		return err;
	err = receiver_of(s.from, message, &s.to);
	if (err)
		return err;
	if (socket->type != SOCK_STREAM) {
		err = all + UNIX_OVERHEAD > socket->send_buffer ? -EMSGSIZE : send_one(&s, message, all);
		total = err ? 0 : all;
	}
	while (!err && total < all) {
		size_t len = min(min(all - total, (size_t)PIECE_MAX), (size_t)socket->send_buffer / 2);

		err = send_one(&s, message, len);
		total += err ? 0 : len;
	}
	unix_put(s.to);
	return total ? (ssize_t)total : err;
}

/* ---- receiving ---- */

/* Nothing will come any more. One of datagrams is not done for when its peer is: anybody may send to it. Lock. */
static bool has_ended(const struct unix_socket *u)
{
	return u->read_shut || (u->had_peer && !u->peer && u->socket.type != SOCK_DGRAM);
}

static bool can_receive(void *arg)
{
	struct unix_socket *u = arg;
	unsigned long flags = unix_lock();
	bool can = !list_empty(&u->messages) || has_ended(u);

	unix_unlock(flags);
	return can || atomic_load(&u->socket.error);
}

/* The first message, still on the queue: only the reader takes it off. 0 with NULL: the end. -EAGAIN: none yet. */
static int first_message(struct unix_socket *u, struct unix_message **out)
{
	unsigned long flags = unix_lock();
	int err = 0;

	*out = NULL;
	if (!list_empty(&u->messages))
		*out = list_first(&u->messages, struct unix_message, node);
	else if (u->socket.type != SOCK_DGRAM && !u->had_peer)
		err = u->socket.type == SOCK_STREAM ? -EINVAL : -ENOTCONN;
	else if (!has_ended(u))
		err = -EAGAIN;
	unix_unlock(flags);
	return err;
}

static void drop_first(struct unix_socket *u, struct unix_message *m)
{
	unsigned long flags = unix_lock();
	struct unix_socket *peer;

	list_remove(&m->node);
	atomic_store(&u->bytes, u->bytes - cost_of(m));
	peer = u->peer ? unix_get(u->peer) : NULL;
	unix_unlock(flags);
	unix_message_free(m);
	wake_all(&u->socket.writers);
	/* Who polls for room to send waits on a queue of his own. */
	if (peer) {
		wake_all(&peer->socket.writers);
		unix_put(peer);
	}
}

/* Copies from a message; its files go with the first byte. */
static ssize_t copy_out(struct unix_message *m, struct socket_message *message)
{
	size_t len = min(m->size - m->offset, message->io.remaining);
	bool peek = message->flags & MSG_PEEK;

	if (len && io_put(&message->io, m->data + m->offset, len) != (ssize_t)len)
		return -EFAULT;
	message->address = m->from;
	if (message->control.files)
		return (ssize_t)len;
	message->control.cred = m->control.cred;
	message->control.has_cred = m->control.has_cred;
	if (!peek) {
		message->control.files = m->control.files;
		message->control.file_count = m->control.file_count;
		m->control.files = NULL;
		m->control.file_count = 0;
	}
	return (ssize_t)len;
}

static bool same_cred(const struct abi_ucred *a, const struct abi_ucred *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/* May a read that has begun go on with this message? */
static bool goes_on(const struct unix_message *m, const struct socket_message *message)
{
	return !m->control.file_count && !message->control.file_count &&
	       same_cred(&m->control.cred, &message->control.cred);
}

static ssize_t receive_stream(struct unix_socket *u, struct socket_message *message)
{
	bool all = message->flags & MSG_WAITALL, peek = message->flags & MSG_PEEK;
	size_t total = 0;

	while (message->io.remaining) {
		struct unix_message *m;
		ssize_t n;
		int err = first_message(u, &m);

		if (!err && !m)
			break;
		if (err == -EAGAIN && (!total || all) && !message->nonblock) {
			mutex_unlock(&u->read_lock);
			err = socket_wait_readable(&u->socket, can_receive, u);
			mutex_lock(&u->read_lock);
			if (!err)
				err = socket_take_error(&u->socket);
			if (!err)
				continue;
		}
		if (err)
			return total ? (ssize_t)total : err;
		if (total && !goes_on(m, message))
			break;
		n = copy_out(m, message);
		if (n < 0)
			return total ? (ssize_t)total : n;
		total += (size_t)n;
		if (peek)
			break;
		m->offset += (size_t)n;
		if (m->offset == m->size)
			drop_first(u, m);
	}
	return (ssize_t)total;
}

static ssize_t receive_packet(struct unix_socket *u, struct socket_message *message)
{
	struct unix_message *m;
	ssize_t n;
	int err;

	while ((err = first_message(u, &m)) == -EAGAIN && !message->nonblock) {
		mutex_unlock(&u->read_lock);
		err = socket_wait_readable(&u->socket, can_receive, u);
		mutex_lock(&u->read_lock);
		if (!err)
			err = socket_take_error(&u->socket);
		if (err)
			return err;
	}
	if (err || !m)
		return err;
	n = copy_out(m, message);
	if (n >= 0 && (size_t)n < m->size) {
		message->result_flags |= MSG_TRUNC;
		if (message->flags & MSG_TRUNC)
			n = (ssize_t)m->size;
	}
	if (!(message->flags & MSG_PEEK))
		drop_first(u, m);
	return n;
}

ssize_t unix_receive(struct socket *socket, struct socket_message *message)
{
	struct unix_socket *u = unix_socket_of(socket);
	ssize_t n;
	int err = socket_take_error(socket);

	if (err)
		return err;
	mutex_lock(&u->read_lock);
	n = socket->type == SOCK_STREAM ? receive_stream(u, message) : receive_packet(u, message);
	mutex_unlock(&u->read_lock);
	return n;
}

size_t unix_readable(struct socket *socket)
{
	struct unix_socket *u = unix_socket_of(socket);
	unsigned long flags = unix_lock();
	size_t bytes = 0;

	list_foreach(&u->messages, struct unix_message, node, m) {
		bytes += m->size - m->offset;
		if (socket->type != SOCK_STREAM)
			break;
	}
	unix_unlock(flags);
	return bytes;
}

unsigned unix_poll(struct socket *socket)
{
	struct unix_socket *u = unix_socket_of(socket);
	unsigned long flags = unix_lock();
	bool hung_up = u->had_peer && !u->peer && socket->type != SOCK_DGRAM;
	unsigned events = 0;

	if (socket->listening) {
		events = u->waiting_count ? POLLIN | POLLRDNORM : 0;
		unix_unlock(flags);
		return events;
	}
	if (!list_empty(&u->messages) || u->read_shut || hung_up)
		events |= POLLIN | POLLRDNORM;
	if (u->read_shut || hung_up)
		events |= POLLRDHUP;
	if (hung_up || (u->read_shut && u->write_shut))
		events |= POLLHUP;
	if (socket->type != SOCK_DGRAM && !u->had_peer)
		events |= POLLHUP | POLLOUT | POLLWRNORM;
	else if (!u->peer || u->peer->bytes * 2 <= socket->send_buffer)
		events |= POLLOUT | POLLWRNORM;
	unix_unlock(flags);
	return events;
}
