/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP's bytes. Out: one copy, from the program into chunks that lwIP refers to until they are acknowledged. In: lwIP's
 * buffers as they came; a reader takes all there is off the socket, and copies without the network's lock.
 */
#include "inet_tcp.h"

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/thread.h>

#define CHUNK_LARGE 2		/* page order: 16 KiB, for long writes */
#define WRITE_MAX UINT16_MAX	/* of lwIP's calls */
#define TELL_SHARE 4		/* so much of the window read that the sender should know */

static struct tcp_chunk *writing;	/* whose bytes lwIP is given; network's lock */

/* ---- in ---- */

err_t tcp_socket_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err UNUSED)
{
	struct tcp_socket *t = arg;

	if (!p) {
		atomic_store(&t->rx_ended, true);
		wake_all(&t->socket.readers);
		wake_all(&t->socket.writers);
		return ERR_OK;
	}
	if (t->read_shut) {
		tcp_recved(pcb, p->tot_len);
		pbuf_free(p);
		return ERR_OK;
	}
	/* A peer that knows no scaling sees but 64 KiB of it. */
	atomic_store(&t->tell_at, TCP_WND_MAX(pcb) / TELL_SHARE);
	atomic_fetch_add(&t->rx_bytes, p->tot_len);
	if (t->rx)
		t->rx_last->next = p;
	else
		t->rx = p;
	/* Lengths of what follows are not kept: such a chain may have more than they can say. */
	while (p->next)
		p = p->next;
	t->rx_last = p;
	wake_all(&t->socket.readers);
	return ERR_OK;
}

void tcp_socket_tell_read(struct tcp_socket *t)
{
	while (t->read) {
		struct pbuf *next = t->read->next;

		t->read->next = NULL;
		pbuf_free(t->read);
		t->read = next;
	}
	while (t->read_bytes && t->pcb) {
		u16_t n = (u16_t)min(t->read_bytes, (size_t)UINT16_MAX);

		tcp_recved(t->pcb, n);
		t->read_bytes -= n;
	}
}

/* Takes off the socket what has come. The reader's lock. */
static void take_received(struct tcp_socket *t)
{
	struct pbuf **end = &t->reading;

	net_lock();
	tcp_socket_tell_read(t);
	while (*end)
		end = &(*end)->next;
	*end = t->rx;
	t->rx = t->rx_last = NULL;
	net_unlock();
}

/* Copies from the reader's buffers; those that are finished are freed later. */
static ssize_t copy_out(struct tcp_socket *t, struct io *io, bool peek)
{
	struct pbuf *p = t->reading;
	size_t offset = t->reading_offset;
	ssize_t total = 0, n = 0;

	while (p && io->remaining) {
		size_t len = min(p->len - offset, io->remaining);

		n = len ? io_put(io, (char *)p->payload + offset, len) : 0;
		/* What was copied before counts as read. */
		if (n < 0)
			break;
		total += n;
		offset += (size_t)n;
		if (offset == p->len) {
			struct pbuf *next = p->next;

			if (!peek) {
				p->next = t->read;
				t->read = p;
				t->reading = next;
			}
			p = next;
			offset = 0;
		}
		if (n != (ssize_t)len)
			break;
	}
	if (!peek) {
		t->reading_offset = offset;
		t->read_bytes += (size_t)total;
		atomic_fetch_sub(&t->rx_bytes, (size_t)total);
	}
	return total ? total : min(n, (ssize_t)0);
}

static bool can_read(void *arg)
{
	struct tcp_socket *t = arg;
	unsigned phase = atomic_load(&t->phase);

	return atomic_load(&t->rx_bytes) || atomic_load(&t->rx_ended) || atomic_load(&t->read_shut) ||
	       phase == TCP_OVER || phase == TCP_NEW || atomic_load(&t->socket.error);
}

/* What a read with nothing to read ends with: 0 or an error; 1: it may wait. */
static int read_verdict(struct tcp_socket *t)
{
	unsigned phase = atomic_load(&t->phase);
	int err;

	if (atomic_load(&t->rx_bytes))
		return 1;
	err = socket_take_error(&t->socket);
	if (err)
		return err;
	if (phase == TCP_NEW || phase == TCP_LISTENING)
		return -ENOTCONN;
	return atomic_load(&t->rx_ended) || atomic_load(&t->read_shut) || phase == TCP_OVER ? 0 : 1;
}

/* Lets the sender go on, who may have filled the window. The reader's lock. */
static void tell_when_due(struct tcp_socket *t)
{
	if (!t->read_bytes || t->read_bytes < atomic_load(&t->tell_at))
		return;
	net_lock();
	tcp_socket_tell_read(t);
	net_unlock();
}

