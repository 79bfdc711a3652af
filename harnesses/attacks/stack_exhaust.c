/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stack that runs over: recursion as deep as the sender says fills the stack of the thread below with the sender's
 * words: places on queues, saved registers, return addresses. When that thread is woken, somebody goes where they say.
 * With guard pages there is no such thread, only a page that is not there.
 */
#include "attacks.h"

#include <kernel/atomic.h>
#include <kernel/thread.h>
#include <kernel/wait.h>

#define THREADS 8
#define WORDS 62

struct sleeper {
	struct thread *thread;
	struct wait_queue queue;
	bool may_go, is_gone, recurses;
};

static struct sleeper sleepers[THREADS];
static uint64_t word; /* what the sender says */
static unsigned depth;

/* The mistake: the message says how deep it is nested. */
static NOINLINE uint64_t parse(unsigned level)
{
	uint64_t items[WORDS], *all = attack_opaque(&items[0]);

	for (int i = 0; i < WORDS; i++)
		all[i] = word;
	if (level)
		all[1] += parse(level - 1);
	return all[0] + all[WORDS - 1];
}

static bool may_go(void *arg)
{
	struct sleeper *sleeper = arg;

	return atomic_load(&sleeper->may_go);
}

static void sleep(void *arg)
{
	struct sleeper *sleeper = arg;

	if (!wait_until(&sleeper->queue, may_go, sleeper, WAIT_FOREVER) && sleeper->recurses)
		parse(depth);
	atomic_store(&sleeper->is_gone, true);
}

static bool start(void)
{
	for (int i = 0; i < THREADS; i++) {
		struct sleeper *sleeper = &sleepers[i];

		*sleeper = (struct sleeper){ 0 };
		wait_queue_init(&sleeper->queue);
		sleeper->thread = thread_create("sleeper", sleep, sleeper);
		if (!sleeper->thread)
			return false;
		thread_start(sleeper->thread);
	}
	thread_yield();
	return true;
}

static void go(struct sleeper *sleeper)
{
	atomic_store(&sleeper->may_go, true);
	wake_all(&sleeper->queue);
	while (!atomic_load(&sleeper->is_gone))
		thread_yield();
}

static bool benign(const struct attack *attack)
{
	word = 3;
	if (!start())
		return false;
	for (int i = 0; i < THREADS; i++)
		go(&sleepers[i]);
	return parse(4) == 6;
}

/* One whose stack ends where another's begins. */
static struct sleeper *find_upper(struct sleeper **lower)
{
	for (int i = 0; i < THREADS; i++)
		for (int j = 0; j < THREADS; j++) {
			struct thread *upper = sleepers[i].thread, *below = sleepers[j].thread;

			*lower = &sleepers[j];
			if ((char *)below->stack_base + below->stack_size == upper->stack_base)
				return &sleepers[i];
		}
	return NULL;
}

static void overflow(const struct attack *attack, uintptr_t slide)
{
	struct sleeper *upper, *lower;

	if (!start())
		attack_failed(attack, "no memory");
	upper = find_upper(&lower);
	if (!upper)
		upper = &sleepers[THREADS - 1];
	word = attack_linked_code(attack_goal) + slide;
	/* Through all of its own stack and into what the one below has at its top. */
	depth = THREAD_STACK_SIZE / (WORDS * sizeof(uint64_t)) + 4;
	upper->recurses = true;
	attack_primitive(attack);
	go(upper);
	go(lower);
}
ATTACK_BODY(overflow)

/* Where the timer ticks meanwhile, one boot in some hundreds, the kernel sees an interrupt on a stack that is none. */
ATTACK(stack_exhaust, .family = "stack clash", .primitive = LOGIC, .knowledge = LAYOUT_KNOWN, .tries = 2,
       .stopped_by = "guard kcfi layout", .about = "recursion runs into the stack of another thread", .run = run,
       .benign = benign, .adaptive = adaptive);
