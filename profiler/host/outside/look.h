/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One look at a machine that stands still, whoever has stopped it: what its CPUs are in the middle of becomes samples
 * in a stream. Times are how long the machine has run; a sample stands for the time since the one before it. When the
 * next is due is drawn: a period later in the mean.
 */
#pragma once

#include "guest.h"

struct look {
	struct guest guest;		/* its memory and layout are the caller's to fill */
	struct outside_stream stream;
	struct guest_known *known;
	uint64_t period_ns;
	uint64_t ran_ns;		/* how long it had run when it was stopped last, the caller's to say */
	uint64_t last_ns;		/* when it was looked at last */
	uint64_t next_ns;		/* when the next sample is due */
	uint64_t random;
	unsigned cpus;			/* that were seen */
	unsigned distances;		/* between samples, that are in the mean */
	int64_t mean_ns;
	bool is_noticed;		/* its clock goes on while it stands still */
	bool tells_samples;
	union {
		struct trace_chain chain;
		uint8_t room[GUEST_CHAIN_MAX];
	};
};

/*
 * Begins the stream; the layout is known.
 *
 * @param stack_max	bytes of a program's stack in a sample
 * @return 0, or -1 with one line in error (PROFILE_ERROR bytes). look_end() is to be called in any case.
 */
int look_begin(struct look *look, int stream_fd, unsigned hz, size_t stack_max, char *error);
/* The machine has run until ran_ns, and stands still. */
void look_at(struct look *look, const struct gdb_cpu *cpus, unsigned count);
/* Ends the stream, one that can only be appended to if is_forward is set. @return 0, or an errno */
int look_end(struct look *look, bool is_forward);
