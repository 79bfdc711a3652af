/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stack that is jumped over: a buffer on it is as large as the sender says, so that it starts in another thread's
 * stack, and no guard page in between is ever touched. What that thread's switch has saved is overwritten, and the
 * thread woken. A negative control for guard pages.
 */
#include "attacks.h"

#include <kernel/atomic.h>
#include <kernel/thread.h>
#include <kernel/wait.h>

#define THREADS 8
#define SAVED_REGISTERS 6 /* arch/x86_64/switch.S: then the return address */

static struct wait_queue queue;
static bool awake;
static struct attack_leaky last_buffer, last_waiter;
static ptrdiff_t to_saved; /* from a sleeper's place on the queue to what its switch saves: the disassembly's */

static bool is_awake(void *arg)
{
	return atomic_load(&awake);
}

static void sleep(void *arg)
{
	if (!wait_until(&queue, is_awake, NULL, WAIT_FOREVER))
		atomic_store(&awake, false);
}

/* The mistake: len is the sender's. (It would be none to fill it first: that runs into the guard page.) */
static NOINLINE uint64_t take(const uint64_t *words, size_t count, size_t len)
{
	uint64_t *copy = __builtin_alloca_uninitialized(attack_opaque(len));

	last_buffer.pointer = copy;
	for (size_t i = 0; i < count; i++)
		attack_opaque(copy)[i] = words[i];
	return attack_opaque(copy)[0];
}

static struct thread *start_sleeper(void)
{
	struct thread *thread;

	wait_queue_init(&queue);
	thread = thread_create("sleeper", sleep, NULL);
	if (!thread)
		return NULL;
	thread_start(thread);
	while (thread->state != THREAD_SLEEPING)
		thread_yield();
	last_waiter.pointer = queue.waiters.next;
	to_saved = (ptrdiff_t)(thread->context.sp - (uintptr_t)queue.waiters.next);
	return thread;
}

static void wake(void)
{
	atomic_store(&awake, true);
	wake_all(&queue);
	while (atomic_load(&awake))
		thread_yield();
}

static bool benign(const struct attack *attack)
{
	const uint64_t words[2] = { 5, 6 };

	if (!start_sleeper())
		return false;
	wake();
	return take(words, 2, sizeof(words)) == 5;
}

/* In a thread whose stack is above the sleeper's. */
static void jump(void *arg)
{
	const uint64_t goal = attack_linked_code(attack_goal) + attack_leaked_slide();
	const uint64_t words[2] = { goal, goal };
	uintptr_t target, buffer;

	target = attack_leaky_read(&last_waiter, ATTACK_LEAK) + (uintptr_t)to_saved + SAVED_REGISTERS * 8;
	take(words, 2, sizeof(words));
	buffer = attack_leaky_read(&last_buffer, ATTACK_LEAK);
	/* A buffer is aligned: it starts there or at the word before, a saved register. */
	target = align_down(target, 16);
	if (buffer < target)
		return;
	attack_primitive(arg);
	take(words, 2, buffer + sizeof(words) - target);
	wake();
}

static void run(const struct attack *attack)
{
	if (!start_sleeper())
		attack_failed(attack, "no memory");
	/* Each has another stack, while none of them ends: some are above. */
	for (int i = 0; i < THREADS; i++)
		attack_in_thread(jump, (void *)(uintptr_t)attack);
	attack_failed(attack, "no thread's stack is above the other's");
}

ATTACK(stack_jump, .family = "stack clash", .primitive = LOGIC, .knowledge = LAYOUT_LEAKED, .stopped_by = "",
       .about = "a buffer on the stack reaches over all guard pages: a negative control", .run = run, .benign = benign);
