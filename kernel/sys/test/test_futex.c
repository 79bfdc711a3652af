/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Futexes. A second thread of the same process (a kernel thread that has entered it) wakes or waits.
 */
#include <kernel/abi/mman.h>
#include <kernel/clock.h>
#include <kernel/systest.h>
#include <kernel/thread.h>

#include "../task.h"

#define WAIT 0
#define WAKE 1
#define REQUEUE 3
#define CMP_REQUEUE 4
#define WAKE_OP 5
#define WAIT_BITSET 9
#define WAKE_BITSET 10
#define REALTIME 256
#define WORD SYSTEST_MEM
#define WORD2 (SYSTEST_MEM + 64)

static void set_word(user_ptr_t at, uint32_t value)
{
	systest_put(at - SYSTEST_MEM, &value, sizeof(value));
}

static user_ptr_t timeout(int64_t sec, int64_t nsec)
{
	return systest_put(1024, (int64_t[2]){ sec, nsec }, 16);
}

SYSTEST(futex_wait_looks_at_the_word)
{
	set_word(WORD, 5);
	CHECK_ERR(sys(SYS_futex, WORD, WAIT, 4, 0), EAGAIN);
	CHECK_ERR(sys(SYS_futex, WORD, WAIT, 5, timeout(0, 1000)), ETIMEDOUT);
	CHECK_ERR(sys(SYS_futex, WORD, WAIT_BITSET, 5, timeout(0, 0), 0, 1), ETIMEDOUT);
	CHECK_ERR(sys(SYS_futex, WORD, WAIT_BITSET | REALTIME, 5, timeout(1, 0), 0, 1), ETIMEDOUT);
	CHECK_EQ(sys(SYS_futex, WORD, WAKE, 1), 0);
}

SYSTEST(futex_errors)
{
	CHECK_ERR(sys(SYS_futex, WORD + 1, WAIT, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_futex, SYSTEST_BAD, WAIT, 0, 0), EFAULT);
	CHECK_ERR(sys(SYS_futex, SYSTEST_KERNEL, WAKE, 0, 0), EFAULT);
	CHECK_ERR(sys(SYS_futex, WORD, WAIT, 0, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_futex, WORD, WAIT, 0, timeout(0, -1)), EINVAL);
	CHECK_ERR(sys(SYS_futex, WORD, WAIT_BITSET, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_futex, WORD, WAKE_BITSET, 1, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_futex, WORD, 99, 0, 0), ENOSYS);
	CHECK_ERR(sys(SYS_futex, WORD, WAKE | REALTIME, 0, 0), ENOSYS);
	CHECK_ERR(sys(SYS_futex, WORD, CMP_REQUEUE, 1, 1, WORD2, 7), EAGAIN);
	CHECK_ERR(sys(SYS_futex, WORD, REQUEUE, 1, 1, WORD2 + 2, 0), EINVAL);
	CHECK_ERR(sys(SYS_futex, WORD, REQUEUE, -1, 1, WORD2, 0), EINVAL);
	CHECK_ERR(sys(SYS_futex, WORD, WAKE_OP, 1, 1, SYSTEST_BAD, 0), EFAULT);
	CHECK_ERR(sys(SYS_futex, WORD, WAKE_OP, 1, 1, WORD2, 0x70000000), ENOSYS);
}

/* FUTEX_WAKE_OP changes the second word: here it adds 3 and compares the old value with 0. */
SYSTEST(futex_wake_op_changes_the_second_word)
{
	const uint32_t expected = 3;

	CHECK_EQ(sys(SYS_futex, WORD, WAKE_OP, 1, 1, WORD2, 1u << 28 | 3 << 12), 0);
	CHECK_MEM(WORD2, &expected, sizeof(expected));
}

struct sleeper {
	struct process *process;
	struct thread *thread;
	user_ptr_t word;
	uint32_t bits;
	long result;
};

static void sleep_on_word(void *arg)
{
	struct sleeper *sleeper = arg;

	process_enter(sleeper->process);
	sleeper->result = sys(SYS_futex, sleeper->word, WAIT_BITSET, 0, 0, 0, sleeper->bits);
	process_enter(NULL);
}

static bool start(struct sleeper *sleeper, user_ptr_t word, uint32_t bits)
{
	*sleeper = (struct sleeper){ .process = process_current(), .word = word, .bits = bits, .result = 1 };
	sleeper->thread = thread_create("sleeper", sleep_on_word, sleeper);
	if (!sleeper->thread)
		return false;
	thread_start(sleeper->thread);
	return true;
}

static long finish(struct sleeper *sleeper)
{
	thread_join(sleeper->thread);
	thread_put(sleeper->thread);
	return sleeper->result;
}

