/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Audits: is all live memory of a machine what it was at the snapshot? Made from outside over the machine's memory
 * file, with a copy of our own, so neither the guest's tracker nor the guest's honesty matters. The same copy serves to
 * write back what a guest says it has changed, where it leaves that to us.
 */
#pragma once

#include "machine.h"

struct audit {
	const struct machine *machine;
	uint8_t *pristine;	/* the live frames, one after the other */
	uint32_t *frames;	/* their numbers */
	uint32_t *index;	/* of a frame, where it is in frames; UINT32_MAX: not live */
	size_t count;
};

/* Copies the live frames of a machine that is ready and idle. 0, -1: out of memory. */
int audit_init(struct audit *audit, const struct machine *machine);
/* The machine is idle. @return the number of frames that differ; *first is the first of them when first is given. */
size_t audit_compare(const struct audit *audit, size_t *first);
/* Writes these frames back; numbers that name no live frame are passed over. The machine is idle. */
void audit_restore_frames(const struct audit *audit, const uint32_t *frames, size_t count);
void audit_free(struct audit *audit);
