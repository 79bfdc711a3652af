/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rings of requests and responses in one shared page (Xen's public/io/ring.h), as the half sees it that makes the
 * requests. Indices count for ever, modulo 2^32. Of the shared part only what the other side says is read: how many
 * responses there are, which is checked, and when it wants to be told.
 */
#pragma once

#include <kernel/atomic.h>

struct xen_ring_shared {
	uint32_t req_prod, req_event, rsp_prod, rsp_event;
	uint8_t pad[48];
	uint8_t entries[];
};

struct xen_ring {
	struct xen_ring_shared *shared;
	uint32_t size, entry_size;	/* size: a power of two */
	uint32_t made, told;		/* requests; those that the other side knows of */
	uint32_t taken;			/* responses */
};

static inline void xen_ring_init(struct xen_ring *ring, void *page, uint32_t size, uint32_t entry_size)
{
	*ring = (struct xen_ring){ .shared = page, .size = size, .entry_size = entry_size };
	ring->shared->req_event = ring->shared->rsp_event = 1;
}

static inline bool xen_ring_is_full(const struct xen_ring *ring)
{
	return ring->made - ring->taken >= ring->size;
}

/* Where the next request goes. */
static inline void *xen_ring_request(struct xen_ring *ring)
{
	return ring->shared->entries + (ring->made++ % ring->size) * ring->entry_size;
}

/* Shows the other side what was made. True: it wants to be told. */
static inline bool xen_ring_push(struct xen_ring *ring)
{
	uint32_t old = ring->told;

	if (old == ring->made)
		return false;
	ring->told = ring->made;
	atomic_store(&ring->shared->req_prod, ring->made);
	memory_barrier();
	return ring->made - atomic_load_relaxed(&ring->shared->req_event) < ring->made - old;
}

/* Responses that have not been taken; more than there were requests: it lies. */
static inline uint32_t xen_ring_waiting(const struct xen_ring *ring)
{
	return atomic_load(&ring->shared->rsp_prod) - ring->taken;
}

static inline bool xen_ring_lies(const struct xen_ring *ring, uint32_t waiting)
{
	return waiting > ring->told - ring->taken;
}

static inline const volatile void *xen_ring_response(struct xen_ring *ring)
{
	return ring->shared->entries + (ring->taken++ % ring->size) * ring->entry_size;
}

/* From now on an event comes for the n-th response from here. True: that is there already. */
static inline bool xen_ring_want_event(struct xen_ring *ring, uint32_t n)
{
	atomic_store(&ring->shared->rsp_event, ring->taken + n);
	memory_barrier();
	return xen_ring_waiting(ring) >= n;
}