/* Reader's lock. */
static ssize_t read_locked(struct tcp_socket *t, struct socket_message *message, size_t least)
{
	ssize_t total = 0;

	for (;;) {
		ssize_t n;
		int err;

		if (!t->reading && atomic_load(&t->rx_bytes))
			take_received(t);
		else if (message->flags & MSG_PEEK && atomic_load(&t->rx_bytes))
			take_received(t);
		n = copy_out(t, &message->io, message->flags & MSG_PEEK);
		if (n < 0)
			return total ? total : n;
		total += n;
		if (!message->io.remaining || (size_t)total >= least || (n && message->flags & MSG_PEEK))
			return total;
		if (atomic_load(&t->rx_bytes))
			continue;
		err = read_verdict(t);
		if (err <= 0)
			return total ? total : err;
		if (message->nonblock)
			return total ? total : -EAGAIN;
		tell_when_due(t);
		mutex_unlock(&t->read_lock);
		err = socket_wait_readable(&t->socket, can_read, t);
		mutex_lock(&t->read_lock);
		if (err)
			return total ? total : err;
	}
}

ssize_t tcp_socket_receive(struct socket *socket, struct socket_message *message)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	size_t least = message->flags & MSG_WAITALL ? message->io.remaining : max(socket->receive_low, 1u);
	ssize_t n;

	if (!message->io.remaining && atomic_load(&t->phase) != TCP_NEW)
		return 0;
	mutex_lock(&t->read_lock);
	n = read_locked(t, message, least);
	tell_when_due(t);
	mutex_unlock(&t->read_lock);
	return n;
}

size_t tcp_socket_readable(struct socket *socket)
{
	return atomic_load(&tcp_socket_of(socket)->rx_bytes);
}

/* ---- out ---- */

void tcp_socket_room(struct tcp_socket *t)
{
	size_t room = t->pcb && t->pcb->snd_queuelen + 2 * (TCP_SND_BUF / TCP_MSS) / 8 < TCP_SND_QUEUELEN
			      ? tcp_sndbuf(t->pcb)
			      : 0;

	atomic_store(&t->tx_room, room);
}

bool tcp_socket_is_drained(const struct tcp_socket *t)
{
	list_foreach(&t->chunks, struct tcp_chunk, node, chunk) {
		if (chunk->acked != chunk->filled)
			return false;
	}
	return true;
}

/* A chunk lives while it is on its socket's list, and while a packet refers to it. Network's lock. */
static void chunk_put(struct tcp_chunk *chunk)
{
	if (--chunk->refs == 0)
		page_free(page_from_virt(chunk), chunk->order);
}

static void chunk_free(struct tcp_chunk *chunk)
{
	list_remove(&chunk->node);
	chunk_put(chunk);
}

void net_pbuf_refers(struct pbuf *p)
{
	p->owner = writing;
	writing->refs++;
}

void net_pbuf_freed(void *owner)
{
	chunk_put(owner);
}

void tcp_socket_drop_data(struct tcp_socket *t)
{
	while (!list_empty(&t->chunks))
		chunk_free(list_first(&t->chunks, struct tcp_chunk, node));
	for (struct pbuf **list = (struct pbuf *[]){ t->rx, t->reading, t->read }, **end = list + 3; list < end;
	     list++) {
		while (*list) {
			struct pbuf *next = (*list)->next;

			(*list)->next = NULL;
			pbuf_free(*list);
			*list = next;
		}
	}
	t->rx = t->rx_last = t->reading = t->read = NULL;
}

err_t tcp_socket_acked(void *arg, struct tcp_pcb *pcb UNUSED, u16_t len)
{
	struct tcp_socket *t = arg;
	uint32_t left = len;

	list_foreach_safe(&t->chunks, struct tcp_chunk, node, chunk) {
		uint32_t n = min(left, chunk->filled - chunk->acked);

		chunk->acked += n;
		left -= n;
		if (chunk->acked == chunk->filled && chunk->node.next != &t->chunks)
			chunk_free(chunk);
		if (!left)
			break;
	}
	if (t->orphan) {
		if (tcp_socket_is_drained(t)) {
			tcp_arg(t->pcb, NULL);
			tcp_err(t->pcb, NULL);
			tcp_sent(t->pcb, NULL);
			t->orphan = false;
			t->pcb = NULL;
			tcp_socket_drop_data(t);
			tcp_socket_free(t);
		}
		return ERR_OK;
	}
	tcp_socket_room(t);
	if (t->tx_room >= TCP_MSS)
		wake_all(&t->socket.writers);
	return ERR_OK;
}

static struct tcp_chunk *chunk_alloc(size_t wanted)
{
	unsigned order = wanted > PAGE_SIZE ? CHUNK_LARGE : 0;
	struct page *page = page_alloc(order);
	struct tcp_chunk *chunk;

