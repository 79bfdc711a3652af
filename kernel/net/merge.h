/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments on their way out that follow each other in a connection, sent as one large frame which the device cuts again
 * (TCP segmentation offload): a frame costs the same, whatever its size.
 */
#pragma once

#include "stack.h"

#define MERGE_PARTS 46 /* of 1,448 bytes: what an IP packet can hold */

struct merge {
	struct pbuf *parts[MERGE_PARTS]; /* referenced; count of them */
	unsigned count;
	unsigned header;	/* bytes of the first one before its data */
	unsigned segment;	/* bytes of data in each but the last */
	unsigned last;		/* in that */
	unsigned spans, bytes;	/* of all data */
	uint32_t next_seq;
};

/* Network's lock, all. True: the frame is kept, with a reference. False: what is kept is to be sent before it. */
bool merge_add(struct merge *merge, struct pbuf *p);
/*
 * Makes one frame of what is kept, two parts or more; its checksums are left to the device. The parts stay the
 * caller's, and the first one's header must be restored when the frame is not sent after all.
 */
void merge_build(struct merge *merge, struct net_frame *frame);
void merge_restore(struct merge *merge);
