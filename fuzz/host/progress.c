/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Progress of a campaign: see progress.h.
 */
#include "progress.h"

#include <fuzz/abi/planted.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BAR 20
#define QUIET_SECONDS 15	/* between lines when stderr is no terminal */

static void short_number(double value, char *text, size_t size)
{
	if (value < 10000)
		snprintf(text, size, "%.0f", value);
	else if (value < 1e6)
		snprintf(text, size, "%.1fk", value / 1e3);
	else
		snprintf(text, size, "%.1fM", value / 1e6);
}

static void bar(const struct campaign *campaign, double seconds, char *text)
{
	double part = campaign->seconds ? seconds / (double)campaign->seconds
		      : campaign->runs  ? (double)shared_sum(campaign->shared).execs / (double)campaign->runs
					: 0;

	*text = '\0';
	for (int i = 0; i < BAR && (campaign->seconds || campaign->runs); i++)
		strcat(text, i < part * BAR ? "▇" : "░");
}

static void line(const struct campaign *campaign, double seconds, size_t findings)
{
	const struct campaign_shared *shared = campaign->shared;
	struct campaign_counts sum = shared_sum(shared);
	char blocks[BAR * 4 + 1], rate[16], mismatches[40] = "";

	bar(campaign, seconds, blocks);
	short_number(seconds > 0 ? (double)sum.execs / seconds : 0, rate, sizeof(rate));
	if (sum.mismatches)
		snprintf(mismatches, sizeof(mismatches), "   %llu bad resets", (unsigned long long)sum.mismatches);
	fprintf(stderr, "%3d:%02d  %s  %s/s   edges %llu (%llu%%)%s   %zu finding%s", (int)seconds / 60,
		(int)seconds % 60, blocks, rate, (unsigned long long)shared->edges_found,
		(unsigned long long)(shared->edges_total ? shared->edges_found * 100 / shared->edges_total : 0),
		mismatches, findings, findings == 1 ? "" : "s");
}

void progress_show(const struct campaign *campaign, double seconds, size_t findings)
{
	static double last;

	if (isatty(2)) {
		fputs("\r\033[K", stderr);
		line(campaign, seconds, findings);
		fflush(stderr);
	} else if (seconds - last >= QUIET_SECONDS) {
		last = seconds;
		line(campaign, seconds, findings);
		putc('\n', stderr);
	}
}

void progress_end(const struct campaign *campaign, double seconds, size_t findings)
{
	if (isatty(2))
		fputs("\r\033[K", stderr);
	line(campaign, seconds, findings);
	putc('\n', stderr);
}

void progress_finding(const char *out, const struct finding *finding)
{
	if (isatty(2))
		fputs("\r\033[K", stderr);
	fprintf(stderr, "  %-38s replay: ./saki fuzz replay %s/%s%s\n", finding->title, out, finding->slug,
		finding->confirmed ? "" : "   (not confirmed)");
}

const char *planted_name(uint32_t canaries)
{
#define PLANTED_NAME(name, text) text,
	static const char *const names[PLANTED_COUNT] = { PLANTED_BUGS(PLANTED_NAME) };
#undef PLANTED_NAME

	for (unsigned i = 0; i < PLANTED_COUNT; i++) {
		if (canaries >> i & 1)
			return names[i];
	}
	return NULL;
}
