/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The metrics of a guest as text: Prometheus's format, or JSON.
 */
#include "metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define NSEC_PER_SEC UINT64_C(1000000000)

const char *metrics_problem(int err)
{
	switch (err) {
	case -ENOENT: return "the machine shows no metrics: it has not come up, or its kernel has none";
	case -EINVAL: return "the machine shows metrics that make no sense: its memory is damaged, or it lies";
	case -ENOMEM: return "no memory";
	default: return strerror(-err);
	}
}

static void put_number(FILE *out, const struct metric_found *m, uint64_t value)
{
	if (m->unit == METRIC_NANOSECONDS)
		fprintf(out, "%" PRIu64 ".%09" PRIu64, value / NSEC_PER_SEC, value % NSEC_PER_SEC);
	else if (m->type == METRIC_TYPE_GAUGE && m->source == METRIC_CELLS)
		fprintf(out, "%" PRId64, (int64_t)value);
	else
		fprintf(out, "%" PRIu64, value);
}

/* In quotation marks, Prometheus's and JSON's both; help texts go without. */
static void put_text(FILE *out, const char *text, int quotes)
{
	if (quotes)
		fputc('"', out);
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '\\' || (quotes && *text == '"'))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
	if (quotes)
		fputc('"', out);
}

/* ---- Prometheus ---- */

static void print_histogram(FILE *out, const struct metric_found *m)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < METRIC_BUCKETS; i++) {
		count += m->values[i];
		fprintf(out, "%s_bucket{le=\"", m->name);
		put_number(out, m, UINT64_C(1) << (METRIC_BUCKET_FIRST + i));
		fprintf(out, "\"} %" PRIu64 "\n", count);
	}
	count += m->values[METRIC_BUCKETS];
	fprintf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum ", m->name, count, m->name);
	put_number(out, m, m->values[METRIC_BUCKETS + 1]);
	fprintf(out, "\n%s_count %" PRIu64 "\n", m->name, count);
}

static void print_values(FILE *out, const struct metric_found *m)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->labels && !m->labels[i])
			continue;
		fputs(m->name, out);
		if (m->labels) {
			fprintf(out, "{%s=", m->label);
			put_text(out, m->labels[i], 1);
			fputc('}', out);
		}
		fputc(' ', out);
		put_number(out, m, m->values[i]);
		fputc('\n', out);
	}
}

static void print_metric(FILE *out, const struct metric_found *m)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };

	if (m->source == METRIC_COMPUTED) {
		fprintf(out, "# %s: only the guest can tell, in /proc/metrics\n", m->name);
		return;
	}
	fprintf(out, "# HELP %s ", m->name);
	put_text(out, m->help, 0);
	fprintf(out, "\n# TYPE %s %s\n", m->name, types[m->type]);
	if (m->type == METRIC_TYPE_HISTOGRAM)
		print_histogram(out, m);
	else
		print_values(out, m);
}

int metrics_print(const uint8_t *memory, size_t size, FILE *out)
{
	struct metrics_found found;
	int err = metrics_read(memory, size, &found);

	for (size_t i = 0; !err && i < found.count; i++)
		print_metric(out, &found.metrics[i]);
	metrics_release(&found);
	return err;
}

/* ---- JSON ---- */

static void json_histogram(FILE *out, const struct metric_found *m)
{
	uint64_t count = 0;

	fputs("{\"buckets\": {", out);
	for (unsigned i = 0; i < METRIC_BUCKETS; i++) {
		fprintf(out, "%s\"", i ? ", " : "");
		put_number(out, m, UINT64_C(1) << (METRIC_BUCKET_FIRST + i));
		count += m->values[i];
		fprintf(out, "\": %" PRIu64, count);
	}
	fputs("}, \"sum\": ", out);
	put_number(out, m, m->values[METRIC_BUCKETS + 1]);
	fprintf(out, ", \"count\": %" PRIu64 "}", count + m->values[METRIC_BUCKETS]);
}

static void json_values(FILE *out, const struct metric_found *m)
{
	const char *comma = "";

	if (!m->labels) {
		put_number(out, m, m->values[0]);
		return;
	}
	fputc('{', out);
	for (size_t i = 0; i < m->count; i++) {
		if (!m->labels[i])
			continue;
		fputs(comma, out);
		put_text(out, m->labels[i], 1);
		fputs(": ", out);
		put_number(out, m, m->values[i]);
		comma = ", ";
	}
	fputc('}', out);
}

int metrics_print_json(const uint8_t *memory, size_t size, FILE *out)
{
	struct metrics_found found;
	const char *comma = "";
	int err = metrics_read(memory, size, &found);

	if (!err)
		fputc('{', out);
	for (size_t i = 0; !err && i < found.count; i++) {
		const struct metric_found *m = &found.metrics[i];

		if (m->source == METRIC_COMPUTED)
			continue;
		fprintf(out, "%s\"%s\": ", comma, m->name);
		if (m->type == METRIC_TYPE_HISTOGRAM)
			json_histogram(out, m);
		else
			json_values(out, m);
		comma = ", ";
	}
	if (!err)
		fputs("}\n", out);
	metrics_release(&found);
	return err;
}
