/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scheduler: a run queue a CPU, round robin with slices of 10 ms, longer or shorter by nice. Which CPU a thread
 * gets is decided when it becomes ready (balance.c).
 *
 * run_lock of a CPU is held across the switch: the thread that stops takes it, the one that goes on releases it. So
 * whoever holds the lock sees each thread either running (cpu->running), or on the queue, or fully off its stack. A
 * thread belongs to thread->cpu, whose lock guards its state. On its way from one CPU to another it is READY and on
 * no queue, so that nobody else will touch it.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/metrics.h>
#include <kernel/smp.h>
#include <kernel/thread.h>

#include "sched_internal.h"

#define SLICE_NS (10 * NSEC_PER_MSEC)

METRIC_COUNTER(sched_wakeups, "Threads that were woken or started");
METRIC_COUNTER(sched_migrations, "Threads that went on to another CPU");

static void collect_cpus(struct metric_sink *sink, unsigned queues)
{
	for (unsigned i = 0; i < cpu_count; i++)
		metric_sample_number(sink, i, queues ? cpus[i]->ready_count : cpus[i]->switches);
}
METRIC_COUNTERS_CALL(sched_switches, "Switches from one thread to another", "cpu", collect_cpus, 0);
METRIC_GAUGES_CALL(sched_ready_threads, "Threads that wait for a CPU", "cpu", collect_cpus, 1);

/* nice 0: 10 ms; -20: 20 ms; 19: 0.5 ms. */
static uint64_t slice_ns(const struct thread *thread)
{
	return SLICE_NS * (uint64_t)(20 - thread->nice) / 20;
}

bool sched_others_ready(const struct cpu *cpu)
{
	return !list_empty(&cpu->run_queue);
}

struct cpu *sched_lock_cpu_of(struct thread *thread, unsigned long *flags)
{
	for (;;) {
		struct cpu *cpu = atomic_load(&thread->cpu);

		*flags = spin_lock(&cpu->run_lock);
		if (likely(thread->cpu == cpu))
			return cpu;
		spin_unlock(&cpu->run_lock, *flags);
	}
}

/* ---- the queue; its CPU's run_lock is held ---- */

static void queue_add(struct cpu *cpu, struct thread *thread)
{
	list_append(&cpu->run_queue, &thread->run_node);
	cpu->ready_count++;
}

void sched_queue_remove(struct cpu *cpu, struct thread *thread)
{
	list_remove(&thread->run_node);
	cpu->ready_count--;
}

static struct thread *steal(struct cpu *cpu)
{
	struct thread *thread = sched_steal(cpu);

	if (thread)
		metric_inc(sched_migrations);
	return thread;
}

static struct thread *take_next(struct cpu *cpu)
{
	struct thread *next;

	if (list_empty(&cpu->run_queue))
		return steal(cpu) ?: cpu->idle;
	next = list_first(&cpu->run_queue, struct thread, run_node);
	sched_queue_remove(cpu, next);
	return next;
}

/* Something was added: the CPU learns of it if it would not look by itself. */
static void announce(struct cpu *cpu)
{
	bool idle = cpu->running == cpu->idle;

	if (idle)
		cpu->need_resched = true;
	if (cpu != arch_cpu()) {
		if (idle || cpu->ready_count == 1)
			cpu_kick(cpu);
	} else if (!idle) {
		timer_program(cpu);
	}
}

void sched_place(struct thread *thread)
{
	unsigned long flags;
	struct cpu *cpu;

	for (;;) {
		cpu = sched_lock_cpu_of(thread, &flags);
		if (likely(sched_may_run(thread, cpu)))
			break;
		atomic_store(&thread->cpu, sched_choose_cpu(thread));
		spin_unlock(&cpu->run_lock, flags);
	}
	queue_add(cpu, thread);
	announce(cpu);
	spin_unlock(&cpu->run_lock, flags);
}

