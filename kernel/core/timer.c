/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers: a list sorted by deadline on each CPU; the machine's timer is set to the earlier of its head and the end of
 * the running thread's slice. While the clock is virtual the machine's timer only serves the deadline of an input.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/metrics.h>
#include <kernel/thread.h>
#include <plat/plat.h>

#include "sched_internal.h"

METRIC_COUNTER(timers_armed, "Times that a timer was armed");
METRIC_COUNTER(timers_fired, "Timers that fired");
METRIC_COUNTER(timer_interrupts, "Interrupts of the machine's timers");

static void (*deadline_expired)(void);

void timer_init(struct timer *timer, void (*fire)(struct timer *timer))
{
	*timer = (struct timer){ .fire = fire };
	list_init(&timer->node);
}

/* For readers without timer_lock, which the caller holds. */
static void note_first(struct cpu *cpu)
{
	uint64_t first = UINT64_MAX;

	if (!list_empty(&cpu->timers))
		first = list_first(&cpu->timers, struct timer, node)->deadline_ns;
	atomic_store_relaxed(&cpu->timer_first_ns, first);
}

void timer_program(struct cpu *cpu)
{
	uint64_t deadline;

	if (clock_is_virtual() || !plat)
		return;
	deadline = atomic_load_relaxed(&cpu->timer_first_ns);
	/* A slice that is over already needs no timer: the switch is due as soon as it may happen. */
	if (sched_others_ready(cpu) && cpu->thread != cpu->idle && !cpu->need_resched)
		deadline = min(deadline, cpu->thread->slice_end_ns);
	/* Setting it costs more than an interrupt now and then that comes too early, and then sets the right time. */
	if (deadline >= cpu->timer_armed_ns)
		return;
	cpu->timer_armed_ns = deadline;
	plat->timer_arm(deadline);
}

/* Among equal deadlines the first armed comes first. The caller holds timer_lock. */
static void insert(struct cpu *cpu, struct timer *timer)
{
	struct list *place = cpu->timers.prev;

	while (place != &cpu->timers && list_entry(place, struct timer, node)->deadline_ns > timer->deadline_ns)
		place = place->prev;
	list_insert_between(&timer->node, place, place->next);
	note_first(cpu);
}

/* Takes it off whatever list it is on. The timer may fire, or be armed elsewhere, until its CPU's lock is held. */
static bool take_off(struct timer *timer)
{
	struct cpu *cpu;

	while ((cpu = atomic_load(&timer->cpu))) {
		unsigned long flags = spin_lock(&cpu->timer_lock);
		bool still = timer->cpu == cpu;

		if (still) {
			list_remove(&timer->node);
			atomic_store(&timer->cpu, NULL);
			note_first(cpu);
		}
		spin_unlock(&cpu->timer_lock, flags);
		if (still)
			return true;
	}
	return false;
}

/* Two CPUs may arm one timer at once, as when it arms itself: the later one finds it on the other's list. */
static bool try_arm(struct cpu *cpu, struct timer *timer, uint64_t deadline_ns)
{
	unsigned long flags = spin_lock(&cpu->timer_lock);
	struct cpu *nobody = NULL;
	bool ours = atomic_compare_exchange(&timer->cpu, &nobody, cpu);

	if (ours) {
		timer->deadline_ns = deadline_ns;
		insert(cpu, timer);
	}
	spin_unlock(&cpu->timer_lock, flags);
	return ours;
}

void timer_arm(struct timer *timer, uint64_t deadline_ns)
{
	unsigned long flags = arch_irq_save();
	struct cpu *cpu = arch_cpu();

	metric_inc(timers_armed);
	do
		take_off(timer);
	while (!try_arm(cpu, timer, deadline_ns));
	timer_program(cpu);
	arch_irq_restore(flags);
}

static void wait_fired(const struct timer *timer)
{
	for (unsigned i = 0; i < cpu_count; i++) {
		while (atomic_load(&cpus[i]->timer_firing) == timer && cpus[i] != arch_cpu())
			arch_relax();
	}
}

bool timer_cancel(struct timer *timer)
{
	bool armed = false;

	/* It may arm itself while it is waited for. */
	do {
		armed |= take_off(timer);
		wait_fired(timer);
	} while (atomic_load(&timer->cpu));
	return armed;
}

static struct timer *take_due(struct cpu *cpu, uint64_t now_ns)
{
	unsigned long flags = spin_lock(&cpu->timer_lock);
	struct timer *timer = NULL;

	if (cpu->timer_first_ns <= now_ns) {
		timer = list_first(&cpu->timers, struct timer, node);
		list_remove(&timer->node);
		note_first(cpu);
		atomic_store(&cpu->timer_firing, timer);
		atomic_store(&timer->cpu, NULL);
	}
	spin_unlock(&cpu->timer_lock, flags);
	return timer;
}

void timer_run(struct cpu *cpu, uint64_t now_ns)
{
	struct timer *timer;

	while ((timer = take_due(cpu, now_ns))) {
		TRACE(timer_fire, (const void *)timer->fire, now_ns - timer->deadline_ns);
		metric_inc(timers_fired);
		timer->fire(timer);
		atomic_store(&cpu->timer_firing, NULL);
	}
}

void timer_set_deadline(uint64_t after_ns, void (*expired)(void))
{
	deadline_expired = expired;
	plat->timer_arm(expired && after_ns ? plat->clock_ns() + after_ns : UINT64_MAX);
}

/* An interrupt comes when it comes: an input's coverage says nothing of it. */
static NO_INSTRUMENT void deadline_interrupt(void)
{
	void (*expired)(void) = deadline_expired;

	deadline_expired = NULL;
	if (expired)
		expired();
}

NO_INSTRUMENT void timer_interrupt(void)
{
	struct cpu *cpu = arch_cpu();
	uint64_t now_ns;

	if (clock_is_virtual()) {
		deadline_interrupt();
		return;
	}
	metric_inc(timer_interrupts);
	cpu->timer_armed_ns = UINT64_MAX;
	now_ns = clock_ns();
	timer_run(cpu, now_ns);
	thread_tick(now_ns);
	timer_program(cpu);
}

static uint64_t next_on(struct cpu *cpu)
{
	unsigned long flags = spin_lock(&cpu->timer_lock);
	uint64_t next = UINT64_MAX;

	list_foreach(&cpu->timers, struct timer, node, timer) {
		if (!timer->deferrable) {
			next = timer->deadline_ns;
			break;
		}
	}
	spin_unlock(&cpu->timer_lock, flags);
	return next;
}

uint64_t timer_next_ns(void)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < cpu_count; i++)
		next = min(next, next_on(cpus[i]));
	return next;
}
