/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clocks: the machine's, or the virtual one of harness mode; and the offset that makes it the time of day.
 */
#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/linkset.h>
#include <kernel/smp.h>
#include <kernel/suspend.h>
#include <kernel/thread.h>
#include <kernel/vdso.h>
#include <kernel/wait.h>
#include <plat/plat.h>

#include "sched_internal.h"

/* What the time of day is when the virtual clock starts: 2024-01-01, on every run. */
#define VIRTUAL_REALTIME_NS (UINT64_C(1704067200) * NSEC_PER_SEC)

unsigned clock_changes;
static bool is_virtual;
static uint64_t virtual_now_ns;
static uint64_t realtime_offset_ns; /* modulo 2^64: the time of day may be set to before boot */

uint64_t clock_ns(void)
{
	if (is_virtual)
		return atomic_load_relaxed(&virtual_now_ns);
	return plat ? plat->clock_ns() : 0;
}

uint64_t clock_realtime_ns(void)
{
	return clock_ns() + atomic_load_relaxed(&realtime_offset_ns);
}

static struct vdso_data *published;

/* The offset first, and the scale last: who sees that may use the rest. */
static void publish(void)
{
	uint64_t start = 0, scale = 0;

	if (!published)
		return;
	if (!is_virtual && plat->clock_scale)
		scale = plat->clock_scale(&start);
	atomic_store(&published->realtime_offset_ns, realtime_offset_ns);
	atomic_store(&published->start_cycles, start);
	atomic_store(&published->ns_per_cycle_32, scale);
}

void clock_publish(struct vdso_data *page)
{
	page->cpu_is_told = arch_cpu_is_told();
	published = page;
	publish();
}

void clock_realtime_set(uint64_t now_ns)
{
	atomic_store(&realtime_offset_ns, now_ns - clock_ns());
	publish();
}

void clock_virtual_start(uint64_t start_ns)
{
	virtual_now_ns = start_ns;
	is_virtual = true;
	clock_changes++;
	realtime_offset_ns = VIRTUAL_REALTIME_NS - start_ns;
	publish();
	plat->timer_arm(UINT64_MAX);
}

/* A machine that serves a harness has virtual time from the start, so that what boot makes carries no other. */
static int read_boot_time(void)
{
	char name[1];

	if (IS_ENABLED(CONFIG_FUZZ) && boot_option("harness", name, sizeof(name)) != -ENOENT)
		clock_virtual_start(0);
	else
		realtime_offset_ns = plat->boot_time_ns();
	return 0;
}
INIT_CALL(INIT_CORE, read_boot_time);

/* What its timer was set to says nothing: an interrupt of it that came meanwhile did not set it again. */
static void program_anew(void *arg UNUSED)
{
	unsigned long flags = arch_irq_save();

	arch_cpu()->timer_armed_ns = UINT64_MAX;
	timer_program(arch_cpu());
	arch_irq_restore(flags);
}

void clock_virtual_stop(void)
{
	preempt_disable();
	is_virtual = false;
	clock_changes++;
	realtime_offset_ns = plat->boot_time_ns();
	publish();
	program_anew(NULL);
	cpus_call(atomic_load(&cpus_online), program_anew, NULL);
	preempt_enable();
}

/*
 * Time goes on from where it stood, but nobody has armed this machine's timer, and the time of day is another one by
 * now. What is set by hand is lost, as the machine's own is the better one.
 */
static void go_on_in_copy(void)
{
	uint64_t offset_ns;

	if (is_virtual)
		return;
	offset_ns = plat->boot_time_ns();
	if (offset_ns)
		atomic_store(&realtime_offset_ns, offset_ns);
	publish();
	program_anew(NULL);
}
SUSPEND_CALL(SUSPEND_CORE, clock, NULL, go_on_in_copy, NULL);

/* Also asked in signal handlers, which come at any moment: an input's coverage must not show it. */
NO_INSTRUMENT bool clock_is_virtual(void)
{
	return is_virtual;
}

/* The CPU whose next timer is the earliest, if that is due at limit_ns. */
static struct cpu *earliest_due(uint64_t limit_ns)
{
	struct cpu *earliest = NULL;

	for (unsigned i = 0; i < cpu_count; i++) {
		uint64_t deadline = cpus[i]->timer_first_ns;

		if (deadline <= limit_ns && (!earliest || deadline < earliest->timer_first_ns))
			earliest = cpus[i];
	}
	return earliest;
}

void clock_virtual_advance(uint64_t by_ns)
{
	uint64_t target_ns = virtual_now_ns + by_ns;
	unsigned long flags = arch_irq_save();
	struct cpu *cpu;

	/* Step by step, so that a timer sees the time it asked for, and what it arms takes its place in the order. */
	while ((cpu = earliest_due(target_ns))) {
		virtual_now_ns = max(virtual_now_ns, cpu->timer_first_ns);
		timer_run(cpu, virtual_now_ns);
	}
	virtual_now_ns = target_ns;
	arch_irq_restore(flags);
}

static bool never(void *arg UNUSED)
{
	return false;
}

int clock_sleep_until(uint64_t deadline_ns)
{
	int err = wait_until_any(never, NULL, deadline_ns);

	return err == -ETIMEDOUT ? 0 : err;
}
