/* SPDX-License-Identifier: BSD-3-Clause */
/* lwIP asks for the C library's, of which it uses one function. */
#pragma once

#include <kernel/parse.h>

static inline int atoi(const char *text)
{
	uint64_t value;

	return parse_u64(text, 10, &value) || value > INT32_MAX ? 0 : (int)value;
}
