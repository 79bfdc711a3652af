/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which CPU a thread runs on. A thread that becomes ready goes to where there is least to do, if possible where it was.
 * A CPU that runs out of threads takes one from the longest queue; one whose slice ends gives one away when another has
 * clearly less to do. So no CPU idles while threads wait, and long-running ones get equal shares.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/atomic.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/smp.h>
#include <kernel/thread.h>

#include "sched_internal.h"

/* Threads that run or wait there. */
static unsigned load_of(const struct cpu *cpu)
{
	return atomic_load_relaxed(&cpu->ready_count) + (atomic_load_relaxed(&cpu->running) != cpu->idle);
}

/* The CPU of a set with least to do; among equals the favourite, else the first. NULL: the set is empty. */
static struct cpu *least_loaded(uint64_t set, const struct cpu *favourite)
{
	struct cpu *best = NULL;
	unsigned best_load = 0;

	for (; set; set &= set - 1) {
		struct cpu *cpu = cpus[__builtin_ctzll(set)];
		unsigned load = load_of(cpu);

		if (!best || load < best_load || (load == best_load && cpu == favourite)) {
			best = cpu;
			best_load = load;
		}
	}
	return best;
}

struct cpu *sched_choose_cpu(const struct thread *thread)
{
	uint64_t online = atomic_load_relaxed(&cpus_online);
	struct cpu *best = least_loaded(atomic_load_relaxed(&thread->affinity) & online, thread->cpu);

	return best ?: cpus[0];
}

void sched_move(struct cpu *cpu, struct thread *thread)
{
	/* From here on nobody else wakes it or puts it on a queue. It asks its condition again if it was to sleep. */
	thread->state = THREAD_READY;
	cpu->moving = thread;
}

/* The first on a CPU's queue that may run on another; the run_lock is held. */
static struct thread *first_for(const struct cpu *cpu, const struct cpu *other)
{
	list_foreach(&cpu->run_queue, struct thread, run_node, thread) {
		if (sched_may_run(thread, other))
			return thread;
	}
	return NULL;
}

static struct thread *steal_from(struct cpu *victim, struct cpu *cpu)
{
	struct thread *thread;
	unsigned long flags;

	/* Two that steal from each other must not wait for each other. */
	if (!spin_try_lock(&victim->run_lock, &flags))
		return NULL;
	thread = first_for(victim, cpu);
	if (thread) {
		sched_queue_remove(victim, thread);
		TRACE(sched_migrate, thread->id, victim->id, cpu->id);
		atomic_store(&thread->cpu, cpu);
	}
	spin_unlock(&victim->run_lock, flags);
	return thread;
}

struct thread *sched_steal(struct cpu *cpu)
{
	struct thread *thread = NULL;

	/* From the longest queue, and if that has nothing for us, from any. */
	for (unsigned most = 2; most-- && !thread;) {
		for (unsigned i = 1; i < cpu_count && !thread; i++) {
			struct cpu *victim = cpus[(cpu->id + i) % cpu_count];

			if (atomic_load_relaxed(&victim->ready_count) > most)
				thread = steal_from(victim, cpu);
		}
	}
	return thread;
}

void sched_push(struct cpu *cpu)
{
	uint64_t others = atomic_load_relaxed(&cpus_online) & ~cpu_bit(cpu);
	struct cpu *least = least_loaded(others, NULL);
	struct thread *thread;

	/* The one that goes on is not on the queue. */
	if (cpu->moving || !least || load_of(least) + 2 > cpu->ready_count + 1)
		return;
	thread = first_for(cpu, least);
	if (thread) {
		sched_queue_remove(cpu, thread);
		sched_move(cpu, thread);
	}
}

void sched_call_idle(const struct cpu *cpu)
{
	for (unsigned i = 0; i < cpu_count; i++) {
		struct cpu *other = cpus[i];

		if (other == cpu || !(atomic_load_relaxed(&cpus_online) & cpu_bit(other)) || load_of(other))
			continue;
		other->need_resched = true;
		cpu_kick(other);
		return;
	}
}

void sched_set_affinity(struct thread *thread, uint64_t set)
{
	unsigned long flags;
	struct cpu *cpu = sched_lock_cpu_of(thread, &flags);

	atomic_store(&thread->affinity, set);
	if (sched_may_run(thread, cpu)) {
		spin_unlock(&cpu->run_lock, flags);
	} else if (cpu->running == thread) {
		cpu->need_resched = true;
		spin_unlock(&cpu->run_lock, flags);
		if (thread == thread_current())
			sched_reconsider();
		else
			cpu_kick(cpu);
	} else if (!list_empty(&thread->run_node)) {
		sched_queue_remove(cpu, thread);
		thread->state = THREAD_READY;
		atomic_store(&thread->cpu, sched_choose_cpu(thread));
		spin_unlock(&cpu->run_lock, flags);
		sched_place(thread);
	} else {
		spin_unlock(&cpu->run_lock, flags); /* it sleeps, or is on its way */
	}
}
