/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes an input smaller while a condition holds: programs lose calls and get simpler arguments, other inputs lose
 * bytes, and some become zeros.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef bool still_fails_t(const uint8_t *data, size_t size, void *context);

/**
 * Changes data in place; still_fails() is asked about each candidate, and never about one that it was asked about just
 * before. Ends when no single step is accepted any more.
 * @return the new size.
 */
size_t minimize_input(const char *harness, uint8_t *data, size_t size, still_fails_t *still_fails, void *context);
