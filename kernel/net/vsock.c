/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections of AF_VSOCK: VIRTIO 1.2, section 5.10.6. What packets do to them, credit, and the loopback transport
 * (VMADDR_CID_LOCAL). See vsock_internal.h.
 */
#include "vsock_internal.h"

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/mutex.h>
#include <kernel/string.h>

#define FIRST_FREE_PORT 1024
#define ANSWERS_MAX 256	/* packets without an owner that wait to be sent; more are not made */

OBJECT_TYPE(vsock);

static struct spinlock lock = SPINLOCK_INIT;
static struct list all = LIST_INIT(all);	/* that have a port */
static struct vsock_transport *host;		/* NULL: there is no device */
static uint32_t next_port = FIRST_FREE_PORT;
static unsigned answers;			/* atomic */
static struct list looped = LIST_INIT(looped);	/* packets to ourselves */
static bool delivering;				/* somebody takes them off */

static void deliver(void);

unsigned long vsock_lock(void)
{
	return spin_lock(&lock);
}

void vsock_unlock(unsigned long flags)
{
	bool mine = !list_empty(&looped) && !delivering;

	if (mine)
		delivering = true;
	spin_unlock(&lock, flags);
	if (mine)
		deliver();
}

/* ---- life ---- */

struct vsock *vsock_get(struct vsock *v)
{
	atomic_fetch_add(&v->refs, 1);
	return v;
}

void vsock_put(struct vsock *v)
{
	if (atomic_fetch_sub(&v->refs, 1) != 1)
		return;
	timer_cancel(&v->timer);
	object_count_add(&object_type_vsock, -1);
	heap_free(v->in_memory);
	heap_free(v);
}

void vsock_wake(struct vsock *v)
{
	wake_all(&v->socket.readers);
	wake_all(&v->socket.writers);
}

/*
 * Too late to connect, or to be told that it is over. The timer has no reference, but who connects or closes is on the
 * list, which has one.
 */
static void ring(struct timer *timer)
{
	struct vsock *v = container_of(timer, struct vsock, timer);
	unsigned long flags = vsock_lock();
	bool late = v->state == VSOCK_CONNECTING || v->state == VSOCK_CLOSING;

	if (late) {
		vsock_get(v);
		if (v->state == VSOCK_CONNECTING)
			atomic_store(&v->socket.error, ETIMEDOUT);
		vsock_tell(v, VSOCK_RST, 0);
		vsock_end(v);
	}
	vsock_unlock(flags);
	if (late) {
		vsock_wake(v);
		vsock_put(v);
	}
}

struct vsock *vsock_alloc(void)
{
	struct vsock *v = heap_zalloc(sizeof(*v));

	if (!v)
		return NULL;
	v->refs = 1;
	v->buffer_size = VSOCK_BUFFER_DEFAULT;
	v->connect_timeout_ns = VSOCK_CONNECT_NS;
	v->local_cid = v->local_port = VMADDR_CID_ANY;
	v->peer_cid = v->peer_port = VMADDR_CID_ANY;
	list_init(&v->node);
	list_init(&v->waiting);
	list_init(&v->waiting_node);
	timer_init(&v->timer, ring);
	object_count_add(&object_type_vsock, 1);
	return v;
}

void vsock_arm(struct vsock *v, uint64_t after_ns)
{
	timer_arm(&v->timer, clock_ns() + after_ns);
}

/* ---- ports ---- */

bool vsock_is_local_cid(uint32_t cid)
{
	return cid == VMADDR_CID_LOCAL || (host && cid == host->cid);
}

struct vsock *vsock_find_bound(uint32_t cid, uint32_t port)
{
	list_foreach(&all, struct vsock, node, v)
		if (v->bound && v->local_port == port &&
		    (v->local_cid == cid || v->local_cid == VMADDR_CID_ANY || cid == VMADDR_CID_ANY))
			return v;
	return NULL;
}

void vsock_list(struct vsock *v)
{
	list_append(&all, &vsock_get(v)->node);
}

void vsock_bind_free(struct vsock *v)
{
	do {
		if (next_port == VMADDR_PORT_ANY)
			next_port = FIRST_FREE_PORT;
		v->local_port = next_port++;
	} while (vsock_find_bound(VMADDR_CID_ANY, v->local_port));
	v->bound = true;
	vsock_list(v);
}

/* The connection that a packet belongs to. */
static struct vsock *find_connection(const struct vsock_transport *transport, const struct vsock_header *h)
{
	list_foreach(&all, struct vsock, node, v)
		if (v->state >= VSOCK_CONNECTING && v->state <= VSOCK_CLOSING && v->transport == transport &&
		    v->local_port == h->dst_port && v->peer_port == h->src_port && v->peer_cid == h->src_cid)
			return v;
	return NULL;
}

void vsock_end(struct vsock *v)
{
	bool was_connected = v->state == VSOCK_CONNECTED || v->state == VSOCK_CLOSING;

	v->peer_read_shut |= was_connected;
	v->peer_write_shut |= was_connected;
	v->transport = NULL;
	if (v->state == VSOCK_CLOSING) {
		list_remove(&v->node);
		vsock_put(v); /* the caller has one more reference */
	}
	v->state = was_connected ? VSOCK_OVER : VSOCK_UNCONNECTED;
}

