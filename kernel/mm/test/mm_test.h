/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the memory tests share: repeatable random numbers, and crashes that are expected.
 */
#pragma once

#include <kernel/crash.h>
#include <kernel/test.h>

/* The next number of a repeatable sequence; *state starts with anything but 0. */
uint64_t test_random(uint64_t *state);
/* The kind of the crash in which fn(arg) ends; CRASH_NONE when it returns. What it left locked or allocated stays so. */
enum crash_kind test_crash_of(void (*fn)(void *arg), void *arg);
