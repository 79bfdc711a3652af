/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls of an input, each made by the thread that it names. One call begins at a time, in the order of the input.
 * The next one begins when the last has returned or sleeps, so what sleeps can be woken by what follows; a thread that
 * sleeps when its next call comes is waited for. A thread ends when no call that follows names it.
 *
 * Nothing of this is under a lock: in harness mode one CPU runs, and threads only change where they sleep.
 */
#include <fuzz/guest/guest_internal.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/signal.h>
#include <kernel/string.h>
#include <kernel/thread.h>

#define READY_STACKS 3

struct maker {
	struct thread *thread; /* referenced, but for the input's own; NULL: not made */
	uint32_t call;	       /* that it makes, or made last */
	bool waits;	       /* for its turn; else it makes a call, or ends */
	bool blocked;
};

static struct maker makers[HARNESS_THREADS_MAX] = { { .call = NO_CALL } };
static const struct harness_calls *calls; /* NULL: they are not made by harness_make_calls() */
static unsigned made;		  /* threads made, less the input's own */
static uint32_t next;			  /* the call that begins next, or has begun last */
static unsigned turn;			  /* who is to make it */
static bool begun;			  /* it has */
static bool over;
static struct wait_queue turns;

static bool alive(unsigned n)
{
	const struct thread *thread = makers[n].thread;

	return n == 0 || (thread && atomic_load(&thread->state) != THREAD_DEAD);
}

static bool busy(unsigned n)
{
	return !makers[n].waits && alive(n);
}

static struct maker *own(void)
{
	const struct thread *self = thread_current();

	for (unsigned n = 1; made && n < HARNESS_THREADS_MAX; n++)
		if (makers[n].thread == self)
			return &makers[n];
	return &makers[0];
}

/* ---- whose turn it is ---- */

static void set_turn(void)
{
	unsigned n = calls->thread(next);

	turn = alive(n) ? n : 0;
	begun = false;
}

static bool any_busy(void)
{
	for (unsigned n = 0; n < HARNESS_THREADS_MAX; n++)
		if (busy(n))
			return true;
	return false;
}

static void advance(void)
{
	if (next < calls->count)
		next++;
	if (next < calls->count)
		set_turn();
	over |= next == calls->count && !made;
	if (made)
		wake_all(&turns);
}

/* False when no call that is yet to begin names it. */
static bool is_named(unsigned n)
{
	for (uint32_t i = begun ? next + 1 : next; i < calls->count; i++)
		if (calls->thread(i) == n)
			return true;
	return false;
}

static bool is_next(unsigned n)
{
	return next < calls->count && turn == n && !begun;
}

static bool may_go_on(void *arg)
{
	unsigned n = (unsigned)(uintptr_t)arg;

	return over || is_next(n) || (n && !is_named(n)) || thread_current()->killed;
}

/* False: there is none for it any more. */
static bool wait_for_turn(unsigned n)
{
	bool killed = false, interrupted;

	while (!is_next(n) && !over && !killed && (!n || is_named(n))) {
		makers[n].waits = true;
		/* A signal acts as soon as it is there, as on any thread that is not in a call. */
		interrupted = wait_until(&turns, may_go_on, (void *)(uintptr_t)n, WAIT_FOREVER);
		makers[n].waits = false;
		if (interrupted && !atomic_load(&thread_current()->killed))
			signal_deliver(NULL);
		killed = atomic_load(&thread_current()->killed);
	}
	return is_next(n) && !over && !killed;
}

static void make_calls(unsigned n)
{
	while (wait_for_turn(n)) {
		uint32_t call = next;

		begun = true;
		calls->make(call, n);
		if (next == call)
			advance();
	}
}

/* Stacks are kept once they have been made; to map one costs more than most inputs do. */
int calls_init(void)
{
	void *stacks[READY_STACKS] = { NULL };
	int err = 0;

	for (size_t i = 0; i < READY_STACKS; i++) {
		stacks[i] = stack_alloc(THREAD_STACK_SIZE);
		if (!stacks[i])
			err = -ENOMEM;
	}
	for (size_t i = 0; i < READY_STACKS; i++)
		if (stacks[i])
			stack_free(stacks[i], THREAD_STACK_SIZE);
	return err;
}

void harness_make_calls(const struct harness_calls *those)
{
	calls = those;
	wait_queue_init(&turns);
	makers[0].thread = thread_current();
	over = calls->count == 0;
	if (!over)
		set_turn();
	make_calls(0);
}

/* ---- when every thread sleeps ---- */

bool calls_go_on(void)
{
	if (!made || over)
		return false;
	if (next < calls->count && begun)
		advance();
	else if (next < calls->count && !alive(turn))
		set_turn();
	if (next == calls->count && !any_busy())
		over = true;
	wake_all(&turns);
	return over || (next < calls->count && makers[turn].waits);
}

bool calls_give_up(void)
{
	if (!made) {
		makers[0].blocked = true;
		return false;
	}
	for (unsigned n = HARNESS_THREADS_MAX; n-- > 0;) {
		if (!busy(n) || !wait_end_hope(makers[n].thread))
			continue;
		makers[n].blocked = true;
		return true;
	}
	return false;
}

/* ---- the other threads ---- */

int harness_thread_room(void)
{
	unsigned n;

	if (!harness_active() || !calls)
		return -ENOSYS;
	n = calls->makes(own()->call);
	return n && n < HARNESS_THREADS_MAX && !makers[n].thread ? 0 : -EAGAIN;
}

void harness_thread_started(struct thread *thread)
{
	struct maker *maker = &makers[calls->makes(own()->call)];

	maker->thread = thread_get(thread);
	maker->call = NO_CALL;
	made++;
}

void harness_thread_run(void)
{
	make_calls((unsigned)(own() - makers));
}

static bool is_dead(void *arg)
{
	return atomic_load(&((struct thread *)arg)->state) == THREAD_DEAD;
}

void harness_threads_end(void)
{
	struct thread *self = thread_current();

	if (!calls)
		return;
	/* Whoever ended the input's program may have killed this thread with it. */
	atomic_store(&self->killed, false);
	over = true;
	for (unsigned n = 1; made && n < HARNESS_THREADS_MAX; n++)
		if (makers[n].thread)
			thread_kill(makers[n].thread);
	for (unsigned n = 1; made && n < HARNESS_THREADS_MAX; n++) {
		struct thread *thread = makers[n].thread;

		if (!thread)
			continue;
		while (wait_until_killed(&thread->exited, is_dead, thread))
			continue;
		makers[n].thread = NULL;
		thread_put(thread);
	}
	made = 0;
	calls = NULL;
}

void calls_again(void)
{
	harness_threads_end();
	memset(makers, 0, sizeof(makers));
	makers[0].call = NO_CALL;
	next = turn = 0;
	begun = over = false;
}

/* ---- what is told of a call ---- */

void harness_call_begin(uint32_t index)
{
	struct maker *maker = own();

	maker->call = index;
	maker->blocked = false;
	clock_virtual_advance(VIRTUAL_CALL_NS);
}

bool harness_call_blocked(void)
{
	struct maker *maker = own();
	bool was = maker->blocked;

	maker->blocked = false;
	return was;
}

uint32_t calls_current(void)
{
	return own()->call;
}

bool calls_on_first_thread(void)
{
	return own() == &makers[0];
}
