/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's memory: the one check of the range, then the CPU's copy, which recovers from faults.
 */
#include <kernel/errno.h>
#include <kernel/user.h>
#include <arch/arch.h>

int user_copy_in(void *dst, user_ptr_t src, size_t len)
{
	return user_ok(src, len) && arch_user_copy_in(dst, src, len) == 0 ? 0 : -EFAULT;
}

int user_copy_out(user_ptr_t dst, const void *src, size_t len)
{
	return user_ok(dst, len) && arch_user_copy_out(dst, src, len) == 0 ? 0 : -EFAULT;
}

int user_zero(user_ptr_t dst, size_t len)
{
	return user_ok(dst, len) && arch_user_zero(dst, len) == 0 ? 0 : -EFAULT;
}

ssize_t user_copy_string(char *dst, user_ptr_t src, size_t size)
{
	size_t room;
	ssize_t n;

	if (!size)
		return -ENAMETOOLONG;
	if (!user_ok(src, 1))
		return -EFAULT;
	room = min(size, USER_END - src);
	n = arch_user_copy_string(dst, src, room);
	if (n < 0)
		return n;
	if (n > 0 && dst[n - 1] == '\0')
		return n - 1;
	/* It ran into the end of the buffer, or of the program's range. */
	return room < size ? -EFAULT : -ENAMETOOLONG;
}

int user_copy_struct(void *dst, size_t known, user_ptr_t src, size_t size)
{
	int err;

	if (size > PAGE_SIZE)
		return -E2BIG;
	err = user_copy_in(dst, src, min(size, known));
	for (size_t at = known; !err && at < size; at++) {
		uint8_t byte;

		err = user_read(&byte, src + at);
		if (!err && byte)
			err = -E2BIG;
	}
	return err;
}
