/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wait queues. Every sleep in the kernel names its condition as a function, so that it can be asked again: by the
 * sleeper when it wakes, and by the harness when everybody sleeps (a condition that is then true is a lost wake-up, a
 * finding).
 *
 *	Sleeper:	err = wait_until(&pipe->readers, pipe_readable, pipe, WAIT_FOREVER);
 *	Waker:		change the state (under its lock), then wake_all(&pipe->readers);
 */
#pragma once

#include <kernel/list.h>
#include <kernel/spinlock.h>

struct thread;

struct wait_queue {
	struct spinlock lock;
	struct list waiters;	/* of struct wait_entry */
};

/* One place on one queue; lives on the sleeper's stack, or in an epoll item. */
struct wait_entry {
	struct list node;
	struct thread *thread;			/* woken, unless notify is given */
	void (*notify)(struct wait_entry *);	/* called instead, with the queue's lock held, interrupts off */
	struct wait_queue *queue;		/* the one it is on, NULL when on none */
	bool exclusive;				/* wake_one() wakes one of these; set by wait_until() only */
};

/* Must not sleep, and must not take the queue's lock. May take the lock of the state that it looks at. */
typedef bool wait_condition_t(void *arg);

#define WAIT_FOREVER UINT64_MAX
#define WAIT_QUEUE_INIT(name) { SPINLOCK_INIT, LIST_INIT((name).waiters) }

void wait_queue_init(struct wait_queue *queue);

/**
 * Sleeps until condition(arg) is true. It is asked first, then after every wake-up.
 *
 * @param deadline_ns	a clock_ns() time, or WAIT_FOREVER
 * @return 0; -ETIMEDOUT when the deadline passed with the condition false; -EINTR when the thread was killed or, in
 *	harness mode, when nothing can ever wake it (the call is then reported as `blocked`).
 */
int wait_until(struct wait_queue *queue, wait_condition_t *condition, void *arg, uint64_t deadline_ns) MUST_CHECK;

/* The same without a deadline; signals do not end it: 0, or -EINTR when the thread was killed. */
int wait_until_killed(struct wait_queue *queue, wait_condition_t *condition, void *arg) MUST_CHECK;

/*
 * The same for a thread that serves others for ever: nothing ends it but the condition, and nobody takes its sleep for
 * a sign that there is still something to hope for.
 */
void wait_for_work(struct wait_queue *queue, wait_condition_t *condition, void *arg);

/**
 * The same for a sleeper on many queues at once (poll, select): the entries are on their queues already, put there by
 * wait_add() with thread = the running thread, and stay there; the caller removes them.
 */
int wait_until_any(wait_condition_t *condition, void *arg, uint64_t deadline_ns) MUST_CHECK;

/* The caller fills thread or notify; the rest is set here. */
void wait_add(struct wait_queue *queue, struct wait_entry *entry);
/* Does nothing when it is on no queue. */
void wait_remove(struct wait_entry *entry);

/* Any context. Call with the new state visible. */
void wake_all(struct wait_queue *queue);
/* All that only watch (wait_add), and of the threads in wait_until() the first that sleeps. */
void wake_one(struct wait_queue *queue);

/**
 * Asked when a thread must sleep and no other thread can run. The idle loop waits for an interrupt; harness mode puts
 * its own function here (see kernel/harness.h), for the CPU it is on: it checks every sleeper's condition, moves the
 * virtual clock to the next timer, or gives up.
 *
 * @return 0: something may have changed, look again; -EINTR: nothing ever will.
 */
typedef int wait_idle_t(void);
void wait_set_idle(wait_idle_t *idle);

/*
 * Nothing will ever wake anybody: the given thread's sleep ends with -EINTR; NULL: that of the one which went to sleep
 * last, of those that can give up. False when it cannot: it does not sleep, or waits for a mutex.
 */
bool wait_end_hope(struct thread *thread);

/*
 * Calls visit for each sleeping thread's condition, as registered by wait_until*() and mutex_lock(), and stops at the
 * first non-zero result, which it returns. A thread that was woken and did not run yet does not sleep. Interrupts are
 * off in visit.
 */
int wait_foreach_sleeper(int (*visit)(struct thread *thread, wait_condition_t *condition, void *arg, void *context),
			 void *context);
