/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes of a connection of AF_VSOCK. A sender has no more under way than the other side has room for, and than a
 * send buffer in its transport; a receiver tells of its room once half of it is new (VIRTIO 1.2, 5.10.6.3).
 */
#include "vsock_internal.h"

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>

#define CHUNK 1024

/* ---- out ---- */

/* Why nothing can be sent any more; 0: something can, now or later. Lock. */
static int cannot_send(const struct vsock *v)
{
	if (v->write_shut || v->peer_read_shut)
		return -EPIPE;
	return v->state == VSOCK_CONNECTED ? 0 : -ENOTCONN;
}

/* Bytes that may go now. Lock. */
static uint32_t room(const struct vsock *v)
{
	uint32_t queue = v->queued < VSOCK_BUFFER_MAX ? VSOCK_BUFFER_MAX - v->queued : 0;

	return min(min(vsock_credit(v), queue), (uint32_t)VSOCK_DATA_MAX);
}

static bool can_send(void *arg)
{
	struct vsock *v = arg;
	unsigned long flags = vsock_lock();
	bool can = cannot_send(v) || room(v);

	vsock_unlock(flags);
	return can;
}

/* One packet of what the message has. Bytes; -EAGAIN: there is no room now. */
static ssize_t send_packet(struct vsock *v, struct io *io)
{
	struct vsock_packet *packet;
	unsigned long flags;
	uint32_t len;
	ssize_t n;
	int err;

	flags = vsock_lock();
	err = cannot_send(v);
	len = room(v);
	vsock_unlock(flags);
	if (err || !len)
		return err ? err : -EAGAIN;
	len = (uint32_t)min((size_t)len, io->remaining);
	packet = heap_alloc(sizeof(*packet) + len);
	if (!packet)
		return -ENOMEM;
	n = io_get(io, packet->data, len);
	if (n <= 0) {
		heap_free(packet);
		return n;
	}
	flags = vsock_lock();
	err = cannot_send(v);
	if (!err && room(v) < n)
		err = -EAGAIN;
	if (!err) {
		packet->owner = vsock_get(v);
		vsock_send_data(v, packet, (uint32_t)n);
	}
	vsock_unlock(flags);
	if (!err)
		return n;
	heap_free(packet);
	io_revert(io, (size_t)n);
	return err;
}

ssize_t vsock_send(struct socket *socket, struct socket_message *message)
{
	struct vsock *v = vsock_of(socket);
	ssize_t total = 0, n = 0;

	if (message->address.len)
		return v->state == VSOCK_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	n = socket_take_error(socket);
	while (message->io.remaining && n >= 0) {
		n = send_packet(v, &message->io);
		if (n > 0)
			total += n;
		if (n == -EAGAIN && !message->nonblock)
			n = socket_wait_writable(socket, can_send, v);
	}
	if (!total && !n && !message->io.remaining) {
		unsigned long flags = vsock_lock();

		n = cannot_send(v);
		vsock_unlock(flags);
	}
	return total ? total : n;
}

/* ---- in ---- */

/* Nothing more can come, or something is there. Lock. */
static bool is_readable(const struct vsock *v)
{
	return v->in.len || v->read_shut || v->peer_write_shut || v->state != VSOCK_CONNECTED;
}

static bool can_read(void *arg)
{
	struct vsock *v = arg;
	unsigned long flags = vsock_lock();
	bool can = is_readable(v);

	vsock_unlock(flags);
	return can;
}

/* Looks at what is at an offset without taking it: the ring's pieces are at most two. Lock. */
static size_t peek(struct vsock *v, size_t offset, uint8_t *to, size_t len)
{
	struct ring at = v->in;

	if (offset >= at.len)
		return 0;
	ring_taken(&at, offset);
	return ring_get(&at, to, len);
}

/* What was read makes room; the last bytes of a connection that is shut end it. Lock. */
static void consumed(struct vsock *v, size_t len)
{
	ring_taken(&v->in, len);
	v->forwarded += (uint32_t)len;
	if (v->state != VSOCK_CONNECTED)
		return;
	if (!v->in.len && v->peer_read_shut && v->peer_write_shut) {
		vsock_tell(v, VSOCK_RST, 0);
		vsock_end(v);
	} else if (v->forwarded - v->forwarded_told >= v->buffer_size / 2) {
		vsock_tell(v, VSOCK_CREDIT_UPDATE, 0);
	}
}

/* Copies what is there, from an offset on. Bytes, 0 with nothing; -EFAULT. */
static ssize_t read_some(struct vsock *v, struct socket_message *message, size_t offset)
{
	uint8_t chunk[CHUNK];
	unsigned long flags = vsock_lock();
	size_t len = peek(v, offset, chunk, min(message->io.remaining, sizeof(chunk)));
	ssize_t n;

	vsock_unlock(flags);
	if (!len)
		return 0;
	n = io_put(&message->io, chunk, len);
	if (n <= 0 || message->flags & MSG_PEEK)
		return n;
	flags = vsock_lock();
	consumed(v, min((size_t)n, v->in.len));
	vsock_unlock(flags);
	return n;
}

/* With nothing to read: 0 at the end of a connection. */
static ssize_t nothing(struct vsock *v, bool nonblock)
{
	unsigned long flags = vsock_lock();
	bool over = v->read_shut || v->peer_write_shut || v->state == VSOCK_OVER,
	     connected = v->state == VSOCK_CONNECTED;

	vsock_unlock(flags);
	if (over)
		return 0;
	return !connected ? -ENOTCONN : nonblock ? -EAGAIN : 1;
}

ssize_t vsock_receive_bytes(struct socket *socket, struct socket_message *message)
{
	struct vsock *v = vsock_of(socket);
	size_t total = 0, wanted = message->flags & MSG_WAITALL ? message->io.remaining : 1;
	ssize_t n = 0;

	/* Readers of one connection take turns by the chunk. */
	while (message->io.remaining) {
		n = read_some(v, message, message->flags & MSG_PEEK ? total : 0);
		if (n > 0) {
			total += (size_t)n;
			continue;
		}
		if (n < 0 || total >= wanted)
			break;
		n = socket_take_error(socket);
		if (!n)
			n = nothing(v, message->nonblock);
		if (n <= 0)
			break;
		n = socket_wait_readable(socket, can_read, v);
		if (n)
			break;
	}
	return total ? (ssize_t)total : n;
}

/* ---- readiness ---- */

size_t vsock_readable(struct socket *socket)
{
	return vsock_of(socket)->in.len;
}

unsigned vsock_poll(struct socket *socket)
{
	struct vsock *v = vsock_of(socket);
	unsigned long flags = vsock_lock();
	bool connected = v->state == VSOCK_CONNECTED, in_shut = v->read_shut || v->peer_write_shut;
	unsigned events = 0;

	if (v->state == VSOCK_LISTENING)
		events |= v->waiting_count ? POLLIN | POLLRDNORM : 0;
	else if (v->in.len || in_shut)
		events |= POLLIN | POLLRDNORM;
	if (in_shut)
		events |= POLLRDHUP;
	if ((v->read_shut && v->write_shut) || (in_shut && (v->write_shut || v->state == VSOCK_OVER)))
		events |= POLLHUP;
	if (connected ? !v->write_shut && (room(v) || v->peer_read_shut)
		      : (v->state == VSOCK_UNCONNECTED || v->state == VSOCK_OVER) && !v->write_shut)
		events |= POLLOUT | POLLWRNORM;
	vsock_unlock(flags);
	return events;
}
