/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading numbers and patterns out of text that nobody checked. Any context.
 */
#pragma once

#include <kernel/types.h>

/**
 * A whole text as a number: digits only, no sign, no spaces. base 0: 0x means hexadecimal, else decimal.
 *
 * @return 0; -EINVAL for anything that is no number; -ERANGE when it does not fit.
 */
int parse_u64(const char *text, unsigned base, uint64_t *value);
/* The same with an optional suffix K, M or G (either case): 1024 and its powers. */
int parse_size(const char *text, uint64_t *value);
/* The same for exactly len characters. */
int parse_u64_n(const char *text, size_t len, unsigned base, uint64_t *value);

/* True when all of text matches the pattern: '*' any run of characters, '?' any one; everything else is itself. */
bool glob_match(const char *pattern, const char *text);