static void account(struct thread *thread, uint64_t now_ns)
{
	/* Where tests let a virtual clock come and go it may jump back. */
	uint64_t used_ns = now_ns > thread->switched_in_ns ? now_ns - thread->switched_in_ns : 0;

	thread->cpu_ns += used_ns;
	if (thread->cpu_total)
		atomic_fetch_add(thread->cpu_total, used_ns);
	thread->switched_in_ns = now_ns;
}

/* What readers on other CPUs go by, who must not look at a thread that may be gone. */
static void note_running(struct cpu *cpu, const struct thread *thread, uint64_t now_ns)
{
	atomic_store(&cpu->running_since_ns, now_ns);
	atomic_store(&cpu->running_total, thread->cpu_total);
}

void thread_charge(uint64_t *total)
{
	unsigned long irq = arch_irq_save();
	struct thread *thread = thread_current();
	uint64_t now_ns = clock_ns();

	account(thread, now_ns);
	thread->cpu_total = total;
	note_running(arch_cpu(), thread, now_ns);
	arch_irq_restore(irq);
}

uint64_t thread_cpu_ns(const struct thread *thread)
{
	const struct cpu *cpu = atomic_load(&thread->cpu);
	uint64_t used_ns = atomic_load(&thread->cpu_ns), since_ns = atomic_load(&thread->switched_in_ns);
	uint64_t now_ns = clock_ns();

	return atomic_load(&cpu->running) == thread && now_ns > since_ns ? used_ns + (now_ns - since_ns) : used_ns;
}

uint64_t thread_running_ns(const uint64_t *total)
{
	uint64_t now_ns = clock_ns(), sum_ns = 0;

	for (unsigned i = 0; i < cpu_count; i++) {
		uint64_t since_ns = atomic_load(&cpus[i]->running_since_ns);

		if (atomic_load(&cpus[i]->running_total) == total && now_ns > since_ns)
			sum_ns += now_ns - since_ns;
	}
	return sum_ns;
}

static void start_slice(struct cpu *cpu, struct thread *thread, uint64_t now_ns)
{
	thread->switched_in_ns = now_ns;
	thread->slice_end_ns = now_ns + slice_ns(thread);
	cpu->need_resched = false;
	note_running(cpu, thread, now_ns);
}

/* Lets go of the CPU's run_lock, with what had to wait for that. */
static void unlock(struct cpu *cpu, unsigned long flags)
{
	struct thread *moving = cpu->moving;

	if (moving) {
		cpu->moving = NULL;
		metric_inc(sched_migrations);
		atomic_store(&moving->cpu, sched_choose_cpu(moving));
	}
	spin_unlock(&cpu->run_lock, flags);
	if (moving)
		sched_place(moving);
}

/* The rest of a switch, on the new thread's stack. Interrupts are off, and stay so. */
static void finish_switch(void)
{
	unsigned long flags = arch_irq_save();
	struct cpu *cpu = arch_cpu();
	struct thread *ended = cpu->reap;

	cpu->reap = NULL;
	unlock(cpu, flags);
	timer_program(cpu);
	if (ended)
		thread_put(ended);
}

/* What a thread's state is to who looks from outside, as events.tbl has it. */
static uint64_t told_state(const struct thread *thread)
{
	return thread->state == THREAD_DEAD ? 2 : thread->state == THREAD_SLEEPING;
}

/* 0 stands for the idle thread of any CPU. */
static uint64_t told_id(const struct cpu *cpu, const struct thread *thread)
{
	return thread == cpu->idle ? 0 : (uint64_t)thread->id;
}

