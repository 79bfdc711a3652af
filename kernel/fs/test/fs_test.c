/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of file system calls share: see fs_test.h.
 */
#include "fs_test.h"

#include <kernel/abi/mount.h>

#define STRING_SLOT 1024
#define STRING_SLOTS 16
#define STRINGS_OFFSET (40 * KIB)

void fs_test_run(void (*body)(void))
{
	if (sys(SYS_mkdir, P(FS_TEST_DIR), 0777) || sys(SYS_mount, 0, P(FS_TEST_DIR), P("tmpfs"), 0, 0) ||
	    sys(SYS_chdir, P(FS_TEST_DIR))) {
		test_fail(__FILE__, __LINE__, "no file system to test in");
		return;
	}
	body();
	/* As root again, whatever the test made of itself. */
	process_current()->cred = (struct credentials){ .cap_effective = CAP_ALL, .cap_permitted = CAP_ALL };
	if (sys(SYS_chdir, P("/")) || sys(SYS_umount2, P(FS_TEST_DIR), MNT_DETACH) || sys(SYS_rmdir, P(FS_TEST_DIR)))
		test_fail(__FILE__, __LINE__, "the file system to test in does not go away");
}

user_ptr_t fs_test_string(const char *text)
{
	static unsigned slot;

	slot = (slot + 1) % STRING_SLOTS;
	return systest_string(STRINGS_OFFSET + slot * STRING_SLOT, text);
}

user_ptr_t fs_test_long_path(size_t len)
{
	char part[3] = "./";

	for (size_t i = 0; i + 2 <= len; i += 2)
		systest_put(i, part, 2);
	systest_put(len - 1, "a", 2);
	return SYSTEST_MEM;
}

int fs_test_file(const char *path, unsigned flags, const char *content)
{
	long fd = sys(SYS_open, P(path), flags | O_CREAT, 0644), n;

	if (fd < 0)
		return (int)fd;
	if (*content) {
		n = sys(SYS_pwrite64, fd, P(content), strlen(content), 0);
		if (n != (long)strlen(content))
			return (int)(n < 0 ? n : -EIO);
	}
	return (int)fd;
}

struct abi_stat fs_test_stat(const char *path)
{
	struct abi_stat stat = { .st_mode = 0 };

	if (!sys(SYS_lstat, P(path), SYSTEST_MEM))
		systest_read(SYSTEST_MEM, &stat);
	return stat;
}

bool fs_test_reads(int fd, const char *expected)
{
	size_t len = strlen(expected);

	return sys(SYS_read, (uint64_t)fd, SYSTEST_MEM, len) == (long)len && systest_equal(SYSTEST_MEM, expected, len);
}

struct fs_test_pair fs_test_pipe(unsigned flags)
{
	struct fs_test_pair pair = { -1, -1 };

	if (sys(SYS_pipe2, SYSTEST_MEM, flags))
		test_fail(__FILE__, __LINE__, "no pipe");
	else
		systest_read(SYSTEST_MEM, &pair);
	return pair;
}
