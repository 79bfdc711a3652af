/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was told of a boot, by saki-run and by the kernel, as a chart.
 */
#pragma once

#include "chart.h"

#include <instrumentation/trace/host/clock.h>

struct steps_sources {
	const char *stream;		/* the recorder's file */
	const char *stamps;		/* what saki-run wrote for --stamps-fd */
	int64_t start_ns, end_ns;	/* CLOCK_MONOTONIC: when that was started, and had ended */
	struct clock_bounds *clock;	/* the recorder's; what the records say is added */
};

#define STEPS_ERROR 300

/* 0; 1: the program was never started, and there is no chart; -1 with one line in error (STEPS_ERROR bytes). */
int steps_chart(const struct steps_sources *sources, struct chart *chart, char *error);
