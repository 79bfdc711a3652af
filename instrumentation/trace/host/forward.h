/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stream that was written where its file is not: what empties the rings can only append to it (a pipe, or a port of
 * another machine), so what belongs to the stream's start comes last, as a block that no CPU has written. Whoever has
 * the file puts it where it belongs.
 */
#pragma once

#include "rings.h"

#define FORWARD_END UINT32_MAX /* the block's CPU */
struct forward_end {
	struct trace_stream header;	/* of magic 0: the first one stays */
	uint64_t broken;		/* as struct rings has it */
};

/*
 * Takes the last block off the stream's file, if it is there, and learns from the blocks what rings_drain() would have
 * noted: area, bytes, lost, broken; of area_at, only that it is not 0. Where there is no stream yet, nothing.
 */
void rings_take_forward(struct rings *rings);
