/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rings of a machine, in its memory: found, and emptied into a stream. The machine may say anything there: each
 * value is read once and checked, and nothing outside of its memory is looked at.
 *
 * Memory is a file, or what somebody makes reachable piece by piece. The stream is a file, or goes on to one that is
 * elsewhere (forward.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "../abi/trace_abi.h"

/*
 * Makes the bytes [address, address + size) of a machine's memory readable and writable, where they stay. False: the
 * machine has none there, or asks for more than anybody needs.
 */
typedef bool rings_reach_t(void *context, uint64_t address, uint64_t size);

struct rings {
	int memory_fd, stream_fd;
	uint8_t *memory;		/* mapped; NULL: not yet */
	uint64_t memory_size;
	rings_reach_t *reach;		/* NULL: all of memory is there */
	void *context;
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
/* Of memory that reach() brings, and that stays the caller's: there is no rings_free() for it. */
void rings_init_reached(struct rings *rings, uint8_t *memory, uint64_t size, rings_reach_t *reach, void *context,
			int stream_fd);
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

/* The same where the stream is no file of ours: what belongs to its start goes to its end. See forward.h. */
void rings_finish_forward(struct rings *rings);
