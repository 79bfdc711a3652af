/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel stacks with a guard page below. Where the CPU maps kernel memory, a stack takes one or more slots of
 * STACK_AREA and ends at the top of the last; what is below it there stays unmapped. Elsewhere (STACK_AREA_SIZE 0) it
 * is a run of frames in the direct map, and the frame below is a guard that is poisoned for sanitizers and holds a
 * pattern.
 */
#include <kernel/crash.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/sanitize.h>
#include <kernel/spinlock.h>

/* ---- mapped stacks ---- */

#define SLOT_SIZE (64 * KIB)
#define SLOTS min((size_t)SLOTS_MAX, (size_t)(STACK_AREA_SIZE / SLOT_SIZE))
#define SLOTS_MAX 4096

static struct spinlock slot_lock = SPINLOCK_INIT;
static uint64_t slots_used[SLOTS_MAX / 64];

static size_t slots_for(size_t size_bytes)
{
	return (size_bytes + PAGE_SIZE + SLOT_SIZE - 1) / SLOT_SIZE;
}

static bool slot_used(size_t slot)
{
	return slots_used[slot / 64] >> slot % 64 & 1;
}

static void slots_set(size_t slot, size_t count, bool used)
{
	for (size_t i = slot; i < slot + count; i++) {
		slots_used[i / 64] &= ~(UINT64_C(1) << i % 64);
		slots_used[i / 64] |= (uint64_t)used << i % 64;
	}
}

/* The first of count adjacent free slots, now taken; SIZE_MAX when there are none. */
static size_t slots_take(size_t count)
{
	unsigned long irq = spin_lock(&slot_lock);
	size_t run = 0, found = SIZE_MAX;

	for (size_t i = 0; i < SLOTS && found == SIZE_MAX; i++) {
		run = slot_used(i) ? 0 : run + 1;
		if (run == count)
			found = i + 1 - count;
	}
	if (found != SIZE_MAX)
		slots_set(found, count, true);
	spin_unlock(&slot_lock, irq);
	return found;
}

static void slots_give(size_t slot, size_t count)
{
	unsigned long irq = spin_lock(&slot_lock);

	slots_set(slot, count, false);
	spin_unlock(&slot_lock, irq);
}

static void unmap_pages(uint64_t virt, uint64_t end)
{
	phys_t phys;

	for (; virt < end; virt += PAGE_SIZE)
		if (!arch_pagetable_unmap(&arch_kernel_pagetable, virt, &phys))
			page_put(page_from_phys(phys));
}

static int map_pages(uint64_t start, uint64_t end)
{
	for (uint64_t virt = start; virt < end; virt += PAGE_SIZE) {
		struct page *page = page_alloc(0);

		if (!page)
			goto err_page;
		if (arch_pagetable_map(&arch_kernel_pagetable, virt, page_phys(page),
				       ARCH_PAGE_READ | ARCH_PAGE_WRITE)) {
			page_put(page);
			goto err_page;
		}
		continue;
err_page:
		unmap_pages(start, virt);
		return -1;
	}
	return 0;
}

static void *mapped_alloc(size_t size_bytes)
{
	size_t count = slots_for(size_bytes), slot = slots_take(count);
	uint64_t end;

	if (slot == SIZE_MAX)
		return NULL;
	end = STACK_AREA_BASE + (slot + count) * SLOT_SIZE;
	if (map_pages(end - size_bytes, end)) {
		slots_give(slot, count);
		return NULL;
	}
	return (void *)(uintptr_t)(end - size_bytes);
}

static void mapped_free(void *base, size_t size_bytes)
{
	uint64_t start = (uintptr_t)base, end = start + size_bytes;
	size_t count = slots_for(size_bytes);

	unmap_pages(start, end);
	slots_give((end - STACK_AREA_BASE) / SLOT_SIZE - count, count);
}

/* ---- stacks in the direct map ---- */

#define GUARD_WORD UINT64_C(0x6b6361747320646e)
#define GUARD_WORDS (PAGE_SIZE / sizeof(uint64_t))
#define GUARD_CHECKED 32	/* the words next to the stack; a frame may skip some, not all of them in practice */

static const char guard_owner[] = "stack guard";

static void *direct_alloc(size_t size_bytes)
{
	struct page *page = page_run_alloc(size_bytes / PAGE_SIZE + 1);
	uint64_t *guard;

	if (!page)
		return NULL;
	page->owner = (void *)(uintptr_t)guard_owner;
	guard = page_virt(page);
	for (size_t i = GUARD_WORDS - GUARD_CHECKED; i < GUARD_WORDS; i++)
		guard[i] = GUARD_WORD;
	sanitize_poison(guard, PAGE_SIZE, SANITIZE_REDZONE);
	return (char *)guard + PAGE_SIZE;
}

static void direct_free(void *base, size_t size_bytes)
{
	uint64_t *guard = (uint64_t *)base - GUARD_WORDS;
	struct page *page = page_from_virt(guard);

	assert(page && page->owner == guard_owner);
	sanitize_unpoison(guard, PAGE_SIZE);
	for (size_t i = GUARD_WORDS - GUARD_CHECKED; i < GUARD_WORDS; i++)
		if (guard[i] != GUARD_WORD)
			crash_raise(CRASH_STACK_OVERFLOW, NULL, (uintptr_t)&guard[i],
				    "the guard page of a stack at %p was written", base);
	page_run_free(page, size_bytes / PAGE_SIZE + 1);
}

/* ---- either ---- */

static const bool stacks_mapped = STACK_AREA_SIZE > UINT64_C(0);

void *stack_alloc(size_t size_bytes)
{
	assert(size_bytes && is_aligned(size_bytes, PAGE_SIZE));
	return stacks_mapped ? mapped_alloc(size_bytes) : direct_alloc(size_bytes);
}

void stack_free(void *base, size_t size_bytes)
{
	if (stacks_mapped)
		mapped_free(base, size_bytes);
	else
		direct_free(base, size_bytes);
}

bool stack_is_guard(uint64_t address)
{
	if (stacks_mapped)
		return address - STACK_AREA_BASE < STACK_AREA_SIZE &&
		       arch_pagetable_lookup(&arch_kernel_pagetable, address & PAGE_MASK, NULL, NULL) != 0;
	struct page *page = page_from_virt((void *)(uintptr_t)address);
	return page && page->state == PAGE_USED && page->owner == guard_owner;
}
