/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The seam between asan.c (kernel side) and asan_hosted.c (which the sanitizer's runtime calls).
 */
#pragma once

#include <stdint.h>

struct host_sanitizer_report {
	uint64_t pc, bp, sp, address;
	uint64_t size;   /* of the access, bytes */
	int is_write;
	const char *description; /* the runtime's word: "heap-buffer-overflow", ... */
};

/* Called inside the runtime's report, with its locks held. */
void host_sanitizer_report(const struct host_sanitizer_report *report) __attribute__((noreturn));
