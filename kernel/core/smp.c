/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPUs beside the first. They are started together and come up while the boot goes on; each begins as its own idle
 * thread. What one CPU wants of others it leaves in its struct cpu, sets its bit in each of theirs, and interrupts
 * them.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/profile.h>
#include <kernel/smp.h>

#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/metrics.h>
#include <kernel/page.h>
#include <kernel/thread.h>
#include <plat/plat.h>

#include "sched_internal.h"

/* How long CPUs may take to come up: on a busy host an emulated one waits for its turn. */
#define START_NS (5 * NSEC_PER_SEC)

/* Those that were started and have not come up. One that finds its bit gone came too late, and must not run. */
static uint64_t expected;

/* ---- start ---- */

static struct cpu *cpu_create(unsigned id, uint32_t hardware_id)
{
	struct cpu *cpu = heap_zalloc(sizeof(*cpu));

	if (!cpu)
		return NULL;
	cpu->id = id;
	cpu->hardware_id = hardware_id;
	cpu->timer_first_ns = cpu->timer_armed_ns = UINT64_MAX;
	list_init(&cpu->run_queue);
	list_init(&cpu->timers);
	spin_init(&cpu->run_lock);
	spin_init(&cpu->timer_lock);
	if (trace_add_cpu(id) || metrics_add_cpu(cpu) || thread_create_idle(cpu)) {
		metrics_drop_cpu(cpu);
		heap_free(cpu);
		return NULL;
	}
	cpu->thread = cpu->running = cpu->idle;
	cpu->kernel_stack_top = (uintptr_t)cpu->idle->stack_base + cpu->idle->stack_size;
	cpu->shadow_sp = (uintptr_t)stack_shadow(cpu->idle->stack_base);
	return cpu;
}

/* The CPUs to start: their hardware ids, this one's left out. */
static unsigned find_others(uint32_t ids[CPUS_MAX])
{
	uint32_t found[CPUS_MAX];
	unsigned count = plat->cpus_find ? plat->cpus_find(boot_info, found, CPUS_MAX) : 0, others = 0;
	uint64_t most = boot_option_number("cpus", CPUS_MAX);

	for (unsigned i = 0; i < count && others + 1 < most && others + 1 < CPUS_MAX; i++)
		if (found[i] != cpus[0]->hardware_id)
			ids[others++] = found[i];
	return others;
}

void cpus_start(void)
{
	uint32_t ids[CPUS_MAX];
	unsigned count;

	cpus[0]->hardware_id = arch_cpu_hardware_id();
	count = find_others(ids);
	while (cpu_count <= count && (cpus[cpu_count] = cpu_create(cpu_count, ids[cpu_count - 1])))
		cpu_count++;
	if (cpu_count <= count)
		log_warning("no memory for more than %u CPUs", cpu_count);
	if (cpu_count == 1)
		return;
	expected = (cpu_bit(cpus[cpu_count - 1]) << 1) - 1 - cpu_bit(cpus[0]);
	plat->cpus_start(ids, cpu_count - 1, arch_cpu_entry());
}

void cpus_wait(void)
{
	uint64_t until = clock_ns() + START_NS, missing;

	while (atomic_load(&expected) && clock_ns() < until)
		arch_relax();
	for (missing = atomic_exchange(&expected, 0); missing; missing &= missing - 1) {
		unsigned i = (unsigned)__builtin_ctzll(missing);

		log_warning("CPU %u (id %u) did not start", i, cpus[i]->hardware_id);
	}
}

void cpu_main(struct cpu *cpu)
{
	plat->cpu_init();
	if (!(atomic_fetch_and(&expected, ~cpu_bit(cpu)) & cpu_bit(cpu)))
		arch_cpu_halt();
	atomic_fetch_or(&cpus_online, cpu_bit(cpu));
	profiler_start_cpu();
	arch_irq_enable();
	cpu_idle();
}

/* ---- talk ---- */

void cpu_kick(struct cpu *cpu)
{
	if (!atomic_exchange(&cpu->kicked, true))
		plat->cpu_interrupt(cpu->hardware_id);
}

/* Does what others want of this CPU. */
static void answer(struct cpu *cpu)
{
	uint64_t callers = atomic_load(&cpu->callers) ? atomic_exchange(&cpu->callers, 0) : 0;

	while (callers) {
		struct cpu *caller = cpus[__builtin_ctzll(callers)];

		callers &= callers - 1;
		caller->request(caller->request_arg);
		atomic_fetch_and(&caller->request_left, ~cpu_bit(cpu));
	}
}

void cpu_interrupt(void)
{
	struct cpu *cpu = arch_cpu();

	/* First, so that what comes from here on has an interrupt of its own. */
	atomic_store(&cpu->kicked, false);
	memory_barrier();
	answer(cpu);
	timer_program(cpu);
}

void cpus_call(uint64_t set, void (*fn)(void *arg), void *arg)
{
	struct cpu *self;

	preempt_disable();
	self = arch_cpu();
	set &= atomic_load(&cpus_online) & ~cpu_bit(self);
	self->request = fn;
	self->request_arg = arg;
	atomic_store(&self->request_left, set);
	memory_barrier();
	for (uint64_t left = set; left; left &= left - 1) {
		struct cpu *cpu = cpus[__builtin_ctzll(left)];

		atomic_fetch_or(&cpu->callers, cpu_bit(self));
		cpu_kick(cpu);
	}
	/* Where interrupts are off, others that wait for us are answered here. */
	while (atomic_load(&self->request_left)) {
		unsigned long irq = arch_irq_save();

		answer(self);
		arch_irq_restore(irq);
		arch_relax();
	}
	preempt_enable();
}
