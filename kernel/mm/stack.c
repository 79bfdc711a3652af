/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel stacks with a guard page below. Where the CPU maps kernel memory, a stack takes one or more slots of
 * STACK_AREA and ends at the top of the last; what is below it there stays unmapped. Elsewhere (STACK_AREA_SIZE 0) it
 * is a run of frames in the direct map, and the frame below is a guard that is poisoned for sanitizers and holds a
 * pattern. With option SHADOW_STACK each mapped stack has a shadow, which is mapped and unmapped with it.
 */
#include <instrumentation/layout/layout.h>
#include <instrumentation/shadowstack/shadowstack.h>
#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/linkset.h>
#include <kernel/crash.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/sanitize.h>
#include <kernel/smp.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>
#include <kernel/thread.h>

/* ---- mapped stacks ---- */

#define GUARD_SIZE (IS_ENABLED(CONFIG_GUARD_PAGES) ? PAGE_SIZE : 0)
#define SLOT_SIZE (IS_ENABLED(CONFIG_GUARD_PAGES) ? 64 * KIB : THREAD_STACK_SIZE)
#define SLOTS min((size_t)SLOTS_MAX, (size_t)(STACK_AREA_SIZE / SLOT_SIZE))
#define SLOTS_MAX 4096
/* In how many places of the area the slots may be (LAYOUT_STACKS). */
#define SLOT_PLACES (STACK_AREA_SIZE / SLOT_SIZE - SLOTS + 1)

static struct spinlock slot_lock = SPINLOCK_INIT;
static uint64_t slots_used[SLOTS_MAX / 64];

static uint64_t slots_start = STACK_AREA_BASE;

/*
 * Shadows have slots of their own, as many, somewhere in an area of their own: one page stays unmapped below each, and
 * one above.
 */
#define SHADOW_SLOT_SIZE (SHADOW_STACK_SIZE + 2 * PAGE_SIZE)
#define SHADOW_PLACES (SHADOW_AREA_SIZE / SHADOW_SLOT_SIZE - SLOTS + 1)

static uint64_t shadows_start = SHADOW_AREA_BASE;

static int stacks_place(void)
{
	if (IS_ENABLED(CONFIG_LAYOUT_STACKS))
		slots_start += layout_draw(LAYOUT_STACKS, SLOT_PLACES) * SLOT_SIZE;
	if (IS_ENABLED(CONFIG_LAYOUT_STACKS) && IS_ENABLED(CONFIG_SHADOW_STACK))
		shadows_start += layout_draw(LAYOUT_STACKS, SHADOW_PLACES) * SHADOW_SLOT_SIZE;
	return 0;
}
INIT_CALL(INIT_MEMORY, stacks_place);

