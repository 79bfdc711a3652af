/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time limits of calls that wait: from the program's structures to a clock_ns() time, and back to what is left.
 */
#pragma once

#include <kernel/abi/time.h>
#include <kernel/user.h>

/* From milliseconds; negative: forever. */
uint64_t deadline_from_ms(int timeout_ms);
/* From a struct timespec or timeval of the program; 0: forever. -EFAULT, -EINVAL. */
int deadline_from_timespec(user_ptr_t from, uint64_t *deadline_ns) MUST_CHECK;
int deadline_from_timeval(user_ptr_t from, uint64_t *deadline_ns) MUST_CHECK;
/* Writes what is left of it, as select and ppoll do; a bad pointer is nobody's business by then. */
void deadline_to_timespec(user_ptr_t to, uint64_t deadline_ns);
void deadline_to_timeval(user_ptr_t to, uint64_t deadline_ns);
/* Nanoseconds of a structure, cut at the largest number. -EINVAL for a time that is none. */
int timespec_to_ns(const struct abi_timespec *time, uint64_t *ns) MUST_CHECK;
struct abi_timespec timespec_from_ns(uint64_t ns);
/* now + ns, without wrapping; never WAIT_FOREVER by accident. */
uint64_t deadline_after(uint64_t ns);
