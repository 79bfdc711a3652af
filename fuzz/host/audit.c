/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Audits of live memory: see audit.h.
 */
#include "audit.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096u

static uint8_t *frame_at(const struct audit *audit, size_t i)
{
	return audit->machine->memory + (size_t)audit->frames[i] * PAGE;
}

int audit_init(struct audit *audit, const struct machine *machine)
{
	const struct machine_view *view = &machine->view;

	audit->machine = machine;
	audit->count = 0;
	audit->pristine = malloc(view->live_count * PAGE + 1);
	audit->frames = malloc(view->live_count * sizeof(*audit->frames) + 1);
	audit->index = malloc(view->frame_limit * sizeof(*audit->index) + 1);
	if (!audit->pristine || !audit->frames || !audit->index) {
		audit_free(audit);
		return -1;
	}
	memset(audit->index, 0xff, view->frame_limit * sizeof(*audit->index));
	for (size_t frame = 0; frame < view->frame_limit; frame++) {
		if (!(view->live[frame / 8] >> frame % 8 & 1) || audit->count == view->live_count)
			continue;
		audit->frames[audit->count] = (uint32_t)frame;
		audit->index[frame] = (uint32_t)audit->count;
		memcpy(audit->pristine + audit->count * PAGE, frame_at(audit, audit->count), PAGE);
		audit->count++;
	}
	return 0;
}

size_t audit_compare(const struct audit *audit, size_t *first)
{
	size_t differ = 0;

	for (size_t i = 0; i < audit->count; i++) {
		if (!memcmp(audit->pristine + i * PAGE, frame_at(audit, i), PAGE))
			continue;
		if (!differ++ && first)
			*first = audit->frames[i];
	}
	return differ;
}

void audit_restore_frames(const struct audit *audit, const uint32_t *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t frame = __atomic_load_n(&frames[i], __ATOMIC_RELAXED);
		uint32_t at = frame < audit->machine->view.frame_limit ? audit->index[frame] : UINT32_MAX;

		if (at != UINT32_MAX)
			memcpy(frame_at(audit, at), audit->pristine + (size_t)at * PAGE, PAGE);
	}
}

void audit_free(struct audit *audit)
{
	free(audit->pristine);
	free(audit->frames);
	free(audit->index);
	memset(audit, 0, sizeof(*audit));
}
