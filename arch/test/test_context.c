/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls on other stacks and jumps, as arch/arch.h promises them. Switches between threads are tested in kernel/core.
 */
#include <arch/arch.h>
#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/test.h>

#define STACK_SIZE (16 * KIB)

static struct arch_jump jump;

struct call {
	uintptr_t frame;
	long depth;
};

static NOINLINE long note_frame(void *arg)
{
	struct call *call = arg;

	call->frame = (uintptr_t)__builtin_frame_address(0);
	return 77;
}

TEST(call_on_stack_runs_there_and_returns_the_result)
{
	char *stack = stack_alloc(STACK_SIZE);
	struct call call = { 0 };

	CHECK(stack);
	CHECK_EQ(arch_call_on_stack(stack, STACK_SIZE, note_frame, &call), 77);
	CHECK(call.frame >= (uintptr_t)stack && call.frame < (uintptr_t)stack + STACK_SIZE);
	CHECK_EQ(note_frame(&call), 77);
	CHECK(call.frame < (uintptr_t)stack || call.frame >= (uintptr_t)stack + STACK_SIZE);
	stack_free(stack, STACK_SIZE);
}

TEST(jump_returns_the_value)
{
	volatile int times = 0;
	int value = arch_jump_set(&jump);

	times++;
	if (value < 3)
		arch_jump(&jump, value + 1);
	CHECK_EQ(times, 4);
	CHECK_EQ(value, 3);
}

static NOINLINE void jump_from_below(volatile char *above, int depth)
{
	volatile char here[256];

	memset((char *)here, depth, sizeof(here));
	if (depth == 0)
		arch_jump(&jump, 9);
	jump_from_below(here, depth - 1);
	above[0] = here[1];
}

TEST(jump_leaves_deep_frames_that_can_be_used_again)
{
	volatile char top[16] = { 0 };

	for (volatile int round = 0; round < 50; round++) {
		int value = arch_jump_set(&jump);

		if (!value)
			jump_from_below(top, round % 8);
		CHECK_EQ(value, 9);
	}
}

static long jump_away(void *arg)
{
	volatile char here[128];

	memset((char *)here, 1, sizeof(here));
	((struct call *)arg)->frame = (uintptr_t)here;
	arch_jump(&jump, 5);
}

TEST(jump_comes_back_from_another_stack)
{
	char *stack = stack_alloc(STACK_SIZE);
	struct call call = { 0 };

	CHECK(stack);
	for (volatile int round = 0; round < 20; round++) {
		int value = arch_jump_set(&jump);

		if (!value)
			arch_call_on_stack(stack, STACK_SIZE, jump_away, &call);
		CHECK_EQ(value, 5);
		CHECK(call.frame >= (uintptr_t)stack && call.frame < (uintptr_t)stack + STACK_SIZE);
		/* The stack that was left is whole again. */
		CHECK_EQ(arch_call_on_stack(stack, STACK_SIZE, note_frame, &call), 77);
	}
	stack_free(stack, STACK_SIZE);
}
