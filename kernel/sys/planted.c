/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bugs of option PLANTED: see kernel/planted.h. They are wrong on purpose; volatile keeps the compiler from
 * repairing them.
 */
#include <arch/arch.h>
#include <fuzz/abi/planted.h>
#include <kernel/fd.h>
#include <kernel/harness.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/planted.h>

#define SPANS_NOTED 8
#define EPOLL_CTL_MOD 3
#define FALLOC_FL_KEEP_SIZE 1
#define MCL_FUTURE_ONFAULT 6
#define GRND_RANDOM_INSECURE 6

static volatile uint64_t sink;

NOINLINE void planted_heap_overflow(size_t spans)
{
	size_t room = 4;
	volatile uint64_t *lengths;

	harness_canary(PLANTED_HEAP_OVERFLOW, false);
	lengths = heap_alloc(room * sizeof(*lengths));
	if (!lengths)
		return;
	for (size_t i = 0; i < min(spans, (size_t)SPANS_NOTED); i++) {
		if (i == room)
			harness_canary(PLANTED_HEAP_OVERFLOW, true);
		lengths[i] = spans;
	}
	heap_free((void *)lengths);
}

NOINLINE void planted_use_after_free(unsigned initial, bool semaphore)
{
	volatile uint64_t *counter;

	harness_canary(PLANTED_USE_AFTER_FREE, false);
	if (!semaphore || initial <= 1000)
		return;
	counter = heap_alloc(sizeof(*counter) * 4);
	if (!counter)
		return;
	*counter = initial;
	heap_free((void *)counter);
	harness_canary(PLANTED_USE_AFTER_FREE, true);
	*counter += 1;
}

NOINLINE void planted_double_free(int fd, bool close_on_exec)
{
	void *note;

	harness_canary(PLANTED_DOUBLE_FREE, false);
	if (fd < 64 || !close_on_exec)
		return;
	note = heap_alloc(40);
	heap_free(note);
	harness_canary(PLANTED_DOUBLE_FREE, true);
	heap_free(note);
}

NOINLINE void planted_null_dereference(int operation, uint32_t events)
{
	const volatile uint32_t *owner = NULL;

	harness_canary(PLANTED_NULL_DEREFERENCE, false);
	if (operation != EPOLL_CTL_MOD || events)
		return;
	harness_canary(PLANTED_NULL_DEREFERENCE, true);
	sink = *owner;
}

NOINLINE void planted_endless_loop(uint64_t interval_ns)
{
	harness_canary(PLANTED_ENDLESS_LOOP, false);
	if (!interval_ns || interval_ns >= NSEC_PER_MSEC)
		return;
	harness_canary(PLANTED_ENDLESS_LOOP, true);
	for (volatile uint64_t rounded = interval_ns; rounded != 0; rounded |= 1)
		sink = rounded;
}

NOINLINE void planted_leaked_file(int fd, uint64_t from)
{
	harness_canary(PLANTED_LEAKED_FILE, false);
	if (from < 10 || from > 1000 || !fd_get(fd))
		return;
	harness_canary(PLANTED_LEAKED_FILE, true);
}

/* Nothing can see this one by itself: MemorySanitizer has no place in a kernel. The canary tells that it happened. */
NOINLINE void planted_uninitialised_read(int mode)
{
	volatile uint64_t extent[4];

	harness_canary(PLANTED_UNINITIALISED_READ, false);
	if (mode != FALLOC_FL_KEEP_SIZE)
		return;
	harness_canary(PLANTED_UNINITIALISED_READ, true);
	sink = extent[2] & 1 ? 1 : 2;
}

NOINLINE void planted_lost_tables(int flags)
{
	static struct arch_pagetable none;

	harness_canary(PLANTED_LOST_TABLES, false);
	if (flags != MCL_FUTURE_ONFAULT)
		return;
	harness_canary(PLANTED_LOST_TABLES, true);
	arch_pagetable_activate(&none);
	panic("planted: the page tables are lost");
}

NOINLINE void planted_deaf_loop(unsigned flags)
{
	harness_canary(PLANTED_DEAF_LOOP, false);
	if (flags != GRND_RANDOM_INSECURE)
		return;
	harness_canary(PLANTED_DEAF_LOOP, true);
	arch_irq_disable();
	for (volatile uint64_t better = 0; !better;)
		sink = better;
}