/* ---- sending ---- */

static void loop_send(struct vsock_transport *transport UNUSED, struct vsock_packet *packet)
{
	list_append(&looped, &packet->node);
}

static struct vsock_transport loop = { VMADDR_CID_LOCAL, loop_send };

struct vsock_transport *vsock_transport_to(uint32_t cid)
{
	return vsock_is_local_cid(cid) ? &loop : host;
}

uint32_t vsock_credit(const struct vsock *v)
{
	uint32_t used = v->sent - v->peer_forwarded;

	return used < v->peer_alloc ? v->peer_alloc - used : 0;
}

/* The parts that every packet of a connection has. */
static void fill(struct vsock *v, struct vsock_header *h, enum vsock_op op)
{
	*h = (struct vsock_header){
		.src_cid = v->transport == &loop ? v->peer_cid : v->transport->cid,
		.dst_cid = v->peer_cid,
		.src_port = v->local_port,
		.dst_port = v->peer_port,
		.type = VSOCK_TYPE_STREAM,
		.op = (uint16_t)op,
		.buf_alloc = v->buffer_size,
		.fwd_cnt = v->forwarded,
	};
	v->forwarded_told = v->forwarded;
}

/* A packet without data, and without an owner; NULL: too many of them wait, or no memory. */
static struct vsock_packet *answer_alloc(void)
{
	struct vsock_packet *packet;

	if (atomic_load_relaxed(&answers) >= ANSWERS_MAX)
		return NULL;
	packet = heap_alloc(sizeof(*packet));
	if (packet) {
		packet->owner = NULL;
		atomic_fetch_add(&answers, 1);
	}
	return packet;
}

void vsock_tell(struct vsock *v, enum vsock_op op, uint32_t flags)
{
	struct vsock_packet *packet = v->transport ? answer_alloc() : NULL;

	if (!packet)
		return;
	fill(v, &packet->header, op);
	packet->header.flags = flags;
	v->transport->send(v->transport, packet);
}

void vsock_send_data(struct vsock *v, struct vsock_packet *packet, uint32_t len)
{
	fill(v, &packet->header, VSOCK_RW);
	packet->header.len = len;
	v->sent += len;
	v->queued += len;
	v->transport->send(v->transport, packet);
}

/* To whom no connection belongs. */
static void refuse(struct vsock_transport *transport, const struct vsock_header *h)
{
	struct vsock_packet *packet = h->op == VSOCK_RST ? NULL : answer_alloc();

	if (!packet)
		return;
	packet->header = (struct vsock_header){
		.src_cid = h->dst_cid,
		.dst_cid = h->src_cid,
		.src_port = h->dst_port,
		.dst_port = h->src_port,
		.type = h->type,
		.op = VSOCK_RST,
	};
	transport->send(transport, packet);
}

void vsock_packets_done(struct list *packets)
{
	while (!list_empty(packets)) {
		struct vsock_packet *packet = list_first(packets, struct vsock_packet, node);
		struct vsock *owner = packet->owner;
		unsigned long flags;

		list_remove(&packet->node);
		if (owner) {
			flags = vsock_lock();
			owner->queued -= packet->header.len;
			vsock_unlock(flags);
			wake_all(&owner->socket.writers);
			vsock_put(owner);
		} else {
			atomic_fetch_sub(&answers, 1);
		}
		heap_free(packet);
	}
}

/* ---- what packets do ---- */

/* A listener is asked for a connection. */
static void on_request(struct vsock_transport *transport, struct vsock *listener, const struct vsock_header *h)
{
	struct vsock *v = listener->waiting_count < listener->backlog ? vsock_alloc() : NULL;

	if (v)
		v->in_memory = heap_alloc(listener->buffer_size);
	if (!v || !v->in_memory) {
		refuse(transport, h);
		if (v)
			vsock_put(v);
		return;
	}
	v->socket.type = SOCK_STREAM; /* the rest when it is accepted */
	wait_queue_init(&v->socket.readers);
	wait_queue_init(&v->socket.writers);
	v->buffer_size = listener->buffer_size;
	ring_init(&v->in, v->in_memory, v->buffer_size);
	v->transport = transport;
	v->local_cid = (uint32_t)h->dst_cid;
	v->local_port = h->dst_port;
	v->peer_cid = (uint32_t)h->src_cid;
	v->peer_port = h->src_port;
	v->peer_alloc = h->buf_alloc;
	v->peer_forwarded = h->fwd_cnt;
	v->state = VSOCK_CONNECTED;
	v->accepted = true;
	v->listener = listener;
	vsock_list(v);
	list_append(&listener->waiting, &v->waiting_node);
	listener->waiting_count++;
	vsock_tell(v, VSOCK_RESPONSE, 0);
}

