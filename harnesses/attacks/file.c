/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files that hold the secret, for attacks whose goal is to read one. In attack_in_process().
 */
#include "attacks.h"

#include <kernel/systest.h>
#include <kernel/vfs.h>

uint64_t attack_word(long fd)
{
	uint64_t word = 0;

	if (fd >= 0 && sys(SYS_read, (uint64_t)fd, SYSTEST_MEM + 64, 8) == 8)
		systest_read(SYSTEST_MEM + 64, &word);
	return word;
}

uint64_t attack_file_word(const char *name)
{
	long fd = sys(SYS_open, systest_string(0, name), O_RDONLY);
	uint64_t word = attack_word(fd);

	if (fd >= 0)
		sys(SYS_close, (uint64_t)fd);
	return word;
}

long attack_file_given(const char *name)
{
	uint64_t secret = attack_secret();
	long fd = sys_open(systest_string(0, name), O_CREAT | O_RDWR, 0600);

	return fd < 0 || sys_pwrite64((int)fd, systest_value(64, &secret), 8, 0) != 8 ? -1 : fd;
}
