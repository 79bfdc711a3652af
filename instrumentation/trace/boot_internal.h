/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What boot.c is made of, for its test.
 */
#pragma once

#include <kernel/types.h>

/* A difference of the CPU's counter as nanoseconds; rounded down, for negative ones too. */
int64_t boot_cycles_to_ns(int64_t cycles, uint64_t scale);
