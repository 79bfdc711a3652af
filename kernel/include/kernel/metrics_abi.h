/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A metric as it lies in the image: constant data, one for each METRIC_*() line (kernel/metrics.h), read by the kernel
 * and, in the machine's memory, by the host. Addresses are the kernel's own (virtual) ones; 0: there is none.
 */
#pragma once

#include <stdint.h>

enum metric_type {
	METRIC_TYPE_COUNTER,	/* only grows */
	METRIC_TYPE_GAUGE,	/* goes up and down; signed where it is in cells */
	METRIC_TYPE_HISTOGRAM,	/* METRIC_BUCKETS cells of a bucket each, one of what is larger, one of the sum */
};

enum metric_source {
	METRIC_CELLS,		/* values: count cells of 8 bytes, for each CPU its own: the value is their sum */
	METRIC_VARIABLE,	/* values: one variable of width bytes */
	METRIC_COMPUTED,	/* values: a function of the kernel's; nobody else can tell */
};

enum metric_unit {
	METRIC_PLAIN,
	METRIC_NANOSECONDS,	/* what is shown is in seconds */
};

/* A bucket i holds what is at most 2^(METRIC_BUCKET_FIRST + i), and not in the one before: 1 us to 8.6 s. */
#define METRIC_BUCKETS 24
#define METRIC_BUCKET_FIRST 10
#define METRIC_HISTOGRAM_CELLS (METRIC_BUCKETS + 2)

struct metric {
	uint64_t name;		/* "saki_..." */
	uint64_t help;		/* one line */
	uint64_t label;		/* the name of what its values differ in; 0: it has one value */
	uint64_t labels;	/* of cells: count addresses of the label's values; one that is 0 is left out */
	uint64_t values;
	uint32_t type;		/* enum metric_type */
	uint32_t source;	/* enum metric_source */
	uint32_t unit;		/* enum metric_unit */
	uint32_t count;		/* values */
	uint32_t width;		/* of a variable: 4 or 8 */
	uint32_t argument;	/* of a function */
	uint32_t label_stride;	/* bytes from one of the labels to the next */
	uint32_t reserved;
};
