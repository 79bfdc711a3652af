/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls through pointers: of a function of the pointer's type; of one of another type, of the middle of one, and of
 * what is no function at all, which are reports.
 */
#include <arch/arch.h>
#include <instrumentation/layout/layout.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/thread.h>

static volatile int calls;

static void right(void *arg UNUSED)
{
	calls++;
}

static int wrong(int number)
{
	calls += 100;
	return number;
}

/* Where the compiler cannot see what is in them. */
static void (*volatile pointer)(void *);
static int (*volatile keeps_wrong)(int) = wrong;

static void set_pointer(uintptr_t value)
{
	memcpy((void *)(uintptr_t)&pointer, &value, sizeof(value));
}

static void call_pointer(void *arg)
{
	pointer(arg);
}

static enum crash_kind crash_of_call(uintptr_t target)
{
	set_pointer(target);
	return test_crash_of(call_pointer, NULL);
}

TEST(kcfi_lets_functions_of_the_type_through)
{
	calls = 0;
	CHECK_EQ(crash_of_call((uintptr_t)right), CRASH_NONE);
	CHECK_EQ(calls, 1);
}

TEST(kcfi_tells_what_was_called_and_by_whom)
{
	static const uint64_t data[4] = { 0x9090909090909090, 0xc3c3c3c3c3c3c3c3 };
	const uintptr_t targets[] = { (uintptr_t)keeps_wrong, (uintptr_t)right + 4, (uintptr_t)(data + 1),
				      UINT64_C(0x123400001000) };

	calls = 0;
	for (size_t i = 0; i < array_size(targets); i++) {
		CHECK_EQ(crash_of_call(targets[i]), CRASH_CONTROL_FLOW);
		CHECK_EQ(test_crash_record()->address, targets[i]);
		CHECK(test_crash_record()->pc - layout_linked((uintptr_t)call_pointer) < 256);
	}
	CHECK_EQ(calls, 0);
}

static void call_wrong_on_stack(void *stack)
{
	const uintptr_t value = (uintptr_t)keeps_wrong;
	long (*fn)(void *);

	memcpy(&fn, &value, sizeof(fn));
	arch_call_on_stack(stack, THREAD_STACK_SIZE, fn, NULL);
}

TEST(kcfi_holds_behind_assembly)
{
	void *stack = stack_alloc(THREAD_STACK_SIZE);

	CHECK(stack);
	calls = 0;
	CHECK_EQ(test_crash_of(call_wrong_on_stack, stack), CRASH_CONTROL_FLOW);
	CHECK_EQ(calls, 0);
	stack_free(stack, THREAD_STACK_SIZE);
}
