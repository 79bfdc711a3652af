/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Metrics: what is counted is told, by all CPUs together; histograms; and that the text is what Prometheus reads.
 */
#define METRIC_SET test_metric

#include <kernel/heap.h>
#include <kernel/metrics.h>
#include <kernel/proc.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/thread.h>

LINKSET_DECLARE(test_metric);

static const char *const kinds[] = { "plain", "a \"quoted\\\" one", NULL };
METRIC_COUNTER(test_things, "Things with a \\ and a\nline's end");
METRIC_COUNTERS(test_kinds, "Things by kind", "kind", kinds);
METRIC_LEVEL(test_level, "How many there are");
METRIC_LATENCY(test_wait, "How long it took");
static uint32_t short_variable;
METRIC_GAUGE(test_variable, "A variable", &short_variable);
METRIC_COUNTER(test_alone, "Counted by the text's test alone");

static void collect(struct metric_sink *sink, unsigned argument)
{
	metric_sample(sink, "one", argument);
	metric_sample_number(sink, 2, argument + 1);
}
METRIC_GAUGES_CALL(test_collected, "Looked for", "which", collect, 40);

TEST(metric_cells_count)
{
	uint64_t before = metric_get(test_things), other = metric_get_at(test_kinds, 0);

	if (!IS_ENABLED(CONFIG_METRICS)) {
		CHECK_EQ(metric_cells_end - metric_cells_start, 0);
		test_skip("this image does not count");
		return;
	}
	metric_inc(test_things);
	metric_add(test_things, 41);
	metric_inc_at(test_kinds, 1);
	CHECK_EQ(metric_get(test_things) - before, 42);
	CHECK_EQ(metric_get_at(test_kinds, 0), other);
	metric_add(test_level, 3);
	metric_add(test_level, -5);
	CHECK_EQ((int64_t)metric_get(test_level), -2);
	metric_add(test_level, 2);
}

static void count_often(void *arg UNUSED)
{
	for (unsigned i = 0; i < 100000; i++)
		metric_inc(test_things);
}

TEST(metric_cells_of_all_cpus_are_summed)
{
	struct thread *threads[4];
	uint64_t before = metric_get(test_things);

	if (!IS_ENABLED(CONFIG_METRICS)) {
		test_skip("this image does not count");
		return;
	}
	for (unsigned i = 0; i < array_size(threads); i++) {
		threads[i] = thread_create("count", count_often, NULL);
		CHECK(threads[i]);
		/* One that moved in the middle of an addition could lose it. */
		CHECK_EQ(thread_set_affinity(threads[i], cpu_bit(cpus[i % cpu_count])), 0);
		thread_start(threads[i]);
	}
	for (unsigned i = 0; i < array_size(threads); i++) {
		thread_join(threads[i]);
		thread_put(threads[i]);
	}
	CHECK_EQ(metric_get(test_things) - before, 400000);
}

TEST(metric_buckets_are_powers_of_two)
{
	CHECK_EQ(metric_bucket(0), 0);
	CHECK_EQ(metric_bucket(1), 0);
	CHECK_EQ(metric_bucket(1024), 0);
	CHECK_EQ(metric_bucket(1025), 1);
	CHECK_EQ(metric_bucket(2048), 1);
	CHECK_EQ(metric_bucket(2049), 2);
	CHECK_EQ(metric_bucket(UINT64_C(1) << 33), METRIC_BUCKETS - 1);
	CHECK_EQ(metric_bucket((UINT64_C(1) << 33) + 1), METRIC_BUCKETS);
	CHECK_EQ(metric_bucket(UINT64_MAX), METRIC_BUCKETS);
}

static bool says(const struct proc_text *text, const char *line)
{
	size_t len = strlen(line);

	for (size_t i = 0; i + len <= text->len; i++)
		if (!memcmp(text->buf + i, line, len) && (!i || text->buf[i - 1] == '\n'))
			return true;
	return false;
}

static void check_values(const struct proc_text *text)
{
	CHECK(says(text, "saki_test_variable 7\n"));
	CHECK(says(text, "saki_test_collected{which=\"one\"} 40\nsaki_test_collected{which=\"2\"} 41\n"));
	CHECK(says(text, "saki_test_kinds_total{kind=\"a \\\"quoted\\\\\\\" one\"} "));
	if (!IS_ENABLED(CONFIG_METRICS))
		return;
	CHECK(says(text, "saki_test_alone_total 5\n"));
	CHECK(says(text, "saki_test_wait_seconds_bucket{le=\"0.000001024\"} 1\n"));
	CHECK(says(text, "saki_test_wait_seconds_bucket{le=\"0.000002048\"} 2\n"));
	CHECK(says(text, "saki_test_wait_seconds_bucket{le=\"8.589934592\"} 2\n"));
	CHECK(says(text, "saki_test_wait_seconds_bucket{le=\"+Inf\"} 3\n"));
	CHECK(says(text, "saki_test_wait_seconds_sum 9.000002500\nsaki_test_wait_seconds_count 3\n"));
}

TEST(metric_text_is_what_prometheus_reads)
{
	struct proc_text text = { .buf = NULL };

	short_variable = 7;
	if (metric_get(test_alone) == 0) {
		metric_add(test_alone, 5);
		metric_observe(test_wait, 1000);
		metric_observe(test_wait, 1500);
		metric_observe(test_wait, 9 * NSEC_PER_SEC);
	}
	metrics_show_set(&text, __start_test_metric_set, __stop_test_metric_set);
	CHECK(!text.failed);
	CHECK(says(&text, "# HELP saki_test_things_total Things with a \\\\ and a\\nline's end\n"
			  "# TYPE saki_test_things_total counter\n"));
	CHECK(says(&text, "# TYPE saki_test_wait_seconds histogram\n"));
	CHECK(says(&text, "# TYPE saki_test_level gauge\n"));
	/* An image for fuzzing tells nothing that differs between worlds. */
	if (IS_ENABLED(CONFIG_FUZZ))
		CHECK(!says(&text, "saki_"));
	else
		check_values(&text);
	heap_free(text.buf);
}
