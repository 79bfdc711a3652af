/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for any of many words; a second thread of the same process waits.
 */
#include <kernel/abi/signal.h>
#include <kernel/abi/time.h>
#include <kernel/clock.h>
#include <kernel/systest.h>
#include <kernel/thread.h>

#define WAKE 1
#define FUTEX_32 2
#define PRIVATE 128
#define WAITERS SYSTEST_MEM
#define TIME (SYSTEST_MEM + 8192)
#define WORD (SYSTEST_MEM + 16384)
#define WORD_SIZE 4
#define MAX 128

struct waiter {
	uint64_t value, address;
	uint32_t flags, reserved;
};

static void put(unsigned i, struct waiter waiter)
{
	systest_put(i * sizeof(waiter), &waiter, sizeof(waiter));
}

/* Words that are 0, and expected to be. */
static void put_waiters(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		put(i, (struct waiter){ 0, WORD + i * WORD_SIZE, FUTEX_32 | PRIVATE, 0 });
}

static long waitv(unsigned count, user_ptr_t time, int clock)
{
	return sys(SYS_futex_waitv, WAITERS, count, 0, time, (uint64_t)clock);
}

static user_ptr_t at(int64_t sec, int64_t nsec)
{
	return systest_put(TIME - SYSTEST_MEM, (int64_t[2]){ sec, nsec }, 16);
}

SYSTEST(futex_waitv_checks_its_arguments)
{
	put_waiters(2);
	CHECK_ERR(waitv(0, 0, 0), EINVAL);
	CHECK_ERR(waitv(MAX + 1, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_futex_waitv, WAITERS, 1, 1, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_futex_waitv, 0, 1, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_futex_waitv, SYSTEST_BAD, 1, 0, 0, 0), EFAULT);
	CHECK_ERR(waitv(2, SYSTEST_BAD, CLOCK_MONOTONIC), EFAULT);
	CHECK_ERR(waitv(2, at(0, -1), CLOCK_MONOTONIC), EINVAL);
	CHECK_ERR(waitv(2, at(0, 0), CLOCK_BOOTTIME), EINVAL);
	put(1, (struct waiter){ 0, WORD, PRIVATE, 0 });
	CHECK_ERR(waitv(2, 0, 0), EINVAL);
	put(1, (struct waiter){ 0, WORD, FUTEX_32 | 4, 0 });
	CHECK_ERR(waitv(2, 0, 0), EINVAL);
	put(1, (struct waiter){ 0, WORD, FUTEX_32, 1 });
	CHECK_ERR(waitv(2, 0, 0), EINVAL);
	put(1, (struct waiter){ 0, WORD + 1, FUTEX_32, 0 });
	CHECK_ERR(waitv(2, 0, 0), EINVAL);
	put(1, (struct waiter){ 0, SYSTEST_BAD, FUTEX_32, 0 });
	CHECK_ERR(waitv(2, 0, 0), EFAULT);
	put(1, (struct waiter){ 1, WORD, FUTEX_32, 0 });
	CHECK_ERR(waitv(2, 0, 0), EAGAIN);
	/* Nobody was left in line. */
	CHECK_EQ(sys(SYS_futex, WORD, WAKE | PRIVATE, 9), 0);
}

SYSTEST(futex_waitv_ends_with_its_time)
{
	put_waiters(MAX);
	CHECK_ERR(waitv(MAX, at(0, 1), CLOCK_MONOTONIC), ETIMEDOUT);
	CHECK_ERR(waitv(MAX, at(1, 0), CLOCK_REALTIME), ETIMEDOUT);
	CHECK_EQ(sys(SYS_futex, WORD, WAKE | PRIVATE, 9), 0);
}

SYSTEST(futex_waitv_ends_with_a_signal)
{
	const uint64_t action[4] = { 0x400000 };
	const int64_t soon[4] = { 0, 50000, 0, 2000 }; /* again and again: the first may come before the wait */

	CHECK_EQ(sys(SYS_rt_sigaction, SIGALRM, systest_value(32768, &action), 0, 8), 0);
	CHECK_EQ(sys(SYS_setitimer, 0, systest_value(32768, &soon), 0), 0);
	put_waiters(3);
	CHECK_ERR(waitv(3, 0, 0), EINTR);
	CHECK_EQ(sys(SYS_futex, WORD, WAKE | PRIVATE, 9), 0);
}

SYSTEST(futex_waitv_without_memory)
{
	long err;

	put_waiters(2);
	systest_starve();
	err = waitv(2, 0, 0);
	systest_feed();
	CHECK_EQ(err, -ENOMEM);
}

struct sleeper {
	struct process *process;
	long result;
};

static void sleep_on_words(void *arg)
{
	struct sleeper *sleeper = arg;

	process_enter(sleeper->process);
	sleeper->result = waitv(MAX, 0, 0);
	process_enter(NULL);
}

/* Tells which word it was; a waiter of the same word a second time is not there any more. */
SYSTEST(futex_waitv_says_which_word)
{
	struct sleeper sleeper = { process_current(), -1 };
	struct thread *thread;
	long woken = 0;

	put_waiters(MAX);
	thread = thread_create("sleeper", sleep_on_words, &sleeper);
	CHECK(thread);
	thread_start(thread);
	for (int i = 0; i < 1000 && !woken; i++) {
		woken = sys(SYS_futex, WORD + 100 * WORD_SIZE, WAKE | PRIVATE, 1);
		if (!woken)
			clock_sleep_until(clock_ns() + NSEC_PER_MSEC);
	}
	CHECK_EQ(woken, 1);
	CHECK_EQ(thread_join(thread), 0);
	thread_put(thread);
	CHECK_EQ(sleeper.result, 100);
	CHECK_EQ(sys(SYS_futex, WORD, WAKE | PRIVATE, 1), 0);
}
