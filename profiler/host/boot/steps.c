/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps of a boot out of a recording. See steps.h. Times of the machine become ours by the bounds that its
 * records give; the machine's counter, which begins at 0 when QEMU lets it run, tells QEMU's own start from the
 * firmware's work.
 */
#include "steps.h"

#include <inttypes.h>
#include <instrumentation/trace/host/stream.h>
#include <stdlib.h>
#include <string.h>

/* The arguments of boot_step, in the order in which they are asked for. */
enum { ARG_KIND, ARG_START, ARG_DURATION, ARG_RECORDER, ARG_NAME, ARGS };
static const char *const arg_names[ARGS] = { "kind", "start", "duration", "recorder", "name" };

/* The kernel's numbers (instrumentation/trace/boot.h), as its description has them too. */
enum { KIND_PHASE, KIND_INIT_CALL, KIND_PROBE, KIND_MOUNT, KIND_STEP, KIND_ENTRY, KINDS };
static const char *const kind_names[KINDS] = { "phase", "init call", "probe", "mount", "step", "entry" };

struct reader {
	const struct steps_sources *sources;
	struct chart *chart;
	struct stream *stream;
	const struct stream_event *event;
	int args[ARGS];
	struct clock_line line;
	int64_t last;		/* the machine's time of the last step */
	int64_t kernel_ns;	/* when the kernel began; INT64_MAX: not told */
	int64_t entry_ns;	/* when the program was reached; INT64_MAX: it was not */
	int64_t exit_ns;	/* when the first process ended; INT64_MAX: not told */
	int64_t loaded_ns;	/* when the program was started; INT64_MAX: it was not */
	bool has_entry;		/* at its own first instruction */
};

/* What stands before the name. */
static const char *const prefixes[KINDS] = { "", "", "probe ", "mount ", "", "" };

/* ---- saki-run's ---- */

static const struct {
	const char *word, *name;
} stamp_names[] = {
	{ "start", "start saki-run" },
	{ "program", "find the program" },
	{ "initrd", "make the initrd" },
	{ "kernel", "find the kernel, or build it" },
	{ "qemu", "prepare for QEMU" },
};

static int64_t read_stamps(struct reader *r)
{
	int64_t last = r->sources->start_ns, now;
	char word[16];
	int used;

	for (const char *at = r->sources->stamps; sscanf(at, "%15s %" SCNd64 "%n", word, &now, &used) == 2; at += used)
		for (size_t i = 0; i < sizeof(stamp_names) / sizeof(stamp_names[0]); i++)
			if (!strcmp(word, stamp_names[i].word)) {
				chart_add(r->chart, "host", stamp_names[i].name, last - r->sources->start_ns,
					  now - r->sources->start_ns, true);
				last = now;
			}
	return last;
}

/* ---- the machine's ---- */

/* A time of the machine's, since the start. Sums of what it says need not fit. */
static int64_t to_chart(const struct reader *r, int64_t machine_ns)
{
	int64_t ours;

	if (__builtin_sub_overflow(clock_ours(&r->line, machine_ns), r->sources->start_ns, &ours))
		return machine_ns < 0 ? INT64_MIN : INT64_MAX;
	return ours;
}

static uint64_t arg(const struct reader *r, const struct stream_record *record, int which)
{
	return record->args[r->args[which]];
}

static void note_bounds(struct reader *r)
{
	struct stream_record record;

	while (stream_next(r->stream, &record))
		if (record.event == r->event && arg(r, &record, ARG_RECORDER))
			clock_not_before(r->sources->clock, (int64_t)record.time_ns,
					 (int64_t)arg(r, &record, ARG_RECORDER));
	stream_rewind(r->stream);
}

static void add_step(struct reader *r, const struct stream_record *record)
{
	int64_t start = (int64_t)arg(r, record, ARG_START), end;
	uint64_t kind = arg(r, record, ARG_KIND);
	const char *name = record->texts[r->args[ARG_NAME]];
	char text[CHART_NAME_MAX];

	if (kind >= KINDS || !name || __builtin_add_overflow(start, (int64_t)arg(r, record, ARG_DURATION), &end))
		return;
	r->last = start;
	start = to_chart(r, start);
	end = to_chart(r, end);
	if (kind == KIND_ENTRY) {
		if (r->entry_ns == INT64_MAX) {
			r->entry_ns = start;
			r->has_entry = !strcmp(name, "_start");
		}
		return;
	}
	if (kind == KIND_PHASE && !strcmp(name, "load the program"))
		r->loaded_ns = end;
	r->kernel_ns = kind == KIND_PHASE && start < r->kernel_ns ? start : r->kernel_ns;
	snprintf(text, sizeof(text), "%s%s", prefixes[kind], name);
	chart_add(r->chart, kind_names[kind], text, start, end, kind == KIND_PHASE);
}

