/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scheduler: a run queue a CPU, round robin with slices of 10 ms, longer or shorter by nice. A thread stays on
 * the CPU it was started on, so that per-CPU data found with preemption on remains the right one.
 *
 * run_lock of a CPU is held across the switch: the thread that stops takes it, the one that goes on releases it. So
 * whoever holds the lock sees each thread either running (cpu->thread), or on the queue, or fully off its stack.
 */
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/thread.h>

#include "sched_internal.h"

#define SLICE_NS (10 * NSEC_PER_MSEC)

/* nice 0: 10 ms; -20: 20 ms; 19: 0.5 ms. */
static uint64_t slice_ns(const struct thread *thread)
{
	return SLICE_NS * (uint64_t)(20 - thread->nice) / 20;
}

bool sched_others_ready(const struct cpu *cpu)
{
	return !list_empty(&cpu->run_queue);
}

static struct thread *take_next(struct cpu *cpu)
{
	struct thread *next;

	if (list_empty(&cpu->run_queue))
		return cpu->idle;
	next = list_first(&cpu->run_queue, struct thread, run_node);
	list_remove(&next->run_node);
	return next;
}

static void account(struct thread *thread, uint64_t now_ns)
{
	uint64_t used_ns = now_ns - thread->switched_in_ns;

	thread->cpu_ns += used_ns;
	if (thread->cpu_total)
		atomic_fetch_add(thread->cpu_total, used_ns);
	thread->switched_in_ns = now_ns;
}

void thread_account(void)
{
	unsigned long irq = arch_irq_save();

	account(thread_current(), clock_ns());
	arch_irq_restore(irq);
}

static void start_slice(struct cpu *cpu, struct thread *thread, uint64_t now_ns)
{
	thread->switched_in_ns = now_ns;
	thread->slice_end_ns = now_ns + slice_ns(thread);
	cpu->need_resched = false;
}

/* The rest of a switch, on the new thread's stack. Interrupts are off, and stay so. */
static void finish_switch(void)
{
	unsigned long flags = arch_irq_save();
	struct cpu *cpu = arch_cpu();
	struct thread *ended = cpu->reap;

	cpu->reap = NULL;
	spin_unlock(&cpu->run_lock, flags);
	timer_program(cpu);
	if (ended)
		thread_put(ended);
}

static void switch_address_space(const struct thread *prev, const struct thread *next)
{
	if (next->aspace != prev->aspace)
		arch_pagetable_activate(next->aspace ? &next->aspace->tables : &arch_kernel_pagetable);
}

/* Returns when somebody switches back to the caller; run_lock is released by then. */
static void switch_to(struct cpu *cpu, struct thread *next)
{
	struct thread *prev = cpu->thread;

	cpu->thread = next;
	cpu->kernel_stack_top = (uintptr_t)next->stack_base + next->stack_size;
	cpu->switches++;
	switch_address_space(prev, next);
	if (prev->state == THREAD_DEAD) {
		cpu->reap = prev;
		arch_context_exit(prev, next);
	}
	arch_context_switch(prev, next);
	finish_switch();
}

/*
 * A thread that was preempted between saying SLEEPING and going to sleep stays on the queue: it has yet to ask its
 * condition.
 */
static void schedule(bool preempted)
{
	unsigned long flags = arch_irq_save();
	struct cpu *cpu = arch_cpu();
	struct thread *prev = cpu->thread, *next;
	unsigned long off = spin_lock(&cpu->run_lock);
	uint64_t now_ns;

	if (prev != cpu->idle && (preempted || prev->state == THREAD_READY))
		list_append(&cpu->run_queue, &prev->run_node);
	next = take_next(cpu);
	now_ns = clock_ns();
	account(prev, now_ns);
	start_slice(cpu, next, now_ns);
	if (next == prev)
		spin_unlock(&cpu->run_lock, off);
	else
		switch_to(cpu, next);
	arch_irq_restore(flags);
}

void sched_first_run(void)
{
	finish_switch();
	arch_irq_enable();
}

void sched_give_way(void)
{
	schedule(false);
}

void sched_block(void)
{
	if (wait_idles_in_place() && !sched_others_ready(arch_cpu()))
		wait_idle();
	else
		schedule(false);
}

void sched_exit(void)
{
	arch_irq_disable();
	preempt_enable();
	schedule(false);
	__builtin_unreachable();
}

/* The caller holds run_lock. */
static void make_ready(struct cpu *cpu, struct thread *thread)
{
	thread->state = THREAD_READY;
	if (cpu->thread == thread || !list_empty(&thread->run_node))
		return;
	list_append(&cpu->run_queue, &thread->run_node);
	if (cpu->thread == cpu->idle)
		cpu->need_resched = true;
	else if (cpu == arch_cpu())
		timer_program(cpu);
}

void sched_start(struct thread *thread)
{
	struct cpu *cpu = thread->cpu;
	unsigned long flags = spin_lock(&cpu->run_lock);

	make_ready(cpu, thread);
	spin_unlock(&cpu->run_lock, flags);
}

bool thread_wake(struct thread *thread)
{
	struct cpu *cpu = thread->cpu;
	unsigned long flags = spin_lock(&cpu->run_lock);
	bool slept = thread->state == THREAD_SLEEPING;

	if (slept)
		make_ready(cpu, thread);
	spin_unlock(&cpu->run_lock, flags);
	return slept;
}

void thread_yield(void)
{
	if (sched_others_ready(arch_cpu()))
		schedule(false);
}

void thread_preempt(void)
{
	struct cpu *cpu = arch_cpu();

	if (cpu->need_resched && !cpu->preempt_count && !cpu->irq_depth)
		schedule(true);
}

void thread_tick(uint64_t now_ns)
{
	struct cpu *cpu = arch_cpu();

	if (cpu->thread != cpu->idle && now_ns >= cpu->thread->slice_end_ns && sched_others_ready(cpu))
		cpu->need_resched = true;
}

/* Threads do not move between CPUs, so this CPU's count is still ours after an interrupt in between. */
void preempt_disable(void)
{
	arch_cpu()->preempt_count++;
	compiler_barrier();
}

void preempt_enable(void)
{
	struct cpu *cpu = arch_cpu();

	compiler_barrier();
	cpu->preempt_count--;
	if (unlikely(cpu->need_resched) && !cpu->preempt_count && !cpu->irq_depth && arch_irq_enabled())
		schedule(true);
}

bool thread_may_sleep(void)
{
	struct cpu *cpu = arch_cpu();

	return !cpu->preempt_count && !cpu->irq_depth;
}
