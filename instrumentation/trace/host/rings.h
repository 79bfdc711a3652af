/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rings of a machine, in the file that is its memory: found, and emptied into a stream. The machine may say
 * anything there: each value is read once and checked, and nothing outside of the file is looked at.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "../abi/trace_abi.h"

struct rings {
	int memory_fd, stream_fd;
	uint8_t *memory;		/* mapped; NULL: not yet */
	uint64_t memory_size;
	struct trace_area area;		/* as found */
	uint64_t area_at;		/* its address; 0: not found yet */
	uint64_t tails[TRACE_CPUS_MAX];
	uint64_t lost[TRACE_CPUS_MAX];	/* as the stream says */
	uint64_t bytes, broken;
	uint64_t newest;		/* time of the newest record that was taken last, as it says; 0: none was */
	int error;			/* errno of the stream's last failed write; nothing is written after that */
};

/* Both files stay the caller's. */
void rings_init(struct rings *rings, int memory_fd, int stream_fd);
void rings_free(struct rings *rings);

/*
 * Looks for the machine's beacon, and begins the stream where it is there. @return true once the rings are known;
 * false: not yet, or it says what cannot be.
 */
bool rings_find(struct rings *rings);

/*
 * Takes what is in the rings: of each that holds at least an eighth of its size, or of all. @return true when one was
 * more than half full.
 */
bool rings_drain(struct rings *rings, bool all);

/* Tells the machine what time it is here. Only where the rings are known. */
void rings_tell_time(struct rings *rings, uint64_t now_ns);

/* Writes the header again, as the machine left it, and keeps it in area. */
void rings_finish(struct rings *rings);
