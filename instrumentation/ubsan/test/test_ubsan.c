/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Option UBSAN: undefined behaviour becomes a crash that names the check, and what the kernel does on purpose does not.
 */
#include <kernel/compiler.h>
#include <kernel/string.h>
#include <kernel/test.h>

static volatile int value, zero, sink;
static volatile unsigned natural;
static const int table[4] = { 1, 2, 3, 4 };

static NOINLINE void add(void *arg)
{
	sink = value + *(int *)arg;
}

static NOINLINE void multiply(void *arg)
{
	sink = value * *(int *)arg;
}

static NOINLINE void shift(void *arg)
{
	sink = value << *(int *)arg;
}

static NOINLINE void look_up(void *arg)
{
	sink = table[*(int *)arg];
}

static NOINLINE void divide(void *arg)
{
	sink = *(int *)arg / zero;
}

static NOINLINE void wrap(void *arg)
{
	natural = natural + *(unsigned *)arg;
	natural = natural * *(unsigned *)arg;
}

static bool finds(void (*fn)(void *), int argument, const char *word)
{
	return test_crash_of(fn, &argument) == CRASH_UNDEFINED && strstr(test_crash_record()->text, word) &&
	       test_crash_record()->pc - (uint64_t)fn < 512;
}

TEST(ubsan_names_the_check)
{
	value = INT32_MAX;
	CHECK(finds(add, 1, "addition"));
	CHECK(finds(multiply, 2, "multiplication"));
	CHECK(finds(shift, 33, "shift"));
	CHECK(finds(look_up, 4, "index"));
	CHECK(finds(look_up, -1, "index"));
	CHECK(finds(divide, 7, "division"));
}

TEST(ubsan_accepts_what_is_defined)
{
	unsigned big = UINT32_MAX;
	int one = 1;

	value = 5;
	natural = UINT32_MAX;
	CHECK_EQ(test_crash_of(wrap, &big), CRASH_NONE);
	CHECK_EQ(test_crash_of(add, &one), CRASH_NONE);
	CHECK_EQ(test_crash_of(look_up, &one), CRASH_NONE);
	CHECK_EQ(sink, 2);
}
