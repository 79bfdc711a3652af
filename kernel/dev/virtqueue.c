/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Split virtqueues: VIRTIO 1.2, section 2.7. With EVENT_IDX each side says from which entry on it wants to be told
 * (2.7.7.2, 2.7.10).
 */
#include "virtio_internal.h"

#include <arch/arch.h>
#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/string.h>

#define DESC_NEXT 1u
#define DESC_WRITE 2u
#define AVAIL_NO_INTERRUPT 1u
#define USED_NO_NOTIFY 1u

#define NO_SLOT UINT16_MAX

struct vring_desc {
	uint64_t address;
	uint32_t len;
	uint16_t flags, next;
};

struct vring_used_element {
	uint32_t id, len;
};

/* What we know of a descriptor: the device can write into the ring, but not here. */
struct slot {
	void *cookie;		/* of the first of a chain; NULL: not the first, or free */
	uint32_t writable;	/* bytes that the device may write, of the first */
	uint16_t next;		/* of the chain, or of the free ones */
	uint16_t count;		/* of the first: descriptors of the chain */
};

struct virtqueue {
	struct virtio_device *device;
	virtq_callback_t *callback;
	unsigned index, size;
	struct page *rings;
	unsigned order;
	struct vring_desc *desc;
	uint16_t *avail;	/* flags, index, ring[size], used_event */
	uint16_t *used;		/* flags, index, struct vring_used_element[size], avail_event */
	struct slot *slots;
	uint16_t free_head;
	unsigned free_count;
	uint16_t avail_next;	/* the next to be added */
	uint16_t avail_told;	/* where the device was last told */
	uint16_t used_next;	/* the next to be taken */
	unsigned reclaim_next;
	struct regs notify;
};

/* ---- the rings ---- */

static size_t avail_bytes(unsigned size)
{
	return (size + 3) * sizeof(uint16_t);
}

static size_t used_bytes(unsigned size)
{
	return 3 * sizeof(uint16_t) + size * sizeof(struct vring_used_element);
}

