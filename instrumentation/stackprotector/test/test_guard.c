/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stack protector: an overflow of a buffer on the stack is told, in an interrupt too; guards are secrets of their
 * threads.
 */
#include <arch/arch.h>
#include <instrumentation/layout/layout.h>
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/stack_guard.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/thread.h>

/* The compiler must not see how much is written. */
static volatile size_t excess = 40;

static NOINLINE void fill(char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((volatile char *)buf)[i] = 'A';
}

static NOINLINE void overflow(void *unused UNUSED)
{
	char buf[32];

	fill(buf, sizeof(buf) + excess);
}

static NOINLINE void fits(void *unused UNUSED)
{
	char buf[32];

	fill(buf, sizeof(buf));
}

TEST(stack_guard_tells_of_an_overflow)
{
	CHECK_EQ(test_crash_of(fits, NULL), CRASH_NONE);
	CHECK_EQ(test_crash_of(overflow, NULL), CRASH_STACK_SMASH);
	/* The first is the compiler's runtime. */
	CHECK(test_crash_record()->frames[1] - layout_linked((uintptr_t)overflow) < 256);
	CHECK_EQ(test_crash_of(fits, NULL), CRASH_NONE);
}

static void overflow_on_timer(struct timer *timer UNUSED)
{
	char buf[32];

	fill(buf, sizeof(buf) + excess);
}

static void wait_for_overflow(void *unused UNUSED)
{
	struct timer timer;
	uint64_t end = clock_ns() + NSEC_PER_SEC;

	timer_init(&timer, overflow_on_timer);
	timer_arm(&timer, clock_ns() + NSEC_PER_MSEC);
	while (clock_ns() < end)
		arch_relax();
}

TEST(stack_guard_is_looked_at_in_interrupts)
{
	test_one_cpu();
	CHECK_EQ(test_crash_of(wait_for_overflow, NULL), CRASH_STACK_SMASH);
}

static uint64_t guards[3];

static void note_guard(void *place)
{
	unsigned long irq = arch_irq_save();

	*(uint64_t *)place = arch_cpu()->stack_guard;
	arch_irq_restore(irq);
}

TEST(stack_guard_is_another_one_in_each_thread)
{
	struct thread *threads[2];

	note_guard(&guards[2]);
	for (size_t i = 0; i < array_size(threads); i++) {
		threads[i] = thread_create("guard", note_guard, &guards[i]);
		CHECK(threads[i]);
		thread_start(threads[i]);
	}
	for (size_t i = 0; i < array_size(threads); i++) {
		CHECK_EQ(thread_join(threads[i]), 0);
		thread_put(threads[i]);
	}
	for (size_t i = 0; i < array_size(guards); i++) {
		CHECK(guards[i]);
		CHECK_EQ(guards[i] & ~STACK_GUARD_MASK, 0);
		CHECK(guards[i] != guards[(i + 1) % array_size(guards)]);
	}
	/* This thread's came back with it. */
	note_guard(&guards[0]);
	CHECK_EQ(guards[0], guards[2]);
}