static void read_records(struct reader *r)
{
	struct stream_record record;

	while (stream_next(r->stream, &record)) {
		if (record.event == r->event)
			add_step(r, &record);
		else if (!strcmp(record.event->name, "process_exit") && r->exit_ns == INT64_MAX)
			r->exit_ns = to_chart(r, (int64_t)record.time_ns);
	}
}

/* Errors are largest at the ends: where the machine's counter began, and where the chart does. */
static void note_error(struct reader *r, int64_t zero)
{
	const struct clock_bounds *bounds = r->sources->clock;
	double first = clock_error_ns(bounds, &r->line, zero), last = clock_error_ns(bounds, &r->line, r->last);

	r->chart->clock_error_ns = first > last ? first : last;
	r->chart->clock_rate = r->line.rate;
}

/* From QEMU's start to the kernel's. */
static void add_before_kernel(struct reader *r, int64_t from)
{
	const struct trace_area *area = stream_area(r->stream);
	int64_t zero = (int64_t)-(uint64_t)((unsigned __int128)area->time_start * area->time_scale >> 32);
	int64_t runs = area->time_scale ? to_chart(r, zero) : INT64_MIN;

	note_error(r, zero);
	if (runs > from && runs < r->kernel_ns) {
		chart_add(r->chart, "host", "QEMU's start", from, runs, true);
		chart_add(r->chart, "firmware", "firmware, loader", runs, r->kernel_ns, true);
	} else {
		chart_add(r->chart, "host", "QEMU's start, firmware, loader", from, r->kernel_ns, true);
	}
}

/* ---- all of it ---- */

static int open_stream(struct reader *r, char *error)
{
	char reason[STREAM_ERROR];

	if (stream_open(&r->stream, r->sources->stream, reason)) {
		snprintf(error, STEPS_ERROR, "%s", reason);
		return -1;
	}
	r->event = stream_event(r->stream, "boot:boot_step");
	for (int i = 0; r->event && i < ARGS; i++) {
		r->args[i] = stream_arg_find(r->event, arg_names[i]);
		if (r->args[i] < 0)
			r->event = NULL;
	}
	if (r->event)
		return 0;
	snprintf(error, STEPS_ERROR, "the kernel tells nothing of its boot; it is of another version");
	return -1;
}

/* Where the chart ends: the program's first instruction, else its end, else ours. */
static int64_t choose_end(struct reader *r)
{
	int64_t most = r->sources->end_ns - r->sources->start_ns, end;

	r->chart->until = r->entry_ns == INT64_MAX || r->has_entry ? "_start, the program's first instruction"
								   : "the dynamic linker's first instruction";
	r->chart->is_reached = r->entry_ns != INT64_MAX;
	end = r->chart->is_reached ? r->entry_ns : r->exit_ns;
	if (!r->chart->is_reached)
		chart_add(r->chart, "phase", "dynamic linker (did not finish)", r->loaded_ns, end, true);
	return end < most ? end : most;
}

static int make(struct reader *r, char *error)
{
	int64_t spawned;

	note_bounds(r);
	if (!clock_fit(r->sources->clock, &r->line)) {
		snprintf(error, STEPS_ERROR, "the machine's clock cannot be compared with ours: it ended too early");
		return -1;
	}
	spawned = read_stamps(r) - r->sources->start_ns;
	read_records(r);
	if (r->loaded_ns == INT64_MAX)
		return 1;
	add_before_kernel(r, spawned);
	chart_finish(r->chart, choose_end(r));
	return 0;
}

int steps_chart(const struct steps_sources *sources, struct chart *chart, char *error)
{
	struct reader r = { .sources = sources,
			    .chart = chart,
			    .kernel_ns = INT64_MAX,
			    .entry_ns = INT64_MAX,
			    .exit_ns = INT64_MAX,
			    .loaded_ns = INT64_MAX };
	int result = open_stream(&r, error);

	if (!result)
		result = make(&r, error);
	stream_close(r.stream);
	return result;
}
