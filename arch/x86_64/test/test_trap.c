/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Traps: interrupts keep the interrupted code's red zone, on its own stack and on another; an overflowed stack, a
 * lost GS base and a nested fault each end in a report.
 */
#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/page.h>
#include <kernel/test.h>
#include <kernel/thread.h>

#define STACK_SIZE (16 * KIB)

/* red_zone.S */
uint64_t red_zone_spin(const volatile bool *end);

static volatile bool fired;

static void on_timer(struct timer *timer UNUSED)
{
	fired = true;
}

static long spin_until_interrupt(void *arg UNUSED)
{
	struct timer timer;

	fired = false;
	timer_init(&timer, on_timer);
	timer_arm(&timer, clock_ns() + NSEC_PER_MSEC);
	return (long)red_zone_spin(&fired);
}

TEST(interrupt_keeps_the_red_zone)
{
	for (int round = 0; round < 3; round++)
		CHECK_EQ(spin_until_interrupt(NULL), 0);
}

TEST(interrupt_keeps_the_red_zone_of_another_stack)
{
	void *stack = stack_alloc(STACK_SIZE);

	CHECK(stack);
	CHECK_EQ(arch_call_on_stack(stack, STACK_SIZE, spin_until_interrupt, NULL), 0);
	stack_free(stack, STACK_SIZE);
}

static volatile bool stop;
static volatile uint64_t changed;

static void spin_in_thread(void *arg UNUSED)
{
	changed = red_zone_spin(&stop);
}

/* The spinning thread is preempted in the middle of its red zone, and others run on its frame. */
TEST(preemption_keeps_the_red_zone)
{
	struct thread *thread = thread_create("spin", spin_in_thread, NULL);

	CHECK(thread);
	stop = false;
	changed = UINT64_MAX;
	thread_start(thread);
	CHECK_EQ(clock_sleep_until(clock_ns() + 3 * NSEC_PER_MSEC), 0);
	stop = true;
	CHECK_EQ(thread_join(thread), 0);
	thread_put(thread);
	CHECK_EQ(changed, 0);
}

static NOINLINE int recurse(volatile char *above, int depth)
{
	volatile char here[512];

	here[0] = (char)depth;
	if (depth < 1000000)
		recurse(here, depth + 1);
	return here[0] + (above ? above[0] : 0);
}

static void overflow(void *arg UNUSED)
{
	recurse(NULL, 0);
}

TEST(stack_overflow_is_told_as_such)
{
	if (!IS_ENABLED(CONFIG_GUARD_PAGES)) {
		test_skip("there are no guard pages");
		return;
	}
	CHECK_EQ(test_crash_of(overflow, NULL), CRASH_STACK_OVERFLOW);
	CHECK(stack_is_guard(test_crash_record()->address));
	CHECK_EQ(test_crash_of(overflow, NULL), CRASH_STACK_OVERFLOW);
}

static void nmi(void *arg UNUSED)
{
	__asm__ volatile("int $2");
}

static void nmi_without_gs(void *arg UNUSED)
{
	arch_irq_disable();
	x86_write_msr(MSR_GS_BASE, 0);
	__asm__ volatile("int $2");
}

TEST(nmi_is_a_hang_and_repairs_gs)
{
	struct cpu *cpu = arch_cpu();

	CHECK_EQ(test_crash_of(nmi, NULL), CRASH_HANG);
	CHECK_EQ(test_crash_of(nmi_without_gs, NULL), CRASH_HANG);
	CHECK(arch_cpu() == cpu);
	CHECK(arch_irq_enabled());
}

/* A vector nobody has asked for. */
static void stray_interrupt(void *arg UNUSED)
{
	__asm__ volatile("int $0x81");
}

TEST(stray_interrupt_is_told)
{
	CHECK_EQ(test_crash_of(stray_interrupt, NULL), CRASH_CPU_EXCEPTION);
}

static void call_null(void *arg)
{
	((void (*)(void))arg)();
}

TEST(call_of_null_tells_the_caller)
{
	if (!IS_ENABLED(CONFIG_NULL_GUARD)) {
		test_skip("there is memory at NULL");
		return;
	}
	CHECK_EQ(test_crash_of(call_null, NULL), CRASH_NULL_DEREFERENCE);
	/* With KCFI the call is not even made. */
	if (!IS_ENABLED(CONFIG_KCFI))
		CHECK_EQ(test_crash_record()->pc, 0);
}
