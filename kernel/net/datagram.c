/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Queues of datagrams.
 */
#include "datagram.h"

#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>

#define OVERHEAD 128	/* what a datagram costs besides its bytes */

void datagram_queue_init(struct datagram_queue *q,
			 void (*tell)(struct socket *socket, const struct datagram *d, struct socket_message *message))
{
	*q = (struct datagram_queue){ .tell = tell };
	list_init(&q->list);
}

static size_t cost(const struct pbuf *p)
{
	return p->tot_len + OVERHEAD;
}

void *datagram_alloc(struct socket *socket, struct datagram_queue *q, struct pbuf *p, size_t size)
{
	struct datagram *d = q->bytes + cost(p) <= socket->receive_buffer && !q->shut ? heap_zalloc(size) : NULL;

	if (d) {
		d->p = p;
		d->came_ns = clock_realtime_ns();
	} else {
		q->dropped++;
	}
	return d;
}

void datagram_add(struct socket *socket, struct datagram_queue *q, struct datagram *d)
{
	list_append(&q->list, &d->node);
	q->bytes += cost(d->p);
	q->came++;
	atomic_store(&q->count, q->count + 1);
	wake_all(&socket->readers);
}

static void datagram_free(struct datagram_queue *q, struct datagram *d)
{
	q->bytes -= cost(d->p);
	pbuf_free(d->p);
	heap_free(d);
}

/* The first one, taken off; NULL. Network's lock. */
static struct datagram *take(struct datagram_queue *q)
{
	struct datagram *d;

	if (list_empty(&q->list))
		return NULL;
	d = list_first(&q->list, struct datagram, node);
	list_remove(&d->node);
	atomic_store(&q->count, q->count - 1);
	return d;
}

void datagram_queue_free(struct datagram_queue *q)
{
	struct datagram *d;

	while ((d = take(q)))
		datagram_free(q, d);
}

struct reader {
	struct socket *socket;
	struct datagram_queue *queue;
};

static bool can_read(void *arg)
{
	const struct reader *r = arg;

	return atomic_load(&r->queue->count) || atomic_load(&r->queue->shut) || atomic_load(&r->socket->error);
}

static ssize_t copy_out(const struct datagram *d, struct io *io)
{
	ssize_t total = 0;

	for (const struct pbuf *p = d->p; p && io->remaining; p = p->next) {
		size_t len = min((size_t)p->len, io->remaining);
		ssize_t n = io_put(io, p->payload, len);

		if (n != (ssize_t)len)
			return -EFAULT;
		total += n;
	}
	return total;
}

static ssize_t give(struct socket *socket, struct datagram_queue *q, struct datagram *d, struct socket_message *message)
{
	size_t len = d->p->tot_len;
	ssize_t n = copy_out(d, &message->io);

	q->tell(socket, d, message);
	socket_tell_time(socket, message, d->came_ns);
	if (n >= 0 && (size_t)n < len) {
		message->result_flags |= MSG_TRUNC;
		if (message->flags & MSG_TRUNC)
			n = (ssize_t)len;
	}
	return n;
}

ssize_t datagram_receive(struct socket *socket, struct datagram_queue *q, struct socket_message *message)
{
	struct reader reader = { socket, q };
	struct datagram *d;
	ssize_t n;

	for (;;) {
		int err = socket_take_error(socket);

		if (err)
			return err;
		net_lock();
		d = take(q);
		net_unlock();
		if (d)
			break;
		if (atomic_load(&q->shut))
			return 0;
		err = message->nonblock ? -EAGAIN : socket_wait_readable(socket, can_read, &reader);
		if (err)
			return err;
	}
	n = give(socket, q, d, message);
	net_lock();
	if (message->flags & MSG_PEEK) {
		list_push(&q->list, &d->node);
		atomic_store(&q->count, q->count + 1);
	} else {
		datagram_free(q, d);
	}
	net_unlock();
	return n;
}

size_t datagram_readable(struct datagram_queue *q)
{
	size_t len = 0;

	net_lock();
	if (!list_empty(&q->list))
		len = list_first(&q->list, struct datagram, node)->p->tot_len;
	net_unlock();
	return len;
}

unsigned datagram_poll(const struct datagram_queue *q)
{
	unsigned events = POLLOUT | POLLWRNORM;

	if (atomic_load(&q->count))
		events |= POLLIN | POLLRDNORM;
	if (atomic_load(&q->shut))
		events |= POLLIN | POLLRDNORM | POLLRDHUP;
	return events;
}
