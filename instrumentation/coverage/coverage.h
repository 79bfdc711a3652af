/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Coverage counters and comparison log, as the rest of the kernel sees them. Everything is empty (counts of 0) in a
 * build without option COVERAGE, so that callers need no conditions.
 */
#pragma once

#include <kernel/compiler.h>

struct channel_compare;

/* One byte a counter, page aligned and alone on its pages. Valid after the kernel's constructors have run. */
uint8_t *coverage_counters(void);
size_t coverage_counter_count(void);
/* A pair {pc, flags} of 64-bit words for each counter. */
const uint64_t *coverage_pcs(void);

/**
 * From now on comparisons go into ring[(*count)++ % size] (size a power of two); NULL ends that. Equal operands are
 * left out. The memory must stay valid; it may be outside the kernel's own (the channel).
 */
void coverage_set_compare_log(struct channel_compare *ring, uint32_t size, uint32_t *count);

/* Option SRCCOV: the counters of source-based coverage; 0 bytes without it. */
void *coverage_source_counters(size_t *size_bytes);
