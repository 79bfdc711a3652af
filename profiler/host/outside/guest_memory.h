/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading the memory of an x86-64 machine that stands still, by its own page tables, from the file that its memory is,
 * or from what somebody brings piece by piece. What is in it is untrusted: nothing outside of that is looked at, and
 * what cannot be read is said to be so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_PAGE UINT64_C(4096)
#define GUEST_WINDOWS 64

/*
 * The file's offsets are physical addresses only in a machine whose memory has no hole below 4 GiB; q35 makes one where
 * there is more than this.
 */
#define GUEST_MEMORY_MAX (UINT64_C(2816) << 20)

struct guest_memory {
	const uint8_t *bytes;	/* NULL: not mapped yet */
	uint64_t size;
	bool (*reach)(void *context, uint64_t address, uint64_t size);	/* brings bytes there; NULL: all are */
	void *context;
	uint64_t root;		/* of the tables in use */
	struct {
		uint64_t page;	/* 1: none */
		const uint8_t *bytes;
	} windows[GUEST_WINDOWS];
};

/*
 * Maps the file once it has a size. @return 0; -EAGAIN: it has none yet; -EFBIG: more than GUEST_MEMORY_MAX; or another
 * errno.
 */
int guest_memory_map(struct guest_memory *memory, int fd);
void guest_memory_unmap(struct guest_memory *memory);

/* From now on by the tables that CR3 leads to, which nobody changes meanwhile. */
void guest_memory_use(struct guest_memory *memory, uint64_t cr3);

/* The page that holds an address; NULL: there is none. Valid as long as the file is mapped. */
const uint8_t *guest_memory_page(struct guest_memory *memory, uint64_t address);
/* The lowest address from a page on that is mapped, and to what; false: there is none up to the end of its 512 GiB. */
bool guest_memory_first(const struct guest_memory *memory, uint64_t from, uint64_t *virt, uint64_t *phys);
/* True when all of it could be read. */
bool guest_memory_read(struct guest_memory *memory, uint64_t address, void *to, size_t size);
