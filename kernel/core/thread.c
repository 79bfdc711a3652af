/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads: how they are born, end, and are waited for.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/metrics.h>
#include <kernel/page.h>
#include <kernel/process.h>
#include <kernel/thread.h>

#include "sched_internal.h"

static int next_id = 2; /* 1 is the boot thread */
static unsigned live = 1;
METRIC_GAUGE(threads, "Threads, the kernel's own and idle ones among them", &live);

unsigned thread_count(void)
{
	return atomic_load(&live);
}

static void run_thread(void *arg)
{
	struct thread *thread = arg;

	sched_first_run();
	thread->entry(thread->arg);
	thread_exit();
}

struct thread *thread_create(const char *name, void (*entry)(void *arg), void *arg)
{
	struct thread *thread = heap_zalloc(sizeof(*thread));

	if (!thread)
		return NULL;
	thread->stack_size = stack_size_draw(THREAD_STACK_SIZE);
	thread->stack_base = stack_alloc(THREAD_STACK_SIZE);
	if (!thread->stack_base) {
		heap_free(thread);
		return NULL;
	}
	thread->cpu = arch_cpu();
	thread->affinity = thread_current()->affinity;
	thread->state = THREAD_NEW;
	thread->refs = 1;
	thread->id = atomic_fetch_add(&next_id, 1);
	thread->entry = entry;
	thread->arg = arg;
	list_init(&thread->run_node);
	wait_queue_init(&thread->exited);
	format(thread->name, sizeof(thread->name), "%s", name);
	thread->calls = trace_calls_create();
	arch_context_init(&thread->context, thread->stack_base, thread->stack_size, run_thread, thread);
	atomic_fetch_add(&live, 1);
	stack_trim();
	return thread;
}

void thread_start(struct thread *thread)
{
	TRACE(thread_start, thread->id, thread_current()->id, thread->process ? thread->process->pid : 0, thread->name);
	thread_get(thread); /* its own, until it is off its stack */
	sched_start(thread);
}

struct thread *thread_get(struct thread *thread)
{
	atomic_fetch_add(&thread->refs, 1);
	return thread;
}

void thread_put(struct thread *thread)
{
	if (atomic_fetch_sub(&thread->refs, 1) != 1)
		return;
	assert(thread != &boot_thread);
	stack_free(thread->stack_base, THREAD_STACK_SIZE);
	trace_calls_free(thread->calls);
	heap_free(thread);
	atomic_fetch_sub(&live, 1);
}

void thread_exit(void)
{
	struct thread *thread = thread_current();

	assert(thread != &boot_thread);
	assert(thread_may_sleep());
	/* From DEAD on it must not be preempted, or it would never tell who waits for it. */
	preempt_disable();
	atomic_store(&thread->state, THREAD_DEAD);
	wake_all(&thread->exited);
	TRACE(thread_exit, thread->id);
	sched_exit();
}

static bool has_ended(void *arg)
{
	struct thread *thread = arg;

	return atomic_load(&thread->state) == THREAD_DEAD;
}

int thread_set_affinity(struct thread *thread, uint64_t cpus)
{
	cpus &= atomic_load(&cpus_online);
	if (!cpus)
		return -EINVAL;
	sched_set_affinity(thread, cpus);
	return 0;
}

int thread_join(struct thread *thread)
{
	return wait_until(&thread->exited, has_ended, thread, WAIT_FOREVER);
}

void thread_kill(struct thread *thread)
{
	atomic_store(&thread->killed, true);
	sched_notify(thread);
}

void thread_interrupt(struct thread *thread, bool interrupted)
{
	atomic_store(&thread->interrupted, interrupted);
	if (interrupted)
		sched_notify(thread);
}

void cpu_idle(void)
{
	for (;;) {
		if (!sched_others_ready(arch_cpu()))
			wait_idle();
		sched_give_way();
	}
}

static void idle_loop(void *arg UNUSED)
{
	cpu_idle();
}

int thread_create_idle(struct cpu *cpu)
{
	int id = next_id;

	cpu->idle = thread_create("idle", idle_loop, NULL);
	if (!cpu->idle)
		return -ENOMEM;
	next_id = id;
	cpu->idle->id = 0;
	cpu->idle->cpu = cpu;
	cpu->idle->affinity = cpu_bit(cpu);
	cpu->idle->state = THREAD_READY;
	return 0;
}

void thread_init(void)
{
	if (thread_create_idle(arch_cpu()))
		panic("no memory for the idle thread");
}
