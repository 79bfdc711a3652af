/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * perf.data, the file of Linux' perf: a header, the attributes of the events, records, and features after them
 * (tools/perf/Documentation/perf.data-file-format.txt; records: <linux/perf_event.h>). What both its reader and its
 * writer need.
 */
#pragma once

#include "profile.h"

#include <linux/perf_event.h>

#define PERF_MAGIC UINT64_C(0x32454c4946524550)	/* "PERFILE2" */

struct perf_section {
	uint64_t offset, size;
};

struct perf_header {
	uint64_t magic, size, attr_size;
	struct perf_section attrs, data, event_types;
	uint64_t features[4];
};

struct perf_file_attr {
	struct perf_event_attr attr;
	struct perf_section ids;
};

enum perf_feature {
	PERF_BUILD_ID = 2,
	PERF_HOSTNAME = 3,
	PERF_OSRELEASE = 4,
	PERF_ARCH = 6,
	PERF_NRCPUS = 7,
	PERF_CMDLINE = 11,
	PERF_EVENT_DESC = 12,
};

/* Records of perf's own, beside the kernel's. */
enum { PERF_FINISHED_ROUND = 68, PERF_AUXTRACE = 71, PERF_COMPRESSED = 81 };

#define PERF_MISC_BUILD_ID_SIZE (1u << 15)	/* of an entry of PERF_BUILD_ID: it says how long the id is */
#define PERF_NAME_ALIGN 64
#define PERF_EVENTS_MAX 256

/**
 * Reads a file that saki prof or perf wrote, with call chains or without. What it says is believed of nothing: whatever
 * is inconsistent is an error.
 *
 * @return NULL with one line in error (PROFILE_ERROR bytes); to be freed otherwise.
 */
struct profile *perf_read(const char *path, char *error);
