/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rings of packet sockets: TPACKET_V2 of Linux's Documentation/networking/packet_mmap.
 */
#include "packet_ring.h"

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/time.h>
#include <lwip/prot/ethernet.h>

#define RING_MAX (64 * MIB)
/* Behind the header and the address, rounded up; Ethernet's header ends at a multiple of 16. */
#define HEADERS (sizeof(struct abi_tpacket2_hdr) + sizeof(struct abi_sockaddr_ll))
#define MAC_ROOM 16u

static uint32_t payload_at(const struct packet_ring *ring)
{
	return (uint32_t)align_up(HEADERS + MAC_ROOM, TPACKET_ALIGNMENT) + ring->reserve;
}

static bool makes_sense(const struct packet_ring *ring, const struct abi_tpacket_req *r)
{
	uint32_t frames;

	if (!r->block_size || r->block_size % PAGE_SIZE || r->frame_size % TPACKET_ALIGNMENT)
		return false;
	if (r->frame_size < payload_at(ring) || r->frame_size > r->block_size)
		return false;
	frames = r->block_size / r->frame_size;
	return r->block_nr <= RING_MAX / r->block_size && r->frame_nr == frames * r->block_nr;
}

static void set_pages(struct packet_ring *ring, struct page *pages, size_t count)
{
	unsigned long flags = spin_lock(&ring->lock);

	ring->pages = pages;
	ring->page_count = count;
	ring->next = 0;
	spin_unlock(&ring->lock, flags);
}

void packet_ring_free(struct packet_ring *ring)
{
	struct page *pages = ring->pages;
	size_t count = ring->page_count;

	set_pages(ring, NULL, 0);
	for (size_t i = 0; i < count; i++)
		page_put(pages + i);
}

int packet_ring_set(struct packet_ring *ring, const struct abi_tpacket_req *request)
{
	size_t count = (size_t)request->block_nr * request->block_size / PAGE_SIZE;
	struct page *pages;

	if (atomic_load(&ring->mappings))
		return -EBUSY;
	if (!request->block_nr) {
		packet_ring_free(ring);
		return request->frame_nr ? -EINVAL : 0;
	}
	if (ring->pages)
		return -EBUSY;
	if (!makes_sense(ring, request))
		return -EINVAL;
	pages = page_run_alloc(count);
	if (!pages)
		return -ENOMEM;
	memset(page_virt(pages), 0, count * PAGE_SIZE);
	ring->block_size = request->block_size;
	ring->frame_size = request->frame_size;
	ring->frame_count = request->frame_nr;
	ring->frames_per_block = request->block_size / request->frame_size;
	set_pages(ring, pages, count);
	return 0;
}

static struct abi_tpacket2_hdr *frame_at(const struct packet_ring *ring, uint32_t n)
{
	size_t offset = (size_t)(n / ring->frames_per_block) * ring->block_size +
			(size_t)(n % ring->frames_per_block) * ring->frame_size;

	return (struct abi_tpacket2_hdr *)((char *)page_virt(ring->pages) + offset);
}

bool packet_ring_put(struct packet_ring *ring, const struct pbuf *p, uint32_t len, u16_t header,
		     const struct abi_sockaddr_ll *from, uint32_t status, uint64_t came_ns)
{
	struct abi_tpacket2_hdr *frame = frame_at(ring, ring->next);
	uint32_t net = payload_at(ring), mac = net - header;
	uint32_t fits = min((uint32_t)p->tot_len, ring->frame_size - mac);
	struct abi_timespec time = time_to_timespec(came_ns);

	if (atomic_load(&frame->status) != TP_STATUS_KERNEL)
		return false;
	pbuf_copy_partial(p, (char *)frame + mac, (u16_t)fits, 0);
	frame->len = len;
	frame->snaplen = fits;
	frame->mac = (uint16_t)mac;
	frame->net = (uint16_t)net;
	frame->sec = (uint32_t)time.sec;
	frame->nsec = (uint32_t)time.nsec;
	frame->vlan_tci = frame->vlan_tpid = 0;
	memcpy(frame + 1, from, sizeof(*from));
	/* The program may read all of it from here on. */
	atomic_store(&frame->status, status | TP_STATUS_USER);
	atomic_store(&ring->next, (ring->next + 1) % ring->frame_count);
	return true;
}

/* That is so when it has not given back the last one that was put. */
bool packet_ring_has_frames(struct packet_ring *ring)
{
	unsigned long flags = spin_lock(&ring->lock);
	bool has = false;

	if (ring->pages) {
		uint32_t next = atomic_load(&ring->next), last = next ? next - 1 : ring->frame_count - 1;

		has = atomic_load(&frame_at(ring, last)->status) != TP_STATUS_KERNEL;
	}
	spin_unlock(&ring->lock, flags);
	return has;
}

int packet_ring_page(struct packet_ring *ring, uint64_t index, struct page **page)
{
	if (!ring->pages || index >= ring->page_count)
		return -EFAULT;
	*page = page_get(ring->pages + index);
	return 0;
}
