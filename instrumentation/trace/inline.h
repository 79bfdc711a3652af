/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TRACE_INLINE(): as TRACE(), for events that are so many that a call is too much. The record is written in line, in a
 * function that should have little else to do.
 */
#pragma once

#include "trace.h"

#if CONFIG_TRACE

#include <generated/trace_inline.h>

#define TRACE_INLINE(name, ...)                                                                                        \
	do {                                                                                                           \
		if (arch_branch(TRACE_##name))                                                                         \
			trace_inline_##name(__VA_ARGS__);                                                              \
	} while (0)

#else

#define TRACE_INLINE TRACE

#endif
