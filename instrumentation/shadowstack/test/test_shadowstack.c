/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Option SHADOW_STACK: return addresses that are not what they were, in functions, in interrupts, and where the kernel
 * was interrupted; and shadows that come and go with their stacks.
 */
#include <instrumentation/shadowstack/shadowstack.h>
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/thread.h>

static NOINLINE void overwrite(uint64_t *address, void *with)
{
	*address = (uintptr_t)with;
}

static uint64_t *own_return_address(void *frame)
{
	return (uint64_t *)frame + 1;
}

static void elsewhere(void)
{
	panic("somebody has returned to where he should not");
}

static NOINLINE void loses_its_way(void *arg UNUSED)
{
	overwrite(own_return_address(__builtin_frame_address(0)), elsewhere);
}

/* Its caller's. */
static NOINLINE void misleads(uint64_t *address)
{
	overwrite(address, elsewhere);
}

static NOINLINE void is_misled(void *arg UNUSED)
{
	misleads(own_return_address(__builtin_frame_address(0)));
}

TEST(shadowstack_sees_overwritten_return_addresses)
{
	CHECK_EQ(test_crash_of(loses_its_way, NULL), CRASH_SHADOW_STACK);
	CHECK_EQ(test_crash_record()->address, (uintptr_t)elsewhere);
	CHECK(strstr(test_crash_record()->text, "the return address is"));
	CHECK_EQ(test_crash_of(is_misled, NULL), CRASH_SHADOW_STACK);
}

static NOINLINE void is_left_alone(void *arg)
{
	overwrite(arg, NULL);
}

TEST(shadowstack_lets_others_be)
{
	uint64_t word = 1;

	CHECK_EQ(test_crash_of(is_left_alone, &word), CRASH_NONE);
	CHECK_EQ(word, 0);
}

/* ---- interrupts ---- */

static volatile bool fired;

static void fire_and_lose_the_way(struct timer *timer UNUSED)
{
	fired = true;
	overwrite(own_return_address(__builtin_frame_address(0)), elsewhere);
}

static void fire_and_change_where_we_were(struct timer *timer UNUSED)
{
	fired = true;
	if (arch_cpu()->irq_regs)
		arch_regs_set_pc(arch_cpu()->irq_regs, (uintptr_t)elsewhere);
}

static void wait_for(void *timer)
{
	fired = false;
	timer_arm(timer, clock_ns() + 1000000);
	while (!fired)
		arch_relax();
}

TEST(shadowstack_sees_it_in_interrupts)
{
	static struct timer timer;

	timer_init(&timer, fire_and_lose_the_way);
	CHECK_EQ(test_crash_of(wait_for, &timer), CRASH_SHADOW_STACK);
	CHECK_EQ(test_crash_record()->address, (uintptr_t)elsewhere);
}

TEST(shadowstack_sees_where_interrupts_return_to)
{
	static struct timer timer;

	timer_init(&timer, fire_and_change_where_we_were);
	CHECK_EQ(test_crash_of(wait_for, &timer), CRASH_SHADOW_STACK);
	CHECK_EQ(test_crash_record()->address, (uintptr_t)elsewhere);
}

/* ---- memory ---- */

TEST(shadowstack_of_each_stack)
{
	char *a, *b, *shadow;
	size_t before;

	stack_free(stack_alloc(THREAD_STACK_SIZE), THREAD_STACK_SIZE);
	before = page_free_count();
	a = stack_alloc(THREAD_STACK_SIZE);
	b = stack_alloc(PAGE_SIZE);
	CHECK(a && b && stack_shadow(a) != stack_shadow(b));
	shadow = stack_shadow(a);
	memset(shadow, 0x5a, SHADOW_STACK_SIZE);
	if (IS_ENABLED(CONFIG_GUARD_PAGES))
		CHECK(stack_is_guard((uintptr_t)shadow - 1) && stack_is_guard((uintptr_t)shadow + SHADOW_STACK_SIZE));
	CHECK(!stack_is_guard((uintptr_t)shadow) && !stack_is_guard((uintptr_t)shadow + SHADOW_STACK_SIZE - 1));
	CHECK_EQ((uintptr_t)stack_shadow(before ? (void *)overwrite : NULL), 0);
	stack_free(a, THREAD_STACK_SIZE);
	stack_free(b, PAGE_SIZE);
	/* Where places are drawn, each may cost page tables, which stay. */
	if (!IS_ENABLED(CONFIG_LAYOUT_STACKS))
		CHECK_EQ(page_free_count(), before);
}

static NOINLINE unsigned deeper(unsigned level)
{
	unsigned below = level ? deeper(level - 1) : 0;

	__asm__ volatile("" : "+r"(below));
	return below + 1;
}

static void too_deep(void *arg UNUSED)
{
	deeper(1u << 20);
}

/* Whichever ends first, the stack or its shadow. */
TEST(shadowstack_that_is_full)
{
	if (!IS_ENABLED(CONFIG_GUARD_PAGES)) {
		test_skip("needs GUARD_PAGES");
		return;
	}
	CHECK_EQ(test_crash_of(too_deep, NULL), CRASH_STACK_OVERFLOW);
	CHECK_EQ(deeper(100), 101);
}