	if (!page && order) {
		order = 0;
		page = page_alloc(order);
	}
	if (!page)
		return NULL;
	chunk = page_virt(page);
	*chunk = (struct tcp_chunk){ .refs = 1,
				     .order = order,
				     .size = (uint32_t)((PAGE_SIZE << order) - sizeof(*chunk)) };
	return chunk;
}

/* The chunk to fill: the last one while it has room, or a new one; not on the list yet then. The writer's lock. */
static struct tcp_chunk *chunk_to_fill(struct tcp_socket *t, size_t wanted)
{
	struct tcp_chunk *last = NULL;

	net_lock();
	if (!list_empty(&t->chunks)) {
		last = list_last(&t->chunks, struct tcp_chunk, node);
		if (last->acked == last->filled && last->refs == 1)
			last->acked = last->filled = 0;
		if (last->filled == last->size)
			last = NULL;
	}
	net_unlock();
	return last ?: chunk_alloc(wanted);
}

static bool can_write(void *arg)
{
	struct tcp_socket *t = arg;

	return atomic_load(&t->tx_room) || atomic_load(&t->phase) != TCP_CONNECTED || atomic_load(&t->write_shut);
}

/* Hands len bytes that were put behind what is filled over to lwIP. -EAGAIN: its queue is full. */
static int hand_over(struct tcp_socket *t, struct tcp_chunk *chunk, size_t len, bool more)
{
	bool fresh = !chunk->node.next;
	err_t err = ERR_CLSD;

	net_lock();
	writing = chunk;
	if (t->pcb && t->phase == TCP_CONNECTED && !t->write_shut)
		err = tcp_write(t->pcb, chunk->data + chunk->filled, (u16_t)len, more ? TCP_WRITE_FLAG_MORE : 0);
	if (err == ERR_OK) {
		if (fresh)
			list_append(&t->chunks, &chunk->node);
		chunk->filled += (uint32_t)len;
		if (!more)
			tcp_output(t->pcb);
	}
	tcp_socket_room(t);
	if (err == ERR_MEM)
		atomic_store(&t->tx_room, 0);
	net_unlock();
	if (err != ERR_OK && fresh)
		page_free(page_from_virt(chunk), chunk->order);
	if (err == ERR_OK)
		return 0;
	return err == ERR_MEM ? -EAGAIN : -EPIPE;
}

/* One piece, as large as chunk and window allow. @return its length or -errno. The writer's lock. */
static ssize_t write_piece(struct tcp_socket *t, struct socket_message *message)
{
	size_t len = min(min(message->io.remaining, atomic_load(&t->tx_room)), (size_t)WRITE_MAX);
	struct tcp_chunk *chunk = chunk_to_fill(t, message->io.remaining);
	ssize_t n;
	int err;

	if (!chunk)
		return -ENOBUFS;
	len = min(len, (size_t)(chunk->size - chunk->filled));
	n = io_get(&message->io, chunk->data + chunk->filled, len);
	if (n <= 0) {
		if (!chunk->node.next)
			page_free(page_from_virt(chunk), chunk->order);
		return n ? n : -EFAULT;
	}
	err = hand_over(t, chunk, (size_t)n, message->io.remaining || t->corked || (message->flags & MSG_MORE) != 0);
	if (!err)
		return n;
	io_revert(&message->io, (size_t)n);
	return err;
}

/* Why nothing can be written now; 0: it can. */
static int write_verdict(struct tcp_socket *t)
{
	unsigned phase = atomic_load(&t->phase);
	int err = socket_take_error(&t->socket);

	if (err)
		return err;
	/* Linux has no ENOTCONN here. */
	if (phase == TCP_NEW || phase == TCP_LISTENING || phase == TCP_OVER || atomic_load(&t->write_shut))
		return -EPIPE;
	return phase == TCP_CONNECTING || !atomic_load(&t->tx_room) ? -EAGAIN : 0;
}

static bool is_connected_or_over(void *arg)
{
	struct tcp_socket *t = arg;

	return atomic_load(&t->phase) != TCP_CONNECTING && can_write(t);
}

ssize_t tcp_socket_send(struct socket *socket, struct socket_message *message)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	ssize_t total = 0;
	int err = 0;

	mutex_lock(&t->write_lock);
	while (!err && (message->io.remaining || !total)) {
		ssize_t n;

		err = write_verdict(t);
		if (!err && !message->io.remaining)
			break;
		if (!err) {
			n = write_piece(t, message);
			if (n > 0)
				total += n;
			else
				err = (int)n;
		}
		if (err != -EAGAIN || message->nonblock)
			continue;
		mutex_unlock(&t->write_lock);
		err = socket_wait_writable(socket, is_connected_or_over, t);
		mutex_lock(&t->write_lock);
	}
	mutex_unlock(&t->write_lock);
	return total ? total : err;
}
