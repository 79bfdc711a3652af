/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose domains are whose: clones carry a mark in their handle, the 16 bytes by which a toolstack knows a domain again,
 * so that any process can find them, list them and destroy them.
 */
#include "internal.h"

#include <string.h>

/* Twelve bytes; the parent's number follows. */
static const uint8_t mark[12] = "saki's clone";
_Static_assert(sizeof(mark) == 12, "no end of text");

void clone_mark(uint8_t handle[16], uint32_t parent)
{
	memcpy(handle, mark, sizeof(mark));
	memcpy(handle + sizeof(mark), &parent, sizeof(parent));
}

size_t clones_list(xc_interface *xc, struct clone_info *out, size_t max)
{
	uint32_t next = 1;
	xc_dominfo_t info;
	size_t count = 0;

	while (count < max && xc_domain_getinfo(xc, next, 1, &info) == 1) {
		next = info.domid + 1;
		if (memcmp(info.handle, mark, sizeof(mark)))
			continue;
		memcpy(&out[count].parent, (const uint8_t *)info.handle + sizeof(mark), sizeof(uint32_t));
		out[count].domain = info.domid;
		out[count].state = info.dying ? "dying" : info.shutdown ? "ended" : info.paused ? "paused" : "runs";
		out[count].cpu_ns = info.cpu_time;
		out[count].pages = info.nr_pages;
		count++;
	}
	return count;
}