/* Returns when somebody switches back to the caller; run_lock is released by then. */
static void switch_to(struct cpu *cpu, struct thread *next)
{
	struct thread *prev = cpu->thread;
	uint64_t left = prev != cpu->idle ? TRACE_START(offcpu) : 0, state = told_state(prev);

	TRACE(sched_switch, told_id(cpu, prev), state, told_id(cpu, next));
	cpu->thread = cpu->running = next;
	cpu->kernel_stack_top = (uintptr_t)next->stack_base + next->stack_size;
	cpu->switches++;
	atomic_store_relaxed(&prev->switched, true);
	aspace_switch(next->aspace);
	if (prev->state == THREAD_DEAD) {
		cpu->reap = prev;
		arch_context_exit(prev, next);
	}
	arch_context_switch(prev, next);
	finish_switch();
	if (left)
		TRACE(offcpu, left, (uint64_t)prev->waker, state);
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

	if (prev != cpu->idle && (preempted || prev->state == THREAD_READY)) {
		if (likely(sched_may_run(prev, cpu)))
			queue_add(cpu, prev);
		else
			sched_move(cpu, prev);
	}
	next = take_next(cpu);
	if (preempted)
		sched_push(cpu);
	now_ns = clock_ns();
	account(prev, now_ns);
	start_slice(cpu, next, now_ns);
	if (next == prev)
		unlock(cpu, off);
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

/* Of a sleeping or new thread, with its CPU's run_lock held, which is released. */
static void wake_and_unlock(struct cpu *cpu, struct thread *thread, unsigned long flags)
{
	struct cpu *target = cpu;

	thread->state = THREAD_READY;
	if (IS_ENABLED(CONFIG_TRACE))
		thread->waker = told_id(arch_cpu(), arch_thread());
	TRACE(sched_wakeup, thread->id, cpu->id);
	metric_inc(sched_wakeups);
	if (cpu->running == thread || !list_empty(&thread->run_node)) {
		spin_unlock(&cpu->run_lock, flags);
		return;
	}
	target = sched_choose_cpu(thread);
	if (target == cpu) {
		queue_add(cpu, thread);
		announce(cpu);
	} else {
		atomic_store(&thread->cpu, target);
		metric_inc(sched_migrations);
	}
	spin_unlock(&cpu->run_lock, flags);
	if (target != cpu)
		sched_place(thread);
}

void sched_start(struct thread *thread)
{
	unsigned long flags;
	struct cpu *cpu = sched_lock_cpu_of(thread, &flags);

	assert(thread->state == THREAD_NEW);
	wake_and_unlock(cpu, thread, flags);
}

bool thread_wake(struct thread *thread)
{
	unsigned long flags;
	struct cpu *cpu = sched_lock_cpu_of(thread, &flags);
	bool slept = thread->state == THREAD_SLEEPING;

	if (slept)
		wake_and_unlock(cpu, thread, flags);
	else
		spin_unlock(&cpu->run_lock, flags);
	return slept;
}

void sched_notify(struct thread *thread)
{
	unsigned long flags;
	struct cpu *cpu = sched_lock_cpu_of(thread, &flags);

	if (thread->state == THREAD_SLEEPING) {
		wake_and_unlock(cpu, thread, flags);
		return;
	}
	/* Its program would not notice before it calls or its slice ends. */
	if (cpu->running == thread && cpu != arch_cpu())
		cpu_kick(cpu);
	spin_unlock(&cpu->run_lock, flags);
}

void sched_reconsider(void)
{
	schedule(true);
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

	if (cpu->thread == cpu->idle || now_ns < cpu->thread->slice_end_ns || !sched_others_ready(cpu))
		return;
	cpu->need_resched = true;
	sched_call_idle(cpu);
}

void preempt_disable(void)
{
	arch_preempt_add(1);
	compiler_barrier();
}

void preempt_enable(void)
{
	const struct cpu *cpu;

	compiler_barrier();
	arch_preempt_add(-1);
	/* Whoever was moved to another CPU right here has just been scheduled, and may look at the wrong one. */
	cpu = arch_cpu();
	if (unlikely(cpu->need_resched) && !cpu->preempt_count && !cpu->irq_depth && arch_irq_enabled())
		schedule(true);
}

bool thread_may_sleep(void)
{
	unsigned long irq = arch_irq_save();
	const struct cpu *cpu = arch_cpu();
	bool may = !cpu->preempt_count && !cpu->irq_depth;

	arch_irq_restore(irq);
	return may;
}
