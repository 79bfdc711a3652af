/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a booted guest keeps its metrics, so that the host reads them in its memory, without its help and at any time.
 * Plain little-endian data; *addresses* are physical, offsets in the memory file, but for those in struct metric, from
 * which virtual_base is to be taken off. The host trusts nothing of it.
 */
#pragma once

#include <kernel/metrics_abi.h>

#define METRICS_MAGIC UINT64_C(0x3154454d494b4153)	/* "SAKIMET1" */
#define METRICS_VERSION 1u

/* In the page of the channel's beacon (fuzz/abi/channel.h), behind that. */
#define METRICS_BEACON 0x7040u
struct metrics_beacon {
	uint64_t magic;		/* METRICS_MAGIC, written last */
	uint64_t table;		/* address of struct metrics_table */
};

#define METRICS_CPUS_MAX 64
#define METRICS_MAX 1024	/* more, and a table is none */

struct metrics_table {
	uint32_t version;
	uint32_t size;		/* of this structure */
	uint64_t virtual_base;	/* what the kernel's addresses are above physical ones */
	uint64_t entries;	/* address of entry_count addresses (the kernel's) of a struct metric each */
	uint32_t entry_count;
	uint32_t entry_size;	/* of a struct metric */
	uint64_t cells;		/* the kernel's address of the first CPU's cells, which struct metric names */
	uint64_t cells_size;	/* bytes, for each CPU */
	uint32_t cpu_count;
	uint32_t reserved;
	uint64_t cpu_cells[METRICS_CPUS_MAX];	/* where each CPU's are */
};