/* Calls until the sleeper has lined up. */
static long wake_when_there(int op, uint32_t bits)
{
	long woken = 0;

	for (int i = 0; i < 1000 && !woken; i++) {
		woken = sys(SYS_futex, WORD, op, 1, 0, 0, bits);
		if (!woken)
			clock_sleep_until(clock_ns() + NSEC_PER_MSEC);
	}
	return woken;
}

SYSTEST(futex_wake_wakes_one)
{
	struct sleeper sleeper;

	CHECK(start(&sleeper, WORD, UINT32_MAX));
	CHECK_EQ(wake_when_there(WAKE, 0), 1);
	CHECK_EQ(finish(&sleeper), 0);
	CHECK_EQ(sys(SYS_futex, WORD, WAKE, 1), 0);
}

SYSTEST(futex_bits_choose_who_wakes)
{
	struct sleeper sleeper;

	CHECK(start(&sleeper, WORD, 2));
	CHECK_EQ(sys(SYS_futex, WORD, WAKE_BITSET, 1, 0, 0, 1), 0);
	CHECK_EQ(wake_when_there(WAKE_BITSET, 3), 1);
	CHECK_EQ(finish(&sleeper), 0);
}

SYSTEST(futex_requeue_moves_sleepers)
{
	struct sleeper sleeper;
	long moved = 0;

	CHECK(start(&sleeper, WORD, UINT32_MAX));
	for (int i = 0; i < 1000 && !moved; i++) {
		clock_sleep_until(clock_ns() + NSEC_PER_MSEC);
		moved = sys(SYS_futex, WORD, CMP_REQUEUE, 0, 1, WORD2, 0);
	}
	CHECK_EQ(moved, 1);
	CHECK_EQ(sys(SYS_futex, WORD, WAKE, 1), 0);
	CHECK_EQ(sys(SYS_futex, WORD2, WAKE, 1), 1);
	CHECK_EQ(finish(&sleeper), 0);
}

/* One word, mapped twice: what two processes that share memory see. */
SYSTEST(futex_in_shared_memory_is_one_word)
{
	int fd = (int)sys(SYS_memfd_create, systest_put(2048, "word", 5), 0);
	struct sleeper sleeper;
	long there, here, woken = 0;

	CHECK(fd >= 0);
	CHECK_EQ(sys(SYS_ftruncate, fd, 2 * PAGE_SIZE), 0);
	there = sys(SYS_mmap, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	here = sys(SYS_mmap, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE_SIZE);
	CHECK(there > 0 && here > 0);
	CHECK(start(&sleeper, (user_ptr_t)there + PAGE_SIZE + 8, UINT32_MAX));
	for (int i = 0; i < 1000 && !woken; i++) {
		clock_sleep_until(clock_ns() + NSEC_PER_MSEC);
		CHECK_EQ(sys(SYS_futex, there + 8, WAKE, 1), 0);
		woken = sys(SYS_futex, here + 8, WAKE, 1);
	}
	CHECK_EQ(woken, 1);
	CHECK_EQ(finish(&sleeper), 0);
}

SYSTEST(robust_list_is_remembered)
{
	const uint64_t expected[2] = { SYSTEST_MEM + 512, 24 };

	CHECK_EQ(sys(SYS_set_robust_list, SYSTEST_MEM + 512, 24), 0);
	CHECK_EQ(sys(SYS_get_robust_list, 0, SYSTEST_MEM, SYSTEST_MEM + 8), 0);
	CHECK_MEM(SYSTEST_MEM, expected, sizeof(expected));
	CHECK_ERR(sys(SYS_set_robust_list, SYSTEST_MEM, 23), EINVAL);
	CHECK_ERR(sys(SYS_get_robust_list, 99999, SYSTEST_MEM, SYSTEST_MEM), ESRCH);
	CHECK_ERR(sys(SYS_get_robust_list, 0, SYSTEST_BAD, SYSTEST_MEM), EFAULT);
	CHECK_ERR(sys(SYS_get_robust_list, 0, SYSTEST_MEM, SYSTEST_BAD), EFAULT);
}

static void leave_tid(void)
{
	sys(SYS_set_tid_address, SYSTEST_MEM);
	set_word(WORD, 1);
	sys(SYS_exit, 3);
}

TEST(exit_clears_the_tid_and_tells_its_status)
{
	CHECK_EQ(systest_program(leave_tid), 3 << 8);
}

SYSTEST(set_tid_address_tells_the_tid)
{
	CHECK_EQ(sys(SYS_set_tid_address, SYSTEST_MEM), process_current()->pid);
	task_current()->clear_child_tid = 0;
}
