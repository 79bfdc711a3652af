/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unit tests of file system calls: each runs as a process of its own whose working directory is an empty file system.
 *
 *	FSTEST(mkdir_makes_one)
 *	{
 *		CHECK_EQ(sys(SYS_mkdir, P("d"), 0755), 0);
 *		CHECK_ERR(sys(SYS_mkdir, P("d"), 0755), EEXIST);
 *	}
 */
#pragma once

#include <kernel/abi/fcntl.h>
#include <kernel/abi/stat.h>
#include <kernel/file.h>
#include <kernel/systest.h>

#define FSTEST(name)                                                                                                   \
	static void fstest_##name(void);                                                                               \
	SYSTEST(name)                                                                                                  \
	{                                                                                                              \
		fs_test_run(fstest_##name);                                                                            \
	}                                                                                                              \
	static void fstest_##name(void)

#define FS_TEST_DIR "/fstest"

void fs_test_run(void (*body)(void));

/* Puts a string into the program's memory, above FS_TEST_FREE; good until 16 more were put. */
#define P(text) fs_test_string(text)
#define FS_TEST_FREE (SYSTEST_MEM + 32 * KIB)
user_ptr_t fs_test_string(const char *text);
/* A path of len bytes: "./././...a". */
user_ptr_t fs_test_long_path(size_t len);

/* An open file with that content; the descriptor, or an error. */
int fs_test_file(const char *path, unsigned flags, const char *content);
/* What stat tells; nlink, mode and so on are 0 when there is no such file. */
struct abi_stat fs_test_stat(const char *path);
/* True when the descriptor's next bytes are exactly these. */
bool fs_test_reads(int fd, const char *expected);

/* Two descriptors that a call stored at SYSTEST_MEM. */
struct fs_test_pair {
	int32_t in, out;
};
struct fs_test_pair fs_test_pipe(unsigned flags);
