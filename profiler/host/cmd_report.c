/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki prof report: where the time went, or what else was recorded, as tables of 80 columns or as JSON.
 */
#include <fuzz/host/json.h>
#include "prof.h"
#include "special.h"
#include "tally.h"
#include "view.h"

#include <inttypes.h>
#include <string.h>

#define COLUMNS 80

struct report {
	struct view *view;
	struct profile *profile;
	struct tally tally;
	struct special special;
	struct special_live live;
	bool has_live;
	FILE *out;
};

static const char *object_name(const struct report *r, uint32_t object)
{
	return profile_text(r->profile, r->profile->objects[object].name);
}

static const char *function_name(const struct report *r, uint32_t function)
{
	return profile_text(r->profile, r->profile->functions[function].name);
}

static const char *function_object(const struct report *r, uint32_t function)
{
	return object_name(r, r->profile->functions[function].object);
}

static const char *event_name(const struct report *r)
{
	return profile_text(r->profile, r->profile->events[r->view->event].name);
}

static uint64_t duration(const struct report *r)
{
	const struct profile *p = r->profile;

	return p->sample_count ? p->samples[p->sample_count - 1].time - p->samples[0].time : 0;
}

static double percent(const struct report *r, uint64_t value)
{
	return r->tally.total ? 100.0 * (double)value / (double)r->tally.total : 0;
}

/* ---- text ---- */

/* What is longer than its column ends in an ellipsis. Two names at most are in use at once. */
static const char *cut(const char *text, int width)
{
	static char bufs[2][COLUMNS * 4];
	static unsigned next;
	char *buf = bufs[next++ % 2];

	if (strlen(text) <= (size_t)width)
		return text;
	snprintf(buf, sizeof(bufs[0]), "%.*s...", width - 3, text);
	return buf;
}

static void put_functions(const struct report *r)
{
	fprintf(r->out, "\n   self   total  function%*s object\n", 34, "");
	for (size_t i = 0; i < r->tally.function_count && i < r->view->top; i++) {
		const struct tally_row *row = &r->tally.functions[i];

		fprintf(r->out, "%6.2f%% %6.2f%%  %-42s %s\n", percent(r, row->self), percent(r, row->total),
			cut(function_name(r, row->id), 42), cut(function_object(r, row->id), 20));
	}
}

static void put_objects(const struct report *r)
{
	fprintf(r->out, "\n   self   total  object\n");
	for (size_t i = 0; i < r->tally.object_count && i < r->view->top; i++) {
		const struct tally_row *row = &r->tally.objects[i];

		fprintf(r->out, "%6.2f%% %6.2f%%  %s\n", percent(r, row->self), percent(r, row->total),
			cut(object_name(r, row->id), 62));
	}
}

static void put_threads(const struct report *r)
{
	fprintf(r->out, "\n   self           samples  thread\n");
	for (size_t i = 0; i < r->tally.thread_count && i < r->view->top; i++) {
		const struct tally_row *row = &r->tally.threads[i];
		const struct tally_thread *thread = &r->tally.thread_names[row->id];

		fprintf(r->out, "%6.2f%% %17" PRIu64 "  %s %" PRIu32 "\n", percent(r, row->self), row->samples,
			cut(profile_text(r->profile, thread->comm), 40), thread->tid);
	}
}

static void put_buckets(const struct report *r, const struct special_row *row)
{
	static const char bar[] = "########################################";
	uint64_t most = 0;

	for (unsigned i = 0; i < SPECIAL_BUCKETS; i++)
		most = row->buckets[i] > most ? row->buckets[i] : most;
	for (unsigned i = 0; i < SPECIAL_BUCKETS; i++) {
		if (!row->buckets[i])
			continue;
		fprintf(r->out, "    < %-10s %10" PRIu64 "  %.*s\n",
			view_value(r->view, i < 64 ? UINT64_C(1) << i : UINT64_MAX), row->buckets[i],
			(int)((double)row->buckets[i] * 40 / (double)most + 0.999), bar);
	}
}

