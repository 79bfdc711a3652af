/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies between kernel and program: the portable kernel has checked the program's range with user_ok(); a page that
 * cannot be had ends the copy through the exception table (user_copy.S, trap.c). The kernel's side must be kernel
 * memory, or a wild kernel pointer would pass for a program's fault.
 */
#include "arch_internal.h"

#include <kernel/log.h>

static bool is_kernel(const void *p)
{
	return (int64_t)p < 0;
}

size_t arch_user_copy_in(void *dst, user_ptr_t src, size_t len)
{
	assert(!len || is_kernel(dst));
	return user_copy_raw(dst, (const void *)src, len);
}

size_t arch_user_copy_out(user_ptr_t dst, const void *src, size_t len)
{
	assert(!len || is_kernel(src));
	return user_copy_raw((void *)dst, src, len);
}

size_t arch_user_zero(user_ptr_t dst, size_t len)
{
	return user_zero_raw((void *)dst, len);
}

ssize_t arch_user_copy_string(char *dst, user_ptr_t src, size_t size)
{
	assert(!size || is_kernel(dst));
	return user_string_raw(dst, (const char *)src, size);
}
