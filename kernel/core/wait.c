/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wait queues and sleeping.
 *
 * No wake-up is lost: a sleeper is on its queues, then says SLEEPING, then asks its condition; a waker changes the
 * state, then looks at the queue, then wakes. A fence between the two steps of each makes one of them see the other.
 */
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/crash.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/thread.h>
#include <kernel/wait.h>
#include <plat/plat.h>

#include "sched_internal.h"

static struct spinlock sleepers_lock = SPINLOCK_INIT;
static struct list sleepers = LIST_INIT(sleepers); /* latest last */
static wait_idle_t *idle_hook;
static const struct cpu *idle_hook_cpu;

/* ---- queues ---- */

void wait_queue_init(struct wait_queue *queue)
{
	spin_init(&queue->lock);
	list_init(&queue->waiters);
}

static void queue_add(struct wait_queue *queue, struct wait_entry *entry, bool exclusive)
{
	unsigned long flags = spin_lock(&queue->lock);

	entry->queue = queue;
	entry->exclusive = exclusive;
	list_append(&queue->waiters, &entry->node);
	spin_unlock(&queue->lock, flags);
}

void wait_add(struct wait_queue *queue, struct wait_entry *entry)
{
	queue_add(queue, entry, false);
}

void wait_remove(struct wait_entry *entry)
{
	struct wait_queue *queue = entry->queue;
	unsigned long flags;

	if (!queue)
		return;
	flags = spin_lock(&queue->lock);
	list_remove(&entry->node);
	entry->queue = NULL;
	spin_unlock(&queue->lock, flags);
}

/* exclusive_max: how many exclusive sleepers may be woken. */
static void wake(struct wait_queue *queue, size_t exclusive_max)
{
	unsigned long flags;

	memory_barrier();
	if (list_empty(&queue->waiters))
		return;
	flags = spin_lock(&queue->lock);
	list_foreach_safe(&queue->waiters, struct wait_entry, node, entry) {
		if (entry->notify)
			entry->notify(entry);
		else if (!entry->exclusive)
			thread_wake(entry->thread);
		else if (exclusive_max && thread_wake(entry->thread))
			exclusive_max--;
	}
	spin_unlock(&queue->lock, flags);
}

void wake_all(struct wait_queue *queue)
{
	wake(queue, SIZE_MAX);
}

void wake_one(struct wait_queue *queue)
{
	wake(queue, 1);
}

/* ---- sleeping ---- */

struct alarm {
	struct timer timer;
	struct thread *thread;
};

static void ring_alarm(struct timer *timer)
{
	thread_wake(container_of(timer, struct alarm, timer)->thread);
}

static void sleepers_add(struct sleeper *sleeper)
{
	unsigned long flags = spin_lock(&sleepers_lock);

	list_append(&sleepers, &sleeper->node);
	spin_unlock(&sleepers_lock, flags);
}

static void sleepers_remove(struct sleeper *sleeper)
{
	unsigned long flags = spin_lock(&sleepers_lock);

	list_remove(&sleeper->node);
	spin_unlock(&sleepers_lock, flags);
}

/* 1: go on sleeping; else wait_sleep()'s result. */
static int sleeper_verdict(struct sleeper *sleeper, uint64_t deadline_ns)
{
	if (sleeper->condition(sleeper->arg))
		return 0;
	if (!sleeper->stubborn && (atomic_load(&sleeper->thread->killed) || atomic_load(&sleeper->hopeless)))
		return -EINTR;
	if (!sleeper->stubborn && !sleeper->deaf && atomic_load(&sleeper->thread->interrupted))
		return -EINTR;
	if (deadline_ns != WAIT_FOREVER && clock_ns() >= deadline_ns)
		return -ETIMEDOUT;
	return 1;
}

static int sleep_loop(struct sleeper *sleeper, uint64_t deadline_ns)
{
	struct thread *thread = sleeper->thread;
	int verdict;

	for (;;) {
		atomic_store(&thread->state, THREAD_SLEEPING);
		memory_barrier();
		verdict = sleeper_verdict(sleeper, deadline_ns);
		if (verdict <= 0)
			break;
		sched_block();
	}
	/* Awake by itself, or woken already: nobody has put it on a run queue while it runs. */
	atomic_store(&thread->state, THREAD_READY);
	return verdict;
}

int wait_sleep(struct sleeper *sleeper, uint64_t deadline_ns)
{
	struct alarm alarm = { .thread = thread_current() };
	int result;

	assert(thread_may_sleep());
	sleeper->thread = thread_current();
	sleepers_add(sleeper);
	timer_init(&alarm.timer, ring_alarm);
	if (deadline_ns != WAIT_FOREVER)
		timer_arm(&alarm.timer, deadline_ns);
	result = sleep_loop(sleeper, deadline_ns);
	if (deadline_ns != WAIT_FOREVER)
		timer_cancel(&alarm.timer);
	sleepers_remove(sleeper);
	return result;
}