static void put_special(const struct report *r)
{
	bool calls = r->special.title && !strcmp(r->special.title, "system call");
	char name[SPECIAL_NAME];

	if (!r->special.title || !r->special.count)
		return;
	fprintf(r->out, "\n  share      count        sum       half       99%%       most  %s\n", r->special.title);
	for (size_t i = 0; i < r->special.count && i < r->view->top; i++) {
		const struct special_row *row = &r->special.rows[i];

		special_name(r->profile, &r->special, row, name);
		fprintf(r->out, "%6.2f%% %10" PRIu64 " %10s %10s %9s %10s  %s\n", percent(r, row->sum), row->count,
			view_value(r->view, row->sum), view_value(r->view, special_percentile(row, 50)),
			view_value(r->view, special_percentile(row, 99)), view_value(r->view, row->most),
			cut(name, 17));
	}
	for (size_t i = 0; calls && i < r->special.count && i < r->view->top; i++) {
		special_name(r->profile, &r->special, &r->special.rows[i], name);
		fprintf(r->out, "\n  %s\n", name);
		put_buckets(r, &r->special.rows[i]);
	}
}

/* Innermost first, as many lines as it takes. */
static void put_chain(const struct report *r, const struct profile_sample *s)
{
	const struct profile *p = r->profile;
	int column = 0;

	for (uint32_t i = 0; i < s->depth && i < 12; i++) {
		const char *name = cut(profile_place_name(p, p->chain[s->chain + i]), 60);

		if (!column || column + 3 + (int)strlen(name) > COLUMNS)
			column = fprintf(r->out, "%s      %s%s", i ? "\n" : "", i ? "< " : "", name) - (i ? 1 : 0);
		else
			column += fprintf(r->out, " < %s", name);
	}
	fputc('\n', r->out);
}

static void put_live(const struct report *r)
{
	if (!r->has_live)
		return;
	fprintf(r->out, "\nNot given back: %s in %" PRIu64 " pieces. Where from:\n", view_value(r->view, r->live.live),
		r->live.live_count);
	fprintf(r->out, "\n       live    pieces       total     times\n");
	for (size_t i = 0; i < r->live.count && i < r->view->top; i++) {
		const struct special_chain *chain = &r->live.chains[i];

		fprintf(r->out, "%11s %9" PRIu64 " %11s %9" PRIu64 "\n", view_value(r->view, chain->live),
			chain->live_count, view_value(r->view, chain->total), chain->count);
		put_chain(r, &r->profile->samples[chain->sample]);
	}
}

static void put_text(const struct report *r)
{
	fprintf(r->out, "%s: %" PRIu64 " samples of %s in %.2f s, %s together", r->view->files[0], r->tally.samples,
		event_name(r), (double)duration(r) / 1e9, view_value(r->view, r->tally.total));
	fprintf(r->out, r->profile->lost ? "; %" PRIu64 " lost\n" : "\n", r->profile->lost);
	put_functions(r);
	put_objects(r);
	put_threads(r);
	put_special(r);
	put_live(r);
}

/* ---- JSON ---- */

