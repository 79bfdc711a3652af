/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Crash records: what a handler gets to see.
 */
#include <instrumentation/layout/layout.h>
#include <kernel/crash.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/test.h>

static NOINLINE void panic_here(void *arg UNUSED)
{
	panic("the answer is %d", 42);
}

static NOINLINE void assert_here(void *arg)
{
	assert(arg != NULL);
}

static NOINLINE void raise_here(void *arg UNUSED)
{
	crash_raise(CRASH_BAD_ACCESS, NULL, 0x1234, "text");
}

/* Its code is short: a return address into it lies close behind its start. */
static bool is_in(uint64_t pc, void (*fn)(void *arg))
{
	uint64_t start = layout_linked((uintptr_t)fn);

	return pc > start && pc - start < 128;
}

TEST(panic_records_text_and_place)
{
	const struct crash_record *caught = test_crash_record();

	CHECK_EQ(test_crash_of(panic_here, NULL), CRASH_PANIC);
	CHECK_STR(caught->text, "the answer is 42");
	CHECK(is_in(caught->pc, panic_here));
	CHECK(caught->frame_count >= 2);
	CHECK(caught->frame_count <= CRASH_FRAMES);
	CHECK_EQ(caught->frames[0], caught->pc);
	CHECK(is_in(caught->frames[0], panic_here));
	CHECK_EQ(caught->call_index, UINT32_MAX);
}

TEST(assert_records_condition_and_line)
{
	const struct crash_record *caught = test_crash_record();

	CHECK_EQ(test_crash_of(assert_here, NULL), CRASH_PANIC);
	CHECK(strstr(caught->text, "test_crash.c:"));
	CHECK(strstr(caught->text, "assertion failed: arg != NULL"));
	CHECK(is_in(caught->pc, assert_here));
}

TEST(crash_raise_records_kind_and_address)
{
	const struct crash_record *caught = test_crash_record();

	CHECK_EQ(test_crash_of(raise_here, NULL), CRASH_BAD_ACCESS);
	CHECK_EQ(caught->address, 0x1234);
	CHECK(is_in(caught->pc, raise_here));
}

TEST(crash_kinds_have_names)
{
	CHECK_STR(crash_kind_name(CRASH_NULL_DEREFERENCE), "NULL dereference");
	CHECK_STR(crash_kind_name(CRASH_LOST_WAKEUP), "lost wake-up");
	CHECK_STR(crash_kind_name((enum crash_kind)12345), "crash");
	for (int kind = 0; kind < CRASH_KINDS; kind++)
		CHECK(strcmp(crash_kind_name((enum crash_kind)kind), "crash"));
}