static int sleep_until(struct sleeper *sleeper, uint64_t deadline_ns)
{
	check_may_sleep();
	if (sleeper->condition(sleeper->arg))
		return 0;
	if (deadline_ns != WAIT_FOREVER && deadline_ns <= clock_ns())
		return -ETIMEDOUT;
	return wait_sleep(sleeper, deadline_ns);
}

int wait_until_any(wait_condition_t *condition, void *arg, uint64_t deadline_ns)
{
	struct sleeper sleeper = { .condition = condition, .arg = arg };

	return sleep_until(&sleeper, deadline_ns);
}

static int sleep_on(struct wait_queue *queue, struct sleeper *sleeper, uint64_t deadline_ns)
{
	struct wait_entry entry = { .thread = thread_current() };
	int result;

	check_may_sleep();
	if (sleeper->condition(sleeper->arg))
		return 0;
	queue_add(queue, &entry, true);
	result = sleep_until(sleeper, deadline_ns);
	wait_remove(&entry);
	/* It may have been the one that wake_one() chose, and will not take what there is. */
	if (result)
		wake_one(queue);
	return result;
}

int wait_until(struct wait_queue *queue, wait_condition_t *condition, void *arg, uint64_t deadline_ns)
{
	struct sleeper sleeper = { .condition = condition, .arg = arg };

	return sleep_on(queue, &sleeper, deadline_ns);
}

int wait_until_killed(struct wait_queue *queue, wait_condition_t *condition, void *arg)
{
	struct sleeper sleeper = { .condition = condition, .arg = arg, .deaf = true };

	return sleep_on(queue, &sleeper, WAIT_FOREVER);
}

void wait_for_work(struct wait_queue *queue, wait_condition_t *condition, void *arg)
{
	struct sleeper sleeper = { .condition = condition, .arg = arg, .stubborn = true };
	int err = sleep_on(queue, &sleeper, WAIT_FOREVER);

	assert(!err);
}

/* ---- when nothing can run ---- */

void wait_set_idle(wait_idle_t *idle)
{
	idle_hook_cpu = arch_cpu();
	atomic_store(&idle_hook, idle);
}

/* The function to ask on this CPU, if there is one. */
static wait_idle_t *hook_here(void)
{
	wait_idle_t *hook = atomic_load(&idle_hook);

	return !IS_ENABLED(CONFIG_SMP) || idle_hook_cpu == arch_cpu() ? hook : NULL;
}

bool wait_idles_in_place(void)
{
	return hook_here() || !arch_cpu()->idle;
}

bool wait_end_hope(struct thread *thread)
{
	unsigned long flags = spin_lock(&sleepers_lock);
	struct sleeper *chosen = NULL;

	list_foreach(&sleepers, struct sleeper, node, sleeper) {
		if (!sleeper->stubborn && (!thread || sleeper->thread == thread))
			chosen = sleeper;
	}
	if (chosen) {
		atomic_store(&chosen->hopeless, true);
		thread_wake(chosen->thread);
	}
	spin_unlock(&sleepers_lock, flags);
	return chosen;
}

void wait_idle(void)
{
	wait_idle_t *hook = hook_here();

	if (hook) {
		if (hook() && !wait_end_hope(NULL))
			crash_raise(CRASH_HANG, NULL, 0, "deadlock: every thread waits for a mutex");
		return;
	}
	/* Before threads have started there may be no interrupt to wait for. */
	if (!arch_cpu()->idle) {
		arch_relax();
		return;
	}
	arch_irq_disable();
	if (sched_others_ready(arch_cpu()))
		arch_irq_enable();
	else
		(plat->irq_wait ?: arch_irq_wait)();
}

int wait_foreach_sleeper(int (*visit)(struct thread *thread, wait_condition_t *condition, void *arg, void *context),
			 void *context)
{
	unsigned long flags = spin_lock(&sleepers_lock);
	struct cpu *cpu = arch_cpu();
	struct thread *self = cpu->thread;
	int result = 0;

	list_foreach(&sleepers, struct sleeper, node, sleeper) {
		if (atomic_load(&sleeper->thread->state) != THREAD_SLEEPING)
			continue;
		/* A condition may be about the thread that asks, as a signalfd is: it is asked as the sleeper would. */
		cpu->thread = sleeper->thread;
		result = visit(sleeper->thread, sleeper->condition, sleeper->arg, context);
		cpu->thread = self;
		if (result)
			break;
	}
	spin_unlock(&sleepers_lock, flags);
	return result;
}
