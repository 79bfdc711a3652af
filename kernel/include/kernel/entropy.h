/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The entropy source: one of the two doors through which chance enters the kernel (the other is the clock). Seeded at
 * the first use from the CPU and the clock; in harness mode from a fixed number, so that every run is the same.
 */
#pragma once

#include <kernel/compiler.h>

/* Fills buf with unpredictable bytes. Any context. */
void entropy_bytes(void *buf, size_t len);
/* From now on the bytes follow from seed alone. */
void entropy_fix(uint64_t seed);
/* Mixes the bytes a program wrote to /dev/random in; without effect once entropy_fix() was called. */
void entropy_add(const void *buf, size_t len);