static size_t slots_for(size_t size_bytes)
{
	return (size_bytes + GUARD_SIZE + SLOT_SIZE - 1) / SLOT_SIZE;
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

/* The first of count adjacent free slots from there on; SIZE_MAX when there are none. */
static size_t slots_find(size_t from, size_t count)
{
	size_t run = 0;

	for (size_t i = from; i < SLOTS; i++) {
		run = slot_used(i) ? 0 : run + 1;
		if (run == count)
			return i + 1 - count;
	}
	return SIZE_MAX;
}

/* Adjacent free slots, now taken; SIZE_MAX when there are none. */
static size_t slots_take(size_t count)
{
	size_t from = IS_ENABLED(CONFIG_LAYOUT_STACKS) ? layout_draw(LAYOUT_STACKS, SLOTS) : 0, found;
	unsigned long irq = spin_lock(&slot_lock);

	found = slots_find(from, count);
	if (found == SIZE_MAX && from)
		found = slots_find(0, count);
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

/* Guards the tables of the area. */
static struct spinlock tables_lock = SPINLOCK_INIT;

static int page_map(uint64_t virt, struct page *page)
{
	unsigned long irq = spin_lock(&tables_lock);
	int err = arch_pagetable_map(&arch_kernel_pagetable, virt, page_phys(page), ARCH_PAGE_READ | ARCH_PAGE_WRITE);

	spin_unlock(&tables_lock, irq);
	return err;
}

/* The frame that was there; NULL: none. */
static struct page *page_unmap(uint64_t virt)
{
	unsigned long irq = spin_lock(&tables_lock);
	phys_t phys;
	int err = arch_pagetable_unmap(&arch_kernel_pagetable, virt, &phys);

	spin_unlock(&tables_lock, irq);
	return err ? NULL : page_from_phys(phys);
}

/* Where other CPUs may have seen the pages, stack_trim() has to do it. */
static void unmap_pages(uint64_t virt, uint64_t end)
{
	struct page *page;

	for (; virt < end; virt += PAGE_SIZE)
		if ((page = page_unmap(virt)))
			page_put(page);
}

static int map_pages(uint64_t start, uint64_t end)
{
	for (uint64_t virt = start; virt < end; virt += PAGE_SIZE) {
		struct page *page = page_alloc(0);

		if (!page)
			goto err_page;
		if (page_map(virt, page)) {
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

void *stack_shadow(void *base)
{
	uint64_t slot = ((uintptr_t)base - slots_start) / SLOT_SIZE;

	if (!IS_ENABLED(CONFIG_SHADOW_STACK) || slot >= SLOTS)
		return NULL;
	return (void *)(uintptr_t)(shadows_start + slot * SHADOW_SLOT_SIZE + PAGE_SIZE);
}

static int shadow_map(void *base)
{
	uint64_t shadow = (uintptr_t)stack_shadow(base);

	return shadow ? map_pages(shadow, shadow + SHADOW_STACK_SIZE) : 0;
}

static void shadow_unmap(void *base)
{
	uint64_t shadow = (uintptr_t)stack_shadow(base);

	if (shadow)
		unmap_pages(shadow, shadow + SHADOW_STACK_SIZE);
}

/* Without guards stacks lie side by side: no page of a slot is left out. */
static size_t bytes_mapped(size_t size_bytes)
{
	return IS_ENABLED(CONFIG_GUARD_PAGES) ? size_bytes : slots_for(size_bytes) * SLOT_SIZE;
}

static void *map_new(size_t size_bytes)
{
	size_t count = slots_for(size_bytes), slot = slots_take(count);
	uint64_t end;
	void *base;

	if (slot == SIZE_MAX)
		return NULL;
	end = slots_start + (slot + count) * SLOT_SIZE;
	base = (void *)(uintptr_t)(end - size_bytes);
	if (map_pages(end - bytes_mapped(size_bytes), end))
		goto err_stack;
	if (shadow_map(base))
		goto err_shadow;
	return base;

err_shadow:
	unmap_pages(end - bytes_mapped(size_bytes), end);
err_stack:
	slots_give(slot, count);
	return NULL;
}

static void slots_give_of(uint64_t end, size_t size_bytes)
{
	size_t count = slots_for(size_bytes);

	slots_give((end - slots_start) / SLOT_SIZE - count, count);
}

/*
 * With more than one CPU a stack that was given back stays mapped, to be used again: threads leave their stacks in the
 * middle of a switch, where nobody can wait until all CPUs have forgotten where its pages were. What lies on a stack
 * (a sleeper, a timer) is seen by other CPUs too, so each must have forgotten before the frames are somebody else's.
 * In harness mode it saves mapping: what was retired at the snapshot is there for every input.
 */
struct retired {
	struct list node; /* lies in the stack */
};

#define RETIRED_MAX 32u

static struct list retired = LIST_INIT(retired);
static unsigned retired_count; /* all of THREAD_STACK_SIZE; under slot_lock */

static bool is_retired(size_t size_bytes)
{
	return (IS_ENABLED(CONFIG_FUZZ) || (IS_ENABLED(CONFIG_SMP) && cpu_count > 1)) &&
	       size_bytes == THREAD_STACK_SIZE;
}

/* One of the retired, if there are more than so many. */
static void *retired_take(unsigned more_than)
{
	unsigned long irq = spin_lock(&slot_lock);
	struct retired *stack = NULL;

	if (retired_count > more_than) {
		stack = list_first(&retired, struct retired, node);
		list_remove(&stack->node);
		retired_count--;
	}
	spin_unlock(&slot_lock, irq);
	return stack;
}

static void retire(void *base)
{
	struct retired *stack = base;
	unsigned long irq = spin_lock(&slot_lock);

	list_push(&retired, &stack->node);
	retired_count++;
	spin_unlock(&slot_lock, irq);
}

static void *mapped_alloc(size_t size_bytes)
{
	void *stack = is_retired(size_bytes) ? retired_take(0) : NULL;

	/* Whoever gave it back may have left nothing but its place in the list. */
	if (stack && IS_ENABLED(CONFIG_INIT_ON_ALLOC))
		memset(stack, 0, IS_ENABLED(CONFIG_INIT_ON_FREE) ? sizeof(struct retired) : size_bytes);
	return stack ?: map_new(size_bytes);
}

static void mapped_free(void *base, size_t size_bytes)
{
	uint64_t end = (uintptr_t)base + size_bytes;

	if (is_retired(size_bytes)) {
		if (IS_ENABLED(CONFIG_INIT_ON_FREE))
			memset(base, 0, size_bytes);
		retire(base);
		return;
	}
	unmap_pages(end - bytes_mapped(size_bytes), end);
	shadow_unmap(base);
	slots_give_of(end, size_bytes);
}

#define STACK_PAGES (THREAD_STACK_SIZE / PAGE_SIZE)
#define SHADOW_PAGES (IS_ENABLED(CONFIG_SHADOW_STACK) ? SHADOW_STACK_SIZE / PAGE_SIZE : 0)

static void forget_stack(void *base)
{
	uint64_t shadow = (uintptr_t)stack_shadow(base);

	arch_pagetable_forget((uintptr_t)base, (uintptr_t)base + THREAD_STACK_SIZE);
	if (shadow)
		arch_pagetable_forget(shadow, shadow + SHADOW_STACK_SIZE);
}

static void trim_one(void *base)
{
	uint64_t start = (uintptr_t)base, shadow = (uintptr_t)stack_shadow(base);
	struct page *pages[STACK_PAGES + SHADOW_PAGES];

	for (size_t i = 0; i < STACK_PAGES; i++)
		pages[i] = page_unmap(start + i * PAGE_SIZE);
	for (size_t i = 0; i < SHADOW_PAGES; i++)
		pages[STACK_PAGES + i] = page_unmap(shadow + i * PAGE_SIZE);
	preempt_disable();
	forget_stack(base);
	cpus_call(UINT64_MAX, forget_stack, base);
	preempt_enable();
	for (size_t i = 0; i < STACK_PAGES + SHADOW_PAGES; i++)
		page_put(pages[i]);
	slots_give_of(start + THREAD_STACK_SIZE, THREAD_STACK_SIZE);
}

void stack_trim(void)
{
	void *base;

	if (!is_retired(THREAD_STACK_SIZE) || atomic_load_relaxed(&retired_count) <= RETIRED_MAX)
		return;
	while ((base = retired_take(RETIRED_MAX)))
		trim_one(base);
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

/* Where a thread begins is at the end of its stack, or a drawn number of these units below (LAYOUT_STACKS). */
#define TOP_UNIT 16
#define TOP_PLACES 128

size_t stack_size_draw(size_t size_bytes)
{
	return IS_ENABLED(CONFIG_LAYOUT_STACKS) ? size_bytes - layout_draw(LAYOUT_STACKS, TOP_PLACES) * TOP_UNIT
						: size_bytes;
}

uint64_t stack_places(void)
{
	return IS_ENABLED(CONFIG_LAYOUT_STACKS) ? (STACK_AREA_SIZE / SLOT_SIZE) * TOP_PLACES : 1;
}

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
	if (!IS_ENABLED(CONFIG_GUARD_PAGES))
		return false;
	if (stacks_mapped)
		return (address - STACK_AREA_BASE < STACK_AREA_SIZE ||
			(IS_ENABLED(CONFIG_SHADOW_STACK) && address - SHADOW_AREA_BASE < SHADOW_AREA_SIZE)) &&
		       arch_pagetable_lookup(&arch_kernel_pagetable, address & PAGE_MASK, NULL, NULL) != 0;
	struct page *page = page_from_virt((void *)(uintptr_t)address);
	return page && page->state == PAGE_USED && page->owner == guard_owner;
}
