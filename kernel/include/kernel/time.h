/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between programs' times and the kernel's nanoseconds.
 */
#pragma once

#include <kernel/abi/time.h>
#include <kernel/compiler.h>
#include <kernel/errno.h>

/* Later than any clock: about 292 years. What is longer is cut to it, as Linux does. */
#define TIME_NS_MAX ((uint64_t)INT64_MAX)

/* -EINVAL for a negative or malformed time. Cuts to TIME_NS_MAX. */
static inline int time_from_timespec(const struct abi_timespec *from, uint64_t *ns)
{
	if (from->sec < 0 || (uint64_t)from->nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if ((uint64_t)from->sec >= TIME_NS_MAX / NSEC_PER_SEC)
		*ns = TIME_NS_MAX;
	else
		*ns = (uint64_t)from->sec * NSEC_PER_SEC + (uint64_t)from->nsec;
	return 0;
}

static inline int time_from_timeval(const struct abi_timeval *from, uint64_t *ns)
{
	struct abi_timespec spec = { .sec = from->sec };

	if (from->usec < 0 || from->usec >= 1000000)
		return -EINVAL;
	spec.nsec = from->usec * (int64_t)NSEC_PER_USEC;
	return time_from_timespec(&spec, ns);
}

static inline struct abi_timespec time_to_timespec(uint64_t ns)
{
	return (struct abi_timespec){ (int64_t)(ns / NSEC_PER_SEC), (int64_t)(ns % NSEC_PER_SEC) };
}

static inline struct abi_timeval time_to_timeval(uint64_t ns)
{
	return (struct abi_timeval){ (int64_t)(ns / NSEC_PER_SEC), (int64_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
}

/* now + ns without wrapping. */
static inline uint64_t time_add(uint64_t now_ns, uint64_t ns)
{
	return ns > TIME_NS_MAX - min(now_ns, TIME_NS_MAX) ? TIME_NS_MAX : now_ns + ns;
}

/* What a clock of Linux's shows now; -EINVAL for one that there is not. */
int time_clock_read(int clock, uint64_t *now_ns);
/* CPU time used by the running process (its one thread). */
uint64_t time_cpu_ns(void);
