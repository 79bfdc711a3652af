/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the plugin that counts instructions writes: a file that QEMU has mapped and that grows while it runs, so that
 * it is whole however the machine ends. First this header, then entries.
 */
#pragma once

#include <stdint.h>

#define COUNT_MAGIC UINT64_C(0x31544e554f434b53)	/* "SKCOUNT1" */
#define COUNT_ENTRIES_MAX (1u << 21)			/* the file has holes where there are none yet */

struct count_header {
	uint64_t magic;
	uint64_t count;		/* of entries */
	uint64_t missed;	/* translated blocks that had no room: their instructions are not counted */
	uint64_t unused;
};

/* Straight-line code that QEMU translated. Blocks that begin with the same bytes at the same address are one. */
struct count_entry {
	uint64_t address;	/* virtual */
	uint64_t code;		/* its first instruction's bytes, at most eight */
	uint64_t instructions;	/* executed */
	uint64_t unused;
};
