/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options of the commands that show a recording: see view.h.
 */
#include "view.h"

#include "live.h"
#include "perf_data.h"
#include "tally.h"
#include "wakers.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int set_option(struct view *view, int option, unsigned may)
{
	char *end;
	long top;

	switch (option) {
	case 'o': view->out = optarg; return may & VIEW_OUT ? 0 : run_fail(EXIT_USAGE, "%s has no -o", view->command);
	case 'e': view->event_name = optarg; return 0;
	case 'l': view->live = true; return 0;
	case 'j':
		view->json = true;
		return may & VIEW_JSON ? 0 : run_fail(EXIT_USAGE, "%s has no --json", view->command);
	case 'w':
		view->wakers = true;
		return may & VIEW_WAKERS ? 0 : run_fail(EXIT_USAGE, "%s has no --wakers", view->command);
	case 'O':
		view->open = true;
		return may & VIEW_OPEN ? 0 : run_fail(EXIT_USAGE, "%s has no --open", view->command);
	case 't':
		top = strtol(optarg, &end, 10);
		view->top = (unsigned)top;
		return end != optarg && !*end && top > 0 && top < 100000
			       ? 0
			       : run_fail(EXIT_USAGE, "--top %s: a number from 1 to 99999", optarg);
	default: return run_fail(EXIT_USAGE, "see: saki prof --help");
	}
}

static int choose_event(struct view *view, int which)
{
	const struct profile *p = view->profiles[which];
	int event = tally_event(p, view->event_name);

	if (event < 0) {
		fprintf(stderr, "saki-prof: %s: no event %s; there is", view->files[which],
			view->event_name ? view->event_name : "at all");
		for (size_t i = 0; i < p->event_count; i++)
			fprintf(stderr, " %s", profile_text(p, p->events[i].name));
		fputc('\n', stderr);
		return EXIT_USAGE;
	}
	view->events[which] = (uint32_t)event;
	return 0;
}

static int open_file(struct view *view, int which)
{
	char error[PROFILE_ERROR];
	int status;

	view->profiles[which] = perf_read(view->files[which], error);
	if (!view->profiles[which])
		return run_fail(EXIT_ENVIRONMENT, "%s", error);
	status = choose_event(view, which);
	if (!status && view->live && live_apply(view->profiles[which], view->events[which]))
		return run_fail(EXIT_USAGE, "%s: --live is for recordings with --event alloc", view->files[which]);
	if (!status && view->wakers && wakers_apply(view->profiles[which], view->events[which]))
		return run_fail(EXIT_USAGE, "%s: --wakers is for offcpu, recorded with its wake-ups",
				view->files[which]);
	if (!status && view->profiles[which]->lost)
		run_fail(0, "%s: %" PRIu64 " records were lost", view->files[which], view->profiles[which]->lost);
	return status;
}

int view_open(struct view *view, int argc, char **argv, int count, unsigned may)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' }, { "event", required_argument, NULL, 'e' },
		{ "top", required_argument, NULL, 't' },    { "json", no_argument, NULL, 'j' },
		{ "live", no_argument, NULL, 'l' },	    { "open", no_argument, NULL, 'O' },
		{ "wakers", no_argument, NULL, 'w' },
		{ 0 },
	};
	int option, status = 0;

	*view = (struct view){ .command = argv[0], .top = 20 };
	optind = 0;
	while ((option = getopt_long(argc, argv, "o:e:", options, NULL)) != -1 && !status)
		status = set_option(view, option, may);
	if (status)
		return status;
	for (int i = 0; i < count; i++)
		view->files[i] = optind < argc ? argv[optind++] : count == 1 ? "perf.data" : NULL;
	if (optind < argc || !view->files[count - 1])
		return run_fail(EXIT_USAGE, "%s takes %s; see: saki prof --help", view->command,
				count == 1 ? "one FILE" : "two files, the one from before first");
	for (int i = 0; i < count && !status; i++)
		status = open_file(view, i);
	view->event = view->events[0];
	if (!status)
		return -1;
	view_close(view);
	return status;
}

void view_close(struct view *view)
{
	profile_free(view->profiles[0]);
	profile_free(view->profiles[1]);
}

FILE *view_out(struct view *view)
{
	FILE *out = view->out ? fopen(view->out, "we") : stdout;

	if (!out)
		run_fail(0, "%s: %s", view->out, strerror(errno));
	return out;
}

int view_finish(struct view *view, FILE *out)
{
	int failed = fflush(out) || ferror(out);

	if (out != stdout && fclose(out))
		failed = 1;
	return failed ? run_fail(EXIT_ENVIRONMENT, "%s: %s", view->out ? view->out : "standard output", strerror(errno))
		      : EXIT_DONE;
}

const char *view_unit(const struct view *view)
{
	static const char *const names[] = { "samples", "ns", "bytes" };

	return names[view->profiles[0]->events[view->event].unit];
}

static const char *scaled(char *buf, size_t size, uint64_t value, const char *const *units, size_t count, double step)
{
	double scaled = (double)value;
	size_t unit = 0;

	while (scaled >= step && unit + 1 < count) {
		scaled /= step;
		unit++;
	}
	snprintf(buf, size, unit ? "%.2f %s" : "%.0f %s", scaled, units[unit]);
	return buf;
}

const char *view_value(const struct view *view, uint64_t value)
{
	static const char *const times[] = { "ns", "us", "ms", "s" };
	static const char *const sizes[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	static char bufs[4][48];
	static unsigned next;
	char *buf = bufs[next++ % 4];

	switch (view->profiles[0]->events[view->event].unit) {
	case UNIT_NS: return scaled(buf, sizeof(bufs[0]), value, times, 4, 1000);
	case UNIT_BYTES: return scaled(buf, sizeof(bufs[0]), value, sizes, 5, 1024);
	default: snprintf(buf, sizeof(bufs[0]), "%" PRIu64, value); return buf;
	}
}
