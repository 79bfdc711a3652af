/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the unit tests, in the order of their files and names, one line a test on the kernel log.
 */
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/parse.h>
#include <kernel/sort.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/thread.h>

LINKSET_DECLARE(test);

/* The running test's result; the first failure is the one that is told. */
static struct {
	bool failed;
	const char *skipped; /* the reason */
	char message[256];
} result;

void test_fail(const char *file, int line, const char *fmt, ...)
{
	size_t len;
	va_list args;

	if (result.failed)
		return;
	result.failed = true;
	len = format(result.message, sizeof(result.message), "%s:%d: ", file, line);
	len = min(len, sizeof(result.message) - 1);
	va_start(args, fmt);
	format_va(result.message + len, sizeof(result.message) - len, fmt, args);
	va_end(args);
}

bool test_failed(void)
{
	return result.failed;
}

void test_one_cpu(void)
{
	preempt_disable();
	thread_current()->affinity = cpu_bit(arch_cpu());
	preempt_enable();
}

void test_skip(const char *reason)
{
	result.skipped = reason;
}

static int compare_tests(const void *a, const void *b)
{
	const struct test *x = a, *y = b;
	int order = strcmp(x->file, y->file);

	return order ? order : strcmp(x->name, y->name);
}

/* The matching tests, sorted; to be freed with heap_free(). NULL when there is no memory. */
static const void **select_tests(const char *glob, size_t *count)
{
	size_t total = __stop_test_set - __start_test_set;
	const void **tests = heap_array(total + 1, sizeof(*tests));

	*count = 0;
	if (!tests)
		return NULL;
	LINKSET_FOREACH(test, const struct test, t) {
		if (!glob || glob_match(glob, t->name))
			tests[(*count)++] = t;
	}
	sort_pointers(tests, *count, compare_tests);
	return tests;
}

/* Threads that have been waited for may still be on their way off another CPU, with what they own. */
static void check_threads(const struct test *test, unsigned count)
{
	for (int ms = 0; thread_count() > count && ms < 2000; ms++)
		(void)clock_sleep_until(clock_ns() + NSEC_PER_MSEC);
	if (thread_count() > count)
		test_fail(test->file, 0, "leaves %u threads behind", thread_count() - count);
}

static void run_test(const struct test *test)
{
	const uint64_t cpus = thread_current()->affinity;
	const unsigned threads = thread_count();

	memset(&result, 0, sizeof(result));
	test->run();
	if (thread_current()->affinity != cpus && thread_set_affinity(thread_current(), cpus))
		test_fail(test->file, 0, "its CPUs are gone");
	check_threads(test, threads);
	if (result.failed)
		log_printf("not ok %s: %s\n", test->name, result.message);
	else if (result.skipped)
		log_printf("skip %s: %s\n", test->name, result.skipped);
	else
		log_printf("ok %s\n", test->name);
}

int test_run_all(const char *glob)
{
	unsigned passed = 0, failed = 0, skipped = 0;
	size_t count;
	const void **tests = select_tests(glob, &count);

	if (!tests) {
		log_error("no memory to list the tests");
		return 1;
	}
	for (size_t i = 0; i < count; i++) {
		run_test(tests[i]);
		if (result.failed)
			failed++;
		else if (result.skipped)
			skipped++;
		else
			passed++;
	}
	heap_free(tests);
	log_printf("%u passed, %u failed", passed, failed);
	if (skipped)
		log_printf(", %u skipped", skipped);
	log_raw("\n", 1);
	return (int)failed;
}