static void on_connecting(struct vsock *v, const struct vsock_header *h)
{
	if (h->op == VSOCK_RESPONSE) {
		v->state = VSOCK_CONNECTED;
		v->socket.error = 0;
		return;
	}
	atomic_store(&v->socket.error, h->op == VSOCK_RST ? ECONNRESET : EPROTO);
	if (h->op != VSOCK_RST)
		vsock_tell(v, VSOCK_RST, 0);
	vsock_end(v);
}

static int on_data(struct vsock *v, const struct vsock_header *h, const void *data)
{
	if (h->len > ring_space(&v->in))
		return -EPROTO;
	if (v->read_shut || v->state == VSOCK_CLOSING)
		v->forwarded += h->len;
	else
		ring_put(&v->in, data, h->len);
	return 0;
}

/* Both ways are shut, and nothing is left to read: it is over (5.10.6.5). */
static void on_shutdown(struct vsock *v, uint32_t flags)
{
	v->peer_read_shut |= flags & VSOCK_SHUTDOWN_RECEIVE;
	v->peer_write_shut |= (flags & VSOCK_SHUTDOWN_SEND) != 0;
	if (!v->peer_read_shut || !v->peer_write_shut || (v->in.len && v->state == VSOCK_CONNECTED))
		return;
	vsock_tell(v, VSOCK_RST, 0);
	vsock_end(v);
}

static int on_connection(struct vsock *v, const struct vsock_header *h, const void *data)
{
	v->peer_alloc = h->buf_alloc;
	v->peer_forwarded = h->fwd_cnt;
	if (v->state == VSOCK_CONNECTING) {
		on_connecting(v, h);
		return 0;
	}
	switch (h->op) {
	case VSOCK_RW: return on_data(v, h, data);
	case VSOCK_SHUTDOWN: on_shutdown(v, h->flags); return 0;
	case VSOCK_RST: vsock_end(v); return 0;
	case VSOCK_CREDIT_REQUEST: vsock_tell(v, VSOCK_CREDIT_UPDATE, 0); return 0;
	default: return 0;
	}
}

int vsock_receive(struct vsock_transport *transport, const struct vsock_header *h, const void *data)
{
	unsigned long flags = vsock_lock();
	struct vsock *v = h->type == VSOCK_TYPE_STREAM ? find_connection(transport, h) : NULL;
	int err = 0;

	if (v) {
		vsock_get(v);
		err = on_connection(v, h, data);
	} else {
		v = h->type == VSOCK_TYPE_STREAM && h->src_cid < VMADDR_CID_ANY && h->op == VSOCK_REQUEST
			    ? vsock_find_bound((uint32_t)h->dst_cid, h->dst_port)
			    : NULL;
		if (v && v->state == VSOCK_LISTENING)
			on_request(transport, vsock_get(v), h);
		else {
			refuse(transport, h);
			v = NULL;
		}
	}
	vsock_unlock(flags);
	if (v) {
		vsock_wake(v);
		vsock_put(v);
	}
	return err;
}

/* Takes the packets to ourselves off, those that they cause among them. */
static void deliver(void)
{
	for (;;) {
		unsigned long flags = spin_lock(&lock);
		struct vsock_packet *packet = NULL;
		struct list done = LIST_INIT(done);

		if (list_empty(&looped)) {
			delivering = false;
		} else {
			packet = list_first(&looped, struct vsock_packet, node);
			list_remove(&packet->node);
		}
		spin_unlock(&lock, flags);
		if (!packet)
			return;
		/* Our own side keeps to the rules. */
		if (vsock_receive(&loop, &packet->header, packet->data))
			assert(false);
		list_append(&done, &packet->node);
		vsock_packets_done(&done);
	}
}

/* ---- transports ---- */

int vsock_transport_add(struct vsock_transport *transport)
{
	unsigned long flags = vsock_lock();
	int err = host ? -EEXIST : 0;

	if (!err)
		host = transport;
	vsock_unlock(flags);
	return err;
}

/* One connection of it, ended, and referenced. Lock. */
static struct vsock *end_one(struct vsock_transport *transport)
{
	list_foreach(&all, struct vsock, node, v) {
		if (v->transport != transport)
			continue;
		vsock_get(v);
		atomic_store(&v->socket.error, ECONNRESET);
		vsock_end(v);
		return v;
	}
	return NULL;
}

void vsock_transport_reset(struct vsock_transport *transport, uint32_t cid)
{
	struct vsock *v;

	do {
		unsigned long flags = vsock_lock();

		transport->cid = cid;
		v = end_one(transport);
		vsock_unlock(flags);
		if (v) {
			vsock_wake(v);
			vsock_put(v);
		}
	} while (v);
}

void vsock_transport_remove(struct vsock_transport *transport)
{
	unsigned long flags = vsock_lock();

	if (host == transport)
		host = NULL;
	vsock_unlock(flags);
	vsock_transport_reset(transport, transport->cid);
}

uint32_t vsock_local_cid(void)
{
	unsigned long flags = vsock_lock();
	uint32_t cid = host ? host->cid : VMADDR_CID_LOCAL;

	vsock_unlock(flags);
	return cid;
}
