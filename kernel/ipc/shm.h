/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments of shared memory, as shm.c and shm_ctl.c share them. All is under shm_table.lock, which is taken with the
 * lock of an address space held: the program's memory must not be touched under it.
 */
#pragma once

#include "ipc_internal.h"

#define SHMMIN 1
#define SHMMAX (UINT64_C(4) << 30) /* bytes in a segment; memory is taken only for pages that are touched */
#define SHMALL (SHMMAX / PAGE_SIZE) /* pages in all segments */

struct shm_segment {
	struct ipc_object ipc; /* mode has SHM_DEST and SHM_LOCKED, too */
	struct file *memory;
	size_t size;
	int64_t atime, dtime, ctime; /* seconds: last attached, detached, changed */
	int creator, last;	     /* pids */
	unsigned attached;	     /* mappings, as Linux counts them */
	unsigned files;		     /* what they map, one a shmat(): with the last one a removed segment goes */
};

static inline struct shm_segment *shm_segment_of(struct ipc_object *object)
{
	return container_of(object, struct shm_segment, ipc);
}

/* The lock is held. */
uint64_t shm_pages(const struct shm_segment *segment);
uint64_t shm_total_pages(void);
