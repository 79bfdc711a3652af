/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unit tests: TEST() bodies beside the code (in test/test_<x>.c), run in every world by the command line "test" or
 * "test=GLOB". A failed CHECK ends its test; the next test runs. Each test leaves the kernel as it found it.
 *
 *	TEST(page_alloc_returns_aligned_blocks)
 *	{
 *		struct page *p = page_alloc(3);
 *
 *		CHECK(p);
 *		CHECK_EQ(page_phys(p) % (8 * PAGE_SIZE), 0);
 *		page_free(p, 3);
 *	}
 */
#pragma once

#include <kernel/crash_abi.h>
#include <kernel/linkset.h>

struct test {
	const char *name;
	const char *file;
	void (*run)(void);
};

#define TEST(name)                                                                                                     \
	static void test_##name(void);                                                                                 \
	static const struct test test_entry_##name = { #name, __FILE__, test_##name };                                 \
	LINKSET_ADD(test, &test_entry_##name);                                                                         \
	static void test_##name(void)

/* Records a failure of the running test; the message is printed with the place. */
void test_fail(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* True while the running test has recorded a failure. */
bool test_failed(void);
/*
 * The kind of the crash in which fn(arg) ends; CRASH_NONE when it returns. What it left locked or allocated stays so.
 * The record is that of the last crash.
 */
enum crash_kind test_crash_of(void (*fn)(void *arg), void *arg);
const struct crash_record *test_crash_record(void);
/*
 * The running test counts on who runs next: until its end it and the threads that it makes stay on the CPU that it is
 * on.
 */
void test_one_cpu(void);
/* Marks the running test as not possible here, with the reason; counted apart from passed and failed. */
void test_skip(const char *reason);

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			test_fail(__FILE__, __LINE__, "%s", #condition);                                               \
			return;                                                                                        \
		}                                                                                                      \
	} while (0)

#define CHECK_EQ(actual, expected)                                                                                     \
	do {                                                                                                           \
		long long check_actual = (long long)(actual), check_expected = (long long)(expected);                  \
		if (check_actual != check_expected) {                                                                  \
			test_fail(__FILE__, __LINE__, "%s is %lld, not %s (%lld)", #actual, check_actual, #expected,   \
				  check_expected);                                                                     \
			return;                                                                                        \
		}                                                                                                      \
	} while (0)

#define CHECK_STR(actual, expected)                                                                                    \
	do {                                                                                                           \
		const char *check_actual = (actual), *check_expected = (expected);                                     \
		if (strcmp(check_actual, check_expected)) {                                                            \
			test_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #actual, check_actual,               \
				  check_expected);                                                                     \
			return;                                                                                        \
		}                                                                                                      \
	} while (0)

/**
 * Runs the tests whose name matches a glob (NULL: all), printing one line a test and a last line
 * "N passed, N failed" (", N skipped" when there are any) on the kernel log.
 *
 * @return the number of failed tests.
 */
int test_run_all(const char *glob);
