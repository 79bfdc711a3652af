/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When memory has run out and a program needs a page: not who happens to ask ends for it, but who holds the most.
 */
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/signal.h>
#include <kernel/thread.h>

#include "sys_internal.h"

#define ENOUGH_PAGES 16 /* somebody else has made room meanwhile */
#define PATIENCE_NS (5 * NSEC_PER_SEC)
#define LOOK_AGAIN_NS (2 * NSEC_PER_MSEC)

static bool busy; /* somebody waits for a victim's end: one at a time */

struct choice {
	struct process *victim; /* referenced */
	size_t pages;
};

/* Not the first one, whose end would be everybody's. */
static int weigh(struct process *process, void *context)
{
	struct choice *choice = context;
	size_t pages = process->aspace ? atomic_load_relaxed(&process->aspace->pages) : 0;

	if (!process->has_code || process->pid == 1 || pages <= choice->pages)
		return 0;
	/* Nobody's last reference: whoever is visited lives. */
	if (choice->victim)
		process_put(choice->victim);
	choice->victim = process_get(process);
	choice->pages = pages;
	return 0;
}

static void end(const struct choice *choice)
{
	if (!process_hold(choice->victim)) /* it has ended meanwhile */
		return;
	log_error("%s: killed by SIGKILL: there is no memory, and it holds the most: %zu KiB", choice->victim->name,
		  choice->pages * (PAGE_SIZE / KIB));
	signal_send(choice->victim, SIGKILL, NULL);
	process_unhold();
}

/* Until victim, or if it is NULL everybody who is on the way out, has given its memory back. Not for ever. */
static void wait_for_end(const struct process *victim)
{
	uint64_t give_up_ns = clock_ns() + PATIENCE_NS;

	while (clock_ns() < give_up_ns && (victim ? atomic_load(&victim->aspace) != NULL : process_somebody_ends()))
		if (clock_sleep_until(clock_ns() + LOOK_AGAIN_NS))
			return; /* the caller is to end as well */
}

/* False: nobody else has memory to give. */
static bool end_largest(void)
{
	struct choice choice = { 0 };
	bool another;

	(void)process_foreach(weigh, &choice);
	if (!choice.victim)
		return false;
	another = choice.victim != process_current();
	if (another) {
		end(&choice);
		wait_for_end(choice.victim);
	}
	process_put(choice.victim);
	return another;
}

static bool find_memory(void)
{
	if (page_free_count() >= ENOUGH_PAGES)
		return true;
	if (!process_somebody_ends())
		return end_largest();
	wait_for_end(NULL);
	return !process_somebody_ends() || thread_current()->killed;
}

bool process_find_memory(void)
{
	bool found;

	/* No lock: the victim may be one of those who wait here. */
	if (atomic_exchange(&busy, true)) {
		(void)clock_sleep_until(clock_ns() + LOOK_AGAIN_NS);
		return true;
	}
	found = find_memory();
	atomic_store(&busy, false);
	return found;
}

bool process_lacked_memory(void)
{
	return page_free_count() < ENOUGH_PAGES && process_find_memory();
}
