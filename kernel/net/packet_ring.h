/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that a packet socket shares with its program: frames are put there, and read without a call. Of what the
 * program can write only a frame's status is looked at. Network's lock for all but packet_ring_page().
 */
#pragma once

#include "stack.h"

#include <kernel/abi/net_device.h>

struct page;

struct packet_ring {
	struct spinlock lock;	/* guards pages for who looks without the network's lock */
	struct page *pages;	/* adjacent; NULL: there is no ring */
	size_t page_count;
	uint32_t frame_size, frame_count, frames_per_block, block_size;
	uint32_t next;		/* where the next frame is put */
	uint32_t reserve;	/* bytes in front of each frame's headers that the program wants for itself */
	unsigned mappings;	/* atomic */
};

/* As a program asks for it; no blocks: no ring. -EBUSY while it is mapped; -EINVAL, -ENOMEM. */
int packet_ring_set(struct packet_ring *ring, const struct abi_tpacket_req *request);
void packet_ring_free(struct packet_ring *ring);
/* Puts a frame of len bytes, of which p has those that are wanted, header of them Ethernet's. False: it is full. */
bool packet_ring_put(struct packet_ring *ring, const struct pbuf *p, uint32_t len, u16_t header,
		     const struct abi_sockaddr_ll *from, uint32_t status, uint64_t came_ns);
/* Does the program have frames that it has not given back? Any context. */
bool packet_ring_has_frames(struct packet_ring *ring);
/* Referenced; -EFAULT. The file that is mapped keeps the ring. */
int packet_ring_page(struct packet_ring *ring, uint64_t index, struct page **page);
