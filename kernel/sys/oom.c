/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When memory has run out and a program needs a page: not who happens to ask ends for it, but who holds the most.
 */
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/balloon.h>
#include <kernel/clock.h>
#include <kernel/log.h>
#include <kernel/metrics.h>
#include <kernel/page.h>
#include <kernel/thread.h>
#include <kernel/user.h>

#include "signal_internal.h"
#include "task.h"

#define ENOUGH_PAGES 16 /* somebody has made room meanwhile */
#define PATIENCE_NS (5 * NSEC_PER_SEC) /* for who was told to end, and may be unable to */
#define LOOK_AGAIN_NS (2 * NSEC_PER_MSEC)

static bool busy; /* somebody looks for a victim, or waits for its end: one at a time */

static size_t pages_of(const struct process *process)
{
	return process->aspace ? atomic_load_relaxed(&process->aspace->pages) : 0;
}

/* It holds memory that others will have soon. The memory may be gone already: only its address counts. */
static int is_on_its_way_out(struct process *process, void *context)
{
	const struct aspace *memory = atomic_load(&process->aspace);
	uint64_t now_ns = *(const uint64_t *)context;

	if (!memory || memory == aspace_current())
		return 0;
	return process->dying || (process->condemned_ns && now_ns - process->condemned_ns < PATIENCE_NS);
}

static bool somebody_ends(void)
{
	uint64_t now_ns = clock_ns();

	return process_foreach_any(is_on_its_way_out, &now_ns);
}

/* Until there is room, or there is nobody left to wait for. False: that took too long. */
static bool wait_for_room(void)
{
	uint64_t give_up_ns = clock_ns() + PATIENCE_NS;

	while (page_free_count() < ENOUGH_PAGES && somebody_ends()) {
		if (clock_ns() >= give_up_ns)
			return false;
		/* A signal for the caller: perhaps it is to end itself, and sees to that first. */
		if (clock_sleep_until(clock_ns() + LOOK_AGAIN_NS)) {
			thread_yield();
			return true;
		}
	}
	return true;
}

struct choice {
	struct process *victim; /* referenced */
	size_t pages;
};

/* Not the first one, whose end would be everybody's; nor one that was told before, and did not end. */
static int weigh(struct process *process, void *context)
{
	struct choice *choice = context;

	if (!process->has_code || process->pid == 1 || process->condemned_ns || pages_of(process) <= choice->pages)
		return 0;
	/* Nobody's last reference: whoever is visited lives. */
	if (choice->victim)
		process_put(choice->victim);
	choice->victim = process_get(process);
	choice->pages = pages_of(process);
	return 0;
}

/* False: the caller's memory is what is to be given, or it has ended meanwhile. */
static bool condemn(const struct choice *choice)
{
	struct process *victim = choice->victim;
	bool another;

	if (!process_hold(victim))
		return true;
	another = victim->aspace != aspace_current();
	if (another) {
		log_error("%s: killed by SIGKILL: there is no memory, and it holds the most: %zu KiB", victim->name,
			  choice->pages * (PAGE_SIZE / KIB));
		victim->condemned_ns = clock_ns();
		signal_send(victim, SIGKILL, NULL);
	}
	process_unhold();
	return another;
}

METRIC_COUNTER(oom_kills, "Processes that were killed because there was no memory");

static bool find_memory(void)
{
	struct choice choice = { 0 };
	bool found;

	if (IS_ENABLED(CONFIG_DEVICES) && page_free_count() < ENOUGH_PAGES && balloon_give_back())
		return true;
	if (page_free_count() >= ENOUGH_PAGES || (somebody_ends() && wait_for_room()))
		return true;
	(void)process_foreach(weigh, &choice);
	if (!choice.victim)
		return false;
	found = condemn(&choice);
	metric_add(oom_kills, found);
	process_put(choice.victim);
	if (found)
		(void)wait_for_room();
	return found;
}

bool process_find_memory(void)
{
	bool found;

	/* No lock: the victim may be one of those who wait here. */
	if (atomic_exchange(&busy, true)) {
		if (clock_sleep_until(clock_ns() + LOOK_AGAIN_NS))
			thread_yield();
		return true;
	}
	found = find_memory();
	atomic_store(&busy, false);
	return found;
}

/* ---- memory of the program's that the kernel needs, where it holds nothing ---- */

static bool need_page(user_ptr_t address, unsigned access)
{
	int err;

	while ((err = aspace_handle_fault(address, access)) == -ENOMEM) {
		if (thread_current()->killed)
			process_killed();
		if ((signals_waiting(task_current()) & SIGNAL_BIT(SIGKILL)) || !process_find_memory())
			process_exit(SIGKILL);
	}
	return !err;
}

static bool need(user_ptr_t address, size_t len, unsigned access)
{
	user_ptr_t end = address + len;

	if (!user_ok(address, len))
		return false;
	for (; address < end; address = (address & PAGE_MASK) + PAGE_SIZE)
		if (!need_page(address, access))
			return false;
	return true;
}

int process_copy_in(void *to, user_ptr_t from, size_t len)
{
	int err = user_copy_in(to, from, len);

	return err && need(from, len, ASPACE_ACCESS_READ) ? user_copy_in(to, from, len) : err;
}

int process_copy_out(user_ptr_t to, const void *from, size_t len)
{
	int err = user_copy_out(to, from, len);

	return err && need(to, len, ASPACE_ACCESS_WRITE) ? user_copy_out(to, from, len) : err;
}
