/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel stacks with a guard page below. Where the CPU maps kernel memory, a stack takes one or more slots of
 * STACK_AREA and ends at the top of the last; what is below it there stays unmapped. Elsewhere (STACK_AREA_SIZE 0) it
 * is a run of frames in the direct map, and the frame below is a guard that is poisoned for sanitizers and holds a
 * pattern.
 */
#include <kernel/atomic.h>
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

static struct spinlock slot_lock = SPINLOCK_INIT;
static uint64_t slots_used[SLOTS_MAX / 64];

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

/* Without guards stacks lie side by side: no page of a slot is left out. */
static size_t bytes_mapped(size_t size_bytes)
{
	return IS_ENABLED(CONFIG_GUARD_PAGES) ? size_bytes : slots_for(size_bytes) * SLOT_SIZE;
}

static void *map_new(size_t size_bytes)
{
	size_t count = slots_for(size_bytes), slot = slots_take(count);
	uint64_t end;

	if (slot == SIZE_MAX)
		return NULL;
	end = STACK_AREA_BASE + (slot + count) * SLOT_SIZE;
	if (map_pages(end - bytes_mapped(size_bytes), end)) {
		slots_give(slot, count);
		return NULL;
	}
	return (void *)(uintptr_t)(end - size_bytes);
}

static void slots_give_of(uint64_t end, size_t size_bytes)
{
	size_t count = slots_for(size_bytes);

	slots_give((end - STACK_AREA_BASE) / SLOT_SIZE - count, count);
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
	slots_give_of(end, size_bytes);
}

#define STACK_PAGES (THREAD_STACK_SIZE / PAGE_SIZE)

static void forget_stack(void *base)
{
	arch_pagetable_forget((uintptr_t)base, (uintptr_t)base + THREAD_STACK_SIZE);
}

static void trim_one(void *base)
{
	uint64_t start = (uintptr_t)base;
	struct page *pages[STACK_PAGES];

	for (size_t i = 0; i < STACK_PAGES; i++)
		pages[i] = page_unmap(start + i * PAGE_SIZE);
	preempt_disable();
	forget_stack(base);
	cpus_call(UINT64_MAX, forget_stack, base);
	preempt_enable();
	for (size_t i = 0; i < STACK_PAGES; i++)
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
		return address - STACK_AREA_BASE < STACK_AREA_SIZE &&
		       arch_pagetable_lookup(&arch_kernel_pagetable, address & PAGE_MASK, NULL, NULL) != 0;
	struct page *page = page_from_virt((void *)(uintptr_t)address);
	return page && page->state == PAGE_USED && page->owner == guard_owner;
}
