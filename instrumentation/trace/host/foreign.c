/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A domain's memory, by libxenforeignmemory. See foreign.h.
 */
#include "foreign.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <xenforeignmemory.h>

#define CHUNK UINT64_C(512)	/* pages that are mapped together, those of them that are there */
#define PAGES (FOREIGN_SIZE / FOREIGN_PAGE)

struct foreign {
	xenforeignmemory_handle *handle;
	uint32_t domain;
	int prot;
	uint64_t pages_left;
	uint8_t *memory;
	uint8_t tried[PAGES / CHUNK];
	uint8_t there[PAGES / 8];	/* a bit a page */
};

struct foreign *foreign_open(uint32_t domain, bool writable, uint64_t pages_max)
{
	struct foreign *foreign = calloc(1, sizeof(*foreign));

	if (!foreign)
		return NULL;
	foreign->domain = domain;
	foreign->prot = PROT_READ | (writable ? PROT_WRITE : 0);
	foreign->pages_left = pages_max;
	foreign->memory = mmap(NULL, FOREIGN_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	foreign->handle = foreign->memory == MAP_FAILED ? NULL : xenforeignmemory_open(NULL, 0);
	if (foreign->handle)
		return foreign;
	foreign_close(foreign);
	return NULL;
}

void foreign_close(struct foreign *foreign)
{
	int err = errno;

	if (foreign->memory != MAP_FAILED)
		munmap(foreign->memory, FOREIGN_SIZE);
	if (foreign->handle)
		xenforeignmemory_close(foreign->handle);
	free(foreign);
	errno = err;
}

uint8_t *foreign_memory(const struct foreign *foreign)
{
	return foreign->memory;
}

static bool is_there(const struct foreign *foreign, uint64_t page)
{
	return foreign->there[page / 8] >> page % 8 & 1;
}

static void map_chunk(struct foreign *foreign, uint64_t chunk)
{
	uint64_t first = chunk * CHUNK;
	xen_pfn_t frames[CHUNK];
	int errors[CHUNK];

	foreign->tried[chunk] = 1;
	if (foreign->pages_left < CHUNK)
		return;
	for (uint64_t i = 0; i < CHUNK; i++)
		frames[i] = first + i;
	if (!xenforeignmemory_map2(foreign->handle, foreign->domain, foreign->memory + first * FOREIGN_PAGE,
				   foreign->prot, MAP_FIXED, CHUNK, frames, errors))
		return;
	foreign->pages_left -= CHUNK;
	for (uint64_t i = 0; i < CHUNK; i++)
		if (!errors[i])
			foreign->there[(first + i) / 8] |= (uint8_t)(1u << (first + i) % 8);
}

bool foreign_reach(void *context, uint64_t address, uint64_t size)
{
	struct foreign *foreign = context;
	uint64_t end;

	if (address > FOREIGN_SIZE || size > FOREIGN_SIZE - address)
		return false;
	end = (address + size + FOREIGN_PAGE - 1) / FOREIGN_PAGE;
	for (uint64_t page = address / FOREIGN_PAGE; page < end; page++) {
		if (!foreign->tried[page / CHUNK])
			map_chunk(foreign, page / CHUNK);
		if (!is_there(foreign, page))
			return false;
	}
	return true;
}
