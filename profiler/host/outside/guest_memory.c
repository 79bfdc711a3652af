/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine's memory, by its page tables. See guest_memory.h; Intel SDM volume 3, 4.5.
 */
#include "guest_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PRESENT UINT64_C(1)
#define LARGE UINT64_C(0x80)
#define ADDRESS UINT64_C(0x000ffffffffff000)

int guest_memory_map(struct guest_memory *memory, int fd)
{
	struct stat stat;
	void *map;

	if (fstat(fd, &stat))
		return -errno;
	if (stat.st_size < 1 << 20)
		return -EAGAIN;
	if ((uint64_t)stat.st_size > GUEST_MEMORY_MAX)
		return -EFBIG;
	map = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	memory->bytes = map;
	memory->size = (uint64_t)stat.st_size;
	return 0;
}

void guest_memory_unmap(struct guest_memory *memory)
{
	if (memory->bytes)
		munmap((void *)memory->bytes, memory->size);
	memory->bytes = NULL;
}

void guest_memory_use(struct guest_memory *memory, uint64_t cr3)
{
	memory->root = cr3 & ADDRESS;
	for (size_t i = 0; i < GUEST_WINDOWS; i++)
		memory->windows[i].page = 1;
}

static const uint8_t *frame(const struct guest_memory *memory, uint64_t address)
{
	if (address >= memory->size || memory->size - address < GUEST_PAGE)
		return NULL;
	return !memory->reach || memory->reach(memory->context, address, GUEST_PAGE) ? memory->bytes + address : NULL;
}

static const uint8_t *walk(const struct guest_memory *memory, uint64_t page)
{
	uint64_t table = memory->root;

	if ((uint64_t)((int64_t)(page << 16) >> 16) != page)
		return NULL;
	for (int level = 4; level > 0; level--) {
		const uint64_t *entries = (const uint64_t *)frame(memory, table);
		unsigned shift = 12 + 9 * ((unsigned)level - 1);
		uint64_t entry = entries ? entries[page >> shift & 511] : 0, inside = (UINT64_C(1) << shift) - 1;

		if (!(entry & PRESENT))
			return NULL;
		table = entry & ADDRESS;
		if ((level == 2 || level == 3) && entry & LARGE)
			return frame(memory, (table & ~inside) | (page & inside));
	}
	return frame(memory, table);
}

const uint8_t *guest_memory_page(struct guest_memory *memory, uint64_t address)
{
	uint64_t page = address & ~(GUEST_PAGE - 1);
	size_t i = (page / GUEST_PAGE ^ page >> 30) % GUEST_WINDOWS;

	if (memory->windows[i].page != page) {
		memory->windows[i].page = page;
		memory->windows[i].bytes = walk(memory, page);
	}
	return memory->windows[i].bytes;
}

/* In the table of that level, which maps what begins at base. */
static bool first_below(const struct guest_memory *memory, uint64_t table, int level, uint64_t base, uint64_t from,
			uint64_t *virt, uint64_t *phys)
{
	const uint64_t *entries = (const uint64_t *)frame(memory, table);
	unsigned shift = 12 + 9 * ((unsigned)level - 1);

	for (uint64_t i = from > base ? (from - base) >> shift : 0; entries && i < 512; i++) {
		uint64_t at = base + (i << shift), next = entries[i] & ADDRESS;

		if (!(entries[i] & PRESENT))
			continue;
		if (level > 1 && !(entries[i] & LARGE)) {
			if (first_below(memory, next, level - 1, at, from, virt, phys))
				return true;
			continue;
		}
		*virt = at;
		*phys = level > 1 ? next & ~((UINT64_C(1) << shift) - 1) : next;
		return true;
	}
	return false;
}

bool guest_memory_first(const struct guest_memory *memory, uint64_t from, uint64_t *virt, uint64_t *phys)
{
	const uint64_t *entries = (const uint64_t *)frame(memory, memory->root);
	uint64_t base = from & ~((UINT64_C(1) << 39) - 1), entry = entries ? entries[from >> 39 & 511] : 0;

	return entry & PRESENT && first_below(memory, entry & ADDRESS, 3, base, from, virt, phys);
}

bool guest_memory_read(struct guest_memory *memory, uint64_t address, void *to, size_t size)
{
	uint8_t *at = to;

	while (size) {
		const uint8_t *page = guest_memory_page(memory, address);
		size_t inside = address % GUEST_PAGE, part = GUEST_PAGE - inside;

		if (!page)
			return false;
		part = part < size ? part : size;
		memcpy(at, page + inside, part);
		at += part;
		address += part;
		size -= part;
	}
	return true;
}