static uint16_t load16(const uint16_t *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static uint16_t used_index(const struct virtqueue *q)
{
	return load16(&q->used[1]);
}

static const struct vring_used_element *used_element(const struct virtqueue *q, uint16_t n)
{
	return (const struct vring_used_element *)(q->used + 2) + (n & (q->size - 1));
}

static uint16_t *used_event(const struct virtqueue *q)
{
	return &q->avail[2 + q->size];
}

static uint16_t avail_event(const struct virtqueue *q)
{
	return load16((const uint16_t *)((const struct vring_used_element *)(q->used + 2) + q->size));
}

/* Is the event that the other side waits for among those after `old`, up to `now`? (2.7.7.2) */
static bool passed(uint16_t event, uint16_t now, uint16_t old)
{
	return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

/* ---- life ---- */

static unsigned choose_size(unsigned max, unsigned wanted)
{
	unsigned size = 1, limit = min(max, (unsigned)VIRTQUEUE_SIZE_MAX);

	if (wanted)
		limit = min(limit, wanted);
	while (size * 2 <= limit)
		size *= 2;
	return size;
}

static int allocate(struct virtqueue *q)
{
	size_t used_at = align_up(q->size * sizeof(struct vring_desc) + avail_bytes(q->size), 64);

	while ((PAGE_SIZE << q->order) < used_at + used_bytes(q->size))
		q->order++;
	q->slots = heap_array(q->size, sizeof(*q->slots));
	q->rings = page_alloc_zeroed(q->order);
	if (!q->slots || !q->rings)
		return -ENOMEM;
	q->desc = page_virt(q->rings);
	q->avail = (uint16_t *)(q->desc + q->size);
	q->used = (uint16_t *)((char *)q->desc + used_at);
	for (unsigned i = 0; i < q->size; i++)
		q->slots[i].next = (uint16_t)(i + 1 < q->size ? i + 1 : NO_SLOT);
	q->free_count = q->size;
	return 0;
}

void virtqueue_destroy(struct virtqueue *q)
{
	if (q->rings)
		page_free(q->rings, q->order);
	heap_free(q->slots);
	heap_free(q);
}

int virtqueue_create(struct virtio_device *device, unsigned size, virtq_callback_t *callback, struct virtqueue **out)
{
	unsigned index = device->queue_count, max;
	struct virtqueue *q;
	int err;

	max = index < VIRTIO_QUEUES_MAX ? device->transport->queue_max(device, index) : 0;
	if (!max)
		return -ENODEV;
	q = heap_zalloc(sizeof(*q));
	if (!q)
		return -ENOMEM;
	q->device = device;
	q->callback = callback;
	q->index = index;
	q->size = choose_size(max, size);
	err = allocate(q);
	if (!err)
		err = device->transport->queue_enable(device, q);
	if (err) {
		virtqueue_destroy(q);
		return err;
	}
	device->queues[device->queue_count++] = q;
	*out = q;
	return 0;
}

unsigned virtqueue_size(const struct virtqueue *q)
{
	return q->size;
}

unsigned virtqueue_index(const struct virtqueue *q)
{
	return q->index;
}

struct virtio_device *virtqueue_device(const struct virtqueue *q)
{
	return q->device;
}

unsigned virtqueue_room(const struct virtqueue *q)
{
	return q->free_count;
}

struct regs *virtqueue_notify_regs(struct virtqueue *q)
{
	return &q->notify;
}

void virtqueue_addresses(const struct virtqueue *q, struct virtq_addresses *out)
{
	out->descriptors = arch_virt_to_phys(q->desc);
	out->available = arch_virt_to_phys(q->avail);
	out->used = arch_virt_to_phys(q->used);
}

void virtqueue_interrupt(struct virtqueue *q)
{
	if (!atomic_load_relaxed(&q->device->broken))
		q->callback(q);
}

/*
 * What we have written is seen by the device before we read what it writes. A fence should be enough; but an emulator
 * with one CPU may leave fences out (QEMU before 8.0 does), while its device runs on another CPU of the host. To read
 * a register is a fence to any machine. It also tells of a device that has given up.
 */
static void see_each_other(struct virtqueue *q)
{
	memory_barrier();
	if (q->device->transport->status(q->device) & VIRTIO_STATUS_NEEDS_RESET)
		virtio_offence(q->device, "it needs a reset");
}

/* ---- adding ---- */

int virtqueue_add(struct virtqueue *q, const struct virtq_span *spans, unsigned out, unsigned in, void *cookie)
{
	uint16_t head = q->free_head, at = head;
	uint32_t writable = 0;

	if (q->device->broken)
		return -EIO;
	if (out + in > q->free_count)
		return -ENOSPC;
	for (unsigned i = 0; i < out + in; i++) {
		struct vring_desc *desc = &q->desc[at];
		uint16_t next = q->slots[at].next;

		desc->address = arch_virt_to_phys(spans[i].base);
		desc->len = spans[i].len;
		desc->flags = (uint16_t)((i + 1 < out + in ? DESC_NEXT : 0) | (i >= out ? DESC_WRITE : 0));
		desc->next = next;
		if (i >= out)
			writable += spans[i].len;
		if (i + 1 == out + in)
			q->free_head = next;
		at = next;
	}
	q->slots[head].cookie = cookie;
	q->slots[head].writable = writable;
	q->slots[head].count = (uint16_t)(out + in);
	q->free_count -= out + in;
	q->avail[2 + (q->avail_next & (q->size - 1))] = head;
	q->avail_next++;
	__atomic_store_n(&q->avail[1], q->avail_next, __ATOMIC_RELEASE);
	return 0;
}

static bool wants_kick(const struct virtqueue *q)
{
	if (virtio_has(q->device, VIRTIO_F_EVENT_IDX))
		return passed(avail_event(q), q->avail_next, q->avail_told);
	return !(load16(&q->used[0]) & USED_NO_NOTIFY);
}

void virtqueue_kick(struct virtqueue *q)
{
	bool wanted;

	if (q->avail_told == q->avail_next || q->device->broken)
		return;
	wanted = wants_kick(q);
	if (!wanted) {
		see_each_other(q);
		wanted = wants_kick(q);
	}
	q->avail_told = q->avail_next;
	if (wanted)
		q->device->transport->notify(q);
}

/* ---- taking ---- */

bool virtqueue_has_used(const struct virtqueue *q)
{
	return used_index(q) != q->used_next;
}

/* Puts a chain back among the free; as we remember it, whatever the ring says. */
static void free_chain(struct virtqueue *q, uint16_t head)
{
	struct slot *slot = &q->slots[head], *last = slot;

	for (unsigned i = 1; i < slot->count; i++)
		last = &q->slots[last->next];
	last->next = q->free_count ? q->free_head : NO_SLOT;
	q->free_head = head;
	q->free_count += slot->count;
	slot->cookie = NULL;
}

void *virtqueue_take(struct virtqueue *q, uint32_t *written)
{
	const struct vring_used_element *element = used_element(q, q->used_next);
	uint16_t index = used_index(q);
	uint32_t id, len;
	void *cookie;

	if (index == q->used_next || q->device->broken)
		return NULL;
	if ((uint16_t)(index - q->used_next) > q->size) {
		virtio_offence(q->device, "queue %u: %u used entries in a ring of %u", q->index,
			       (uint16_t)(index - q->used_next), q->size);
		return NULL;
	}
	id = __atomic_load_n(&element->id, __ATOMIC_RELAXED);
	len = __atomic_load_n(&element->len, __ATOMIC_RELAXED);
	if (id >= q->size || !q->slots[id].cookie) {
		virtio_offence(q->device, "queue %u: used entry %u is none that it was given", q->index, id);
		return NULL;
	}
	if (len > q->slots[id].writable) {
		virtio_offence(q->device, "queue %u: %u bytes written where there was room for %u", q->index, len,
			       q->slots[id].writable);
		return NULL;
	}
	cookie = q->slots[id].cookie;
	free_chain(q, (uint16_t)id);
	q->used_next++;
	*written = len;
	return cookie;
}

bool virtqueue_enable_callback(struct virtqueue *q)
{
	if (virtio_has(q->device, VIRTIO_F_EVENT_IDX))
		__atomic_store_n(used_event(q), q->used_next, __ATOMIC_RELAXED);
	else
		__atomic_store_n(&q->avail[0], 0, __ATOMIC_RELAXED);
	if (virtqueue_has_used(q) && !q->device->broken)
		return false;
	see_each_other(q);
	return !virtqueue_has_used(q) || q->device->broken;
}

void virtqueue_disable_callback(struct virtqueue *q)
{
	/* With EVENT_IDX: one that has just passed, and comes again after 65535 more. */
	if (virtio_has(q->device, VIRTIO_F_EVENT_IDX))
		__atomic_store_n(used_event(q), (uint16_t)(q->used_next - 1), __ATOMIC_RELAXED);
	else
		__atomic_store_n(&q->avail[0], AVAIL_NO_INTERRUPT, __ATOMIC_RELAXED);
}

void *virtqueue_reclaim(struct virtqueue *q)
{
	for (; q->reclaim_next < q->size; q->reclaim_next++) {
		void *cookie = q->slots[q->reclaim_next].cookie;

		if (cookie) {
			free_chain(q, (uint16_t)q->reclaim_next);
			return cookie;
		}
	}
	q->reclaim_next = 0;
	return NULL;
}
