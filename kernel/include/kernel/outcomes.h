/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which results each system call has had, success or an errno, in kernels with unit tests: the command line
 * "test outcomes" tells them after the tests, and kernel/sys/test/errors.test compares them with kernel/sys/errors.tbl.
 * Without the option TESTS nothing is left of it.
 */
#pragma once

#include <kernel/compiler.h>

#if CONFIG_TESTS

/* A call has returned; any context in which calls are made. */
void outcomes_add(uint64_t number, long result);
/* From now on nothing is added, or again: for tests that try what they do not judge. */
void outcomes_pause(bool paused);
/* One line a call that exists, on the kernel log: "outcomes NAME ok EPERM ENOENT". */
void outcomes_print(void);

#else

static inline void outcomes_add(uint64_t number UNUSED, long result UNUSED)
{
}
static inline void outcomes_print(void)
{
}

#endif
