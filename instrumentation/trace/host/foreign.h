/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In a dom0, the memory of a domain of Xen's: pages are mapped when they are first asked for, some of their neighbours
 * with them, and stay so. A domain that gives memory up, or says that there is some where there is none, comes to
 * nothing by it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOREIGN_PAGE UINT64_C(4096)
#define FOREIGN_SIZE (UINT64_C(64) << 30)	/* addresses that are looked at; page numbers are Xen's gfns */

struct foreign;

/*
 * @param pages_max	how many are mapped at most
 * @return NULL, with errno: this is no dom0, or one without memory.
 */
struct foreign *foreign_open(uint32_t domain, bool writable, uint64_t pages_max);
void foreign_close(struct foreign *foreign);

/* Where address 0 is, if it is in reach. */
uint8_t *foreign_memory(const struct foreign *foreign);
/* Brings bytes in reach; rings_reach_t. */
bool foreign_reach(void *foreign, uint64_t address, uint64_t size);