static void json_rows(const struct report *r, struct json *json)
{
	json_open(json, "functions", '[');
	for (size_t i = 0; i < r->tally.function_count; i++) {
		json_open(json, NULL, '{');
		json_string(json, "name", function_name(r, r->tally.functions[i].id));
		json_string(json, "object", function_object(r, r->tally.functions[i].id));
		json_number(json, "self", r->tally.functions[i].self);
		json_number(json, "total", r->tally.functions[i].total);
		json_number(json, "samples", r->tally.functions[i].samples);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_open(json, "objects", '[');
	for (size_t i = 0; i < r->tally.object_count; i++) {
		json_open(json, NULL, '{');
		json_string(json, "name", object_name(r, r->tally.objects[i].id));
		json_number(json, "self", r->tally.objects[i].self);
		json_number(json, "total", r->tally.objects[i].total);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_open(json, "threads", '[');
	for (size_t i = 0; i < r->tally.thread_count; i++) {
		const struct tally_thread *thread = &r->tally.thread_names[r->tally.threads[i].id];

		json_open(json, NULL, '{');
		json_string(json, "name", profile_text(r->profile, thread->comm));
		json_number(json, "pid", thread->pid);
		json_number(json, "tid", thread->tid);
		json_number(json, "self", r->tally.threads[i].self);
		json_number(json, "samples", r->tally.threads[i].samples);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void json_special(const struct report *r, struct json *json)
{
	char name[SPECIAL_NAME];

	if (!r->special.title)
		return;
	json_open(json, "waits", '[');
	for (size_t i = 0; i < r->special.count; i++) {
		const struct special_row *row = &r->special.rows[i];

		special_name(r->profile, &r->special, row, name);
		json_open(json, NULL, '{');
		json_string(json, "name", name);
		json_number(json, "count", row->count);
		json_number(json, "sum", row->sum);
		json_number(json, "min", row->least);
		json_number(json, "max", row->most);
		json_open(json, "below", '{');
		for (unsigned b = 0; b < SPECIAL_BUCKETS; b++) {
			snprintf(name, sizeof(name), "%" PRIu64, b < 64 ? UINT64_C(1) << b : UINT64_MAX);
			if (row->buckets[b])
				json_number(json, name, row->buckets[b]);
		}
		json_close(json, '}');
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void json_live(const struct report *r, struct json *json)
{
	const struct profile *p = r->profile;

	if (!r->has_live)
		return;
	json_number(json, "live", r->live.live);
	json_open(json, "chains", '[');
	for (size_t i = 0; i < r->live.count; i++) {
		const struct profile_sample *s = &p->samples[r->live.chains[i].sample];

		json_open(json, NULL, '{');
		json_number(json, "live", r->live.chains[i].live);
		json_number(json, "total", r->live.chains[i].total);
		json_number(json, "live_count", r->live.chains[i].live_count);
		json_number(json, "count", r->live.chains[i].count);
		json_open(json, "chain", '[');
		for (uint32_t at = 0; at < s->depth; at++)
			json_string(json, NULL, profile_place_name(p, p->chain[s->chain + at]));
		json_close(json, ']');
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_json(const struct report *r)
{
	struct json json = { .out = r->out };

	json_open(&json, NULL, '{');
	json_string(&json, "file", r->view->files[0]);
	json_string(&json, "event", event_name(r));
	json_string(&json, "unit", view_unit(r->view));
	json_number(&json, "samples", r->tally.samples);
	json_number(&json, "total", r->tally.total);
	json_number(&json, "duration_ns", duration(r));
	json_number(&json, "lost", r->profile->lost);
	json_rows(r, &json);
	json_special(r, &json);
	json_live(r, &json);
	json_close(&json, '}');
	fputc('\n', r->out);
}

int cmd_report(int argc, char **argv)
{
	struct view view;
	struct report report = { .view = &view };
	int status = view_open(&view, argc, argv, 1, VIEW_OUT | VIEW_JSON);

	if (status >= 0)
		return status;
	report.profile = view.profiles[0];
	tally_make(&report.tally, report.profile, view.event);
	special_make(&report.special, report.profile, view.event);
	report.has_live = special_live_make(&report.live, report.profile, view.event);
	report.out = view_out(&view);
	status = EXIT_ENVIRONMENT;
	if (report.out) {
		if (view.json)
			put_json(&report);
		else
			put_text(&report);
		status = view_finish(&view, report.out);
	}
	tally_free(&report.tally);
	special_free(&report.special);
	special_live_free(&report.live);
	view_close(&view);
	return status;
}
