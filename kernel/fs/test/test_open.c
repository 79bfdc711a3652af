/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * open, openat, openat2, creat, close, close_range.
 */
#include "fs_test.h"

#include <kernel/log.h>

#define OPENAT2(path, how_ptr) sys(SYS_openat2, AT_FDCWD, P(path), systest_value(0, how_ptr), sizeof(*(how_ptr)))

FSTEST(open_gives_the_lowest_number)
{
	CHECK_EQ(sys(SYS_open, P("f"), O_CREAT | O_RDWR, 0644), 3);
	CHECK_EQ(sys(SYS_open, P("f"), O_RDONLY), 4);
	CHECK_EQ(sys(SYS_close, 3), 0);
	CHECK_EQ(sys(SYS_openat, AT_FDCWD, P("f"), O_RDONLY), 3);
	CHECK_ERR(sys(SYS_close, 77), EBADF);
	CHECK_ERR(sys(SYS_close, -1), EBADF);
}

FSTEST(open_creates_with_mode_and_umask)
{
	CHECK_EQ(sys(SYS_umask, 027), 022);
	CHECK(sys(SYS_open, P("f"), O_CREAT | O_WRONLY, 0777) >= 0);
	CHECK_EQ(fs_test_stat("f").st_mode, S_IFREG | 0750);
	CHECK_EQ(fs_test_stat("f").st_nlink, 1);
	CHECK(sys(SYS_creat, P("g"), 0666) >= 0);
	CHECK_EQ(fs_test_stat("g").st_mode, S_IFREG | 0640);
}

FSTEST(open_errors)
{
	CHECK_ERR(sys(SYS_open, P("absent"), O_RDONLY), ENOENT);
	CHECK_ERR(sys(SYS_open, P(""), O_RDONLY), ENOENT);
	CHECK_ERR(sys(SYS_open, P("no/dir"), O_CREAT, 0644), ENOENT);
	CHECK_ERR(sys(SYS_open, SYSTEST_BAD, O_RDONLY), EFAULT);
	CHECK_ERR(sys(SYS_open, SYSTEST_KERNEL, O_RDONLY), EFAULT);
	CHECK_ERR(sys(SYS_open, P("."), O_WRONLY), EISDIR);
	CHECK_ERR(sys(SYS_open, P("."), O_CREAT), EISDIR);
	CHECK_ERR(sys(SYS_open, P("new/"), O_CREAT, 0644), EISDIR);
	CHECK(fs_test_file("f", O_RDWR, "") >= 0);
	CHECK_ERR(sys(SYS_open, P("f"), O_CREAT | O_EXCL, 0644), EEXIST);
	CHECK_ERR(sys(SYS_open, P("f/x"), O_RDONLY), ENOTDIR);
	CHECK_ERR(sys(SYS_open, P("f/"), O_RDONLY), ENOTDIR);
	CHECK_ERR(sys(SYS_open, P("f"), O_DIRECTORY), ENOTDIR);
	CHECK_ERR(sys(SYS_open, P("x"), O_DIRECTORY | O_CREAT, 0644), EINVAL);
	CHECK_ERR(sys(SYS_openat, 99, P("f"), O_RDONLY), EBADF);
	CHECK_ERR(sys(SYS_openat, 3, P("f"), O_RDONLY), ENOTDIR);
	CHECK(sys(SYS_openat, 99, P(FS_TEST_DIR "/f"), O_RDONLY) >= 0);
}

FSTEST(open_long_names)
{
	char name[NAME_MAX + 2];

	memset(name, 'n', sizeof(name));
	name[NAME_MAX + 1] = 0;
	CHECK_ERR(sys(SYS_open, P(name), O_CREAT | O_WRONLY, 0644), ENAMETOOLONG);
	name[NAME_MAX] = 0;
	CHECK(sys(SYS_open, P(name), O_CREAT | O_WRONLY, 0644) >= 0);
	CHECK_EQ(sys(SYS_unlink, P(name)), 0);
	CHECK(sys(SYS_open, fs_test_long_path(PATH_MAX - 1), O_CREAT | O_WRONLY, 0644) >= 0);
	CHECK_ERR(sys(SYS_open, fs_test_long_path(PATH_MAX), O_RDONLY), ENAMETOOLONG);
}

FSTEST(open_follows_links)
{
	CHECK_EQ(sys(SYS_symlink, P("target"), P("link")), 0);
	CHECK_ERR(sys(SYS_open, P("link"), O_RDONLY), ENOENT);
	CHECK_ERR(sys(SYS_open, P("link"), O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
	CHECK(sys(SYS_open, P("link"), O_CREAT | O_WRONLY, 0644) >= 0);
	CHECK_EQ(fs_test_stat("target").st_mode, S_IFREG | 0644);
	CHECK_ERR(sys(SYS_open, P("link"), O_NOFOLLOW), ELOOP);
	CHECK_EQ(sys(SYS_symlink, P("loop"), P("loop")), 0);
	CHECK_ERR(sys(SYS_open, P("loop"), O_RDONLY), ELOOP);
	CHECK_ERR(sys(SYS_open, P("loop/x"), O_RDONLY), ELOOP);
}

/* Forty links are followed, not one more. */
FSTEST(open_counts_links)
{
	char name[8], target[8];

	CHECK(fs_test_file("l0", O_RDWR, "") >= 0);
	for (int i = 1; i <= 41; i++) {
		format(target, sizeof(target), "l%d", i - 1);
		format(name, sizeof(name), "l%d", i);
		CHECK_EQ(sys(SYS_symlink, P(target), P(name)), 0);
	}
	CHECK(sys(SYS_open, P("l40"), O_RDONLY) >= 0);
	CHECK_ERR(sys(SYS_open, P("l41"), O_RDONLY), ELOOP);
}

FSTEST(open_walks_through_directories_and_links)
{
	CHECK_EQ(sys(SYS_mkdir, P("a"), 0755), 0);
	CHECK_EQ(sys(SYS_mkdir, P("a/b"), 0755), 0);
	CHECK(fs_test_file("a/b/f", O_RDWR, "deep") >= 0);
	CHECK_EQ(sys(SYS_symlink, P("a/b"), P("down")), 0);
	CHECK_EQ(sys(SYS_symlink, P(FS_TEST_DIR "/down/../b/"), P("abs")), 0);
	CHECK(sys(SYS_open, P("down/f"), O_RDONLY) >= 0);
	CHECK(sys(SYS_open, P("abs/f"), O_RDONLY) >= 0);
	CHECK(sys(SYS_open, P("./a/../a//b/./f"), O_RDONLY) >= 0);
	CHECK(sys(SYS_open, P("down/"), O_RDONLY) >= 0);
	CHECK(sys(SYS_open, P("../../../.." FS_TEST_DIR "/a/b/f"), O_RDONLY) >= 0);
	CHECK_ERR(sys(SYS_open, P("down/f/.."), O_RDONLY), ENOTDIR);
}

FSTEST(open_truncates_and_appends)
{
	int fd = fs_test_file("f", O_RDWR, "hello");

	CHECK(fd >= 0);
	CHECK_EQ(fs_test_stat("f").st_size, 5);
	fd = (int)sys(SYS_open, P("f"), O_WRONLY | O_APPEND);
	CHECK_EQ(sys(SYS_write, fd, P(" you"), 4), 4);
	CHECK_EQ(fs_test_stat("f").st_size, 9);
	CHECK(sys(SYS_open, P("f"), O_WRONLY | O_TRUNC) >= 0);
	CHECK_EQ(fs_test_stat("f").st_size, 0);
}

FSTEST(open_checks_permission)
{
	CHECK_EQ(sys(SYS_chmod, P("."), 0755), 0);
	CHECK_EQ(sys(SYS_mkdir, P("closed"), 0700), 0);
	CHECK(fs_test_file("closed/f", O_RDWR, "") >= 0);
	CHECK(fs_test_file("ro", O_RDWR, "") >= 0);
	CHECK(fs_test_file("mine", O_RDWR, "") >= 0);
	CHECK_EQ(sys(SYS_chown, P("mine"), 1000, 1000), 0);
	CHECK_EQ(sys(SYS_chmod, P("mine"), 0477), 0);
	systest_become(1000);
	CHECK_ERR(sys(SYS_open, P("closed/f"), O_RDONLY), EACCES);
	CHECK(sys(SYS_open, P("ro"), O_RDONLY) >= 0);
	CHECK_ERR(sys(SYS_open, P("ro"), O_WRONLY), EACCES);
	CHECK_ERR(sys(SYS_open, P("ro"), O_RDONLY | O_TRUNC), EACCES);
	CHECK_ERR(sys(SYS_open, P("ro"), O_RDONLY | O_NOATIME), EPERM);
	CHECK_ERR(sys(SYS_open, P("new"), O_CREAT | O_WRONLY, 0644), EACCES);
	/* The owner's bits count for the owner, even where others may do more. */
	CHECK(sys(SYS_open, P("mine"), O_RDONLY) >= 0);
	CHECK_ERR(sys(SYS_open, P("mine"), O_RDWR), EACCES);
}

FSTEST(open_path_only)
{
	int fd;

	CHECK(fs_test_file("f", O_RDWR, "x") >= 0);
	fd = (int)sys(SYS_open, P("f"), O_PATH);
	CHECK(fd >= 0);
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_MEM, 1), EBADF);
	CHECK_ERR(sys(SYS_fchmod, fd, 0600), EBADF);
	CHECK_ERR(sys(SYS_ioctl, fd, 0x541b, SYSTEST_MEM), EBADF);
	CHECK_EQ(sys(SYS_fstat, fd, SYSTEST_MEM), 0);
	CHECK_EQ(sys(SYS_fcntl, fd, F_GETFL), O_PATH);
	CHECK_EQ(sys(SYS_symlink, P("f"), P("l")), 0);
	CHECK(sys(SYS_open, P("l"), O_PATH | O_NOFOLLOW) >= 0);
	fd = (int)sys(SYS_open, P("."), O_PATH | O_DIRECTORY);
	CHECK(sys(SYS_openat, fd, P("f"), O_RDONLY) >= 0);
	CHECK_EQ(sys(SYS_fchdir, fd), 0);
}

FSTEST(open_tmpfile)
{
	int fd;

	CHECK_ERR(sys(SYS_open, P("."), O_TMPFILE | O_RDONLY, 0600), EINVAL);
	CHECK_ERR(sys(SYS_open, P("absent"), O_TMPFILE | O_RDWR, 0600), ENOENT);
	fd = (int)sys(SYS_open, P("."), O_TMPFILE | O_RDWR, 0600);
	CHECK(fd >= 0);
	CHECK_EQ(sys(SYS_write, fd, P("data"), 4), 4);
	CHECK_EQ(sys(SYS_linkat, fd, P(""), AT_FDCWD, P("named"), AT_EMPTY_PATH), 0);
	CHECK_EQ(fs_test_stat("named").st_nlink, 1);
	CHECK_EQ(fs_test_stat("named").st_size, 4);
	fd = (int)sys(SYS_open, P("."), O_TMPFILE | O_RDWR | O_EXCL, 0600);
	CHECK(fd >= 0);
	CHECK_ERR(sys(SYS_linkat, fd, P(""), AT_FDCWD, P("never"), AT_EMPTY_PATH), ENOENT);
}

FSTEST(open_devices)
{
	CHECK(sys(SYS_open, P("/dev/null"), O_RDWR | O_TRUNC) >= 0);
	CHECK_EQ(sys(SYS_mknod, P("none"), S_IFCHR | 0666, 0x1234), 0);
	CHECK_ERR(sys(SYS_open, P("none"), O_RDWR), ENXIO);
	CHECK_EQ(sys(SYS_mknod, P("disk"), S_IFBLK | 0666, 0x800), 0);
	CHECK_ERR(sys(SYS_open, P("disk"), O_RDWR), ENXIO);
	CHECK_EQ(sys(SYS_mknod, P("socket"), S_IFSOCK | 0666, 0), 0);
	CHECK_ERR(sys(SYS_open, P("socket"), O_RDWR), ENXIO);
	CHECK_EQ(sys(SYS_mknod, P("zero"), S_IFCHR | 0666, 0x105), 0);
	CHECK(sys(SYS_open, P("zero"), O_RDWR) >= 0);
}

FSTEST(open_runs_out_of_descriptors)
{
	const uint64_t limit[2] = { 5, 5 };

	CHECK_EQ(sys(SYS_setrlimit, 7, systest_value(0, &limit)), 0);
	CHECK_EQ(sys(SYS_open, P("/dev/null"), O_RDONLY), 3);
	CHECK_EQ(sys(SYS_open, P("/dev/null"), O_RDONLY), 4);
	CHECK_ERR(sys(SYS_open, P("/dev/null"), O_RDONLY), EMFILE);
	CHECK_ERR(sys(SYS_dup, 3), EMFILE);
	CHECK_ERR(sys(SYS_dup2, 3, 5), EBADF);
}

FSTEST(openat2_checks_its_structure)
{
	struct abi_open_how how = { .flags = O_RDONLY };
	uint64_t large[4] = { O_RDONLY, 0, 0, 0 };

	CHECK(fs_test_file("f", O_RDWR, "") >= 0);
	CHECK(OPENAT2("f", &how) >= 0);
	CHECK(OPENAT2("f", &large) >= 0);
	large[3] = 1;
	CHECK_ERR(OPENAT2("f", &large), E2BIG);
	CHECK_ERR(sys(SYS_openat2, AT_FDCWD, P("f"), SYSTEST_MEM, 23), EINVAL);
	CHECK_ERR(sys(SYS_openat2, AT_FDCWD, P("f"), SYSTEST_MEM, 5000), E2BIG);
	CHECK_ERR(sys(SYS_openat2, AT_FDCWD, P("f"), SYSTEST_BAD, 24), EFAULT);
	how.flags = UINT64_C(1) << 40;
	CHECK_ERR(OPENAT2("f", &how), EINVAL);
	how = (struct abi_open_how){ .flags = O_RDONLY, .mode = 0644 };
	CHECK_ERR(OPENAT2("f", &how), EINVAL);
	how = (struct abi_open_how){ .flags = O_PATH | O_RDWR };
	CHECK_ERR(OPENAT2("f", &how), EINVAL);
	how = (struct abi_open_how){ .resolve = 0x100 };
	CHECK_ERR(OPENAT2("f", &how), EINVAL);
	how = (struct abi_open_how){ .resolve = RESOLVE_BENEATH | RESOLVE_IN_ROOT };
	CHECK_ERR(OPENAT2("f", &how), EINVAL);
}

FSTEST(openat2_resolves_as_told)
{
	struct abi_open_how how = { .resolve = RESOLVE_BENEATH };

	CHECK(fs_test_file("f", O_RDWR, "") >= 0);
	CHECK_EQ(sys(SYS_symlink, P("f"), P("link")), 0);
	CHECK_EQ(sys(SYS_symlink, P("/f"), P("abs")), 0);
	CHECK(OPENAT2("f", &how) >= 0);
	CHECK(OPENAT2("link", &how) >= 0);
	CHECK_ERR(OPENAT2("../f", &how), EXDEV);
	CHECK_ERR(OPENAT2("/dev/null", &how), EXDEV);
	CHECK_ERR(OPENAT2("abs", &how), EXDEV);
	how.resolve = RESOLVE_IN_ROOT;
	CHECK(OPENAT2("abs", &how) >= 0);
	CHECK(OPENAT2("../../f", &how) >= 0);
	CHECK(OPENAT2("/f", &how) >= 0);
	how.resolve = RESOLVE_NO_SYMLINKS;
	CHECK_ERR(OPENAT2("link", &how), ELOOP);
	how.resolve = RESOLVE_NO_XDEV;
	CHECK_ERR(OPENAT2("../dev/null", &how), EXDEV);
	CHECK(OPENAT2("f", &how) >= 0);
}

FSTEST(close_range_closes_and_marks)
{
	for (int i = 0; i < 4; i++)
		CHECK_EQ(sys(SYS_open, P("/dev/null"), O_RDONLY), 3 + i);
	CHECK_ERR(sys(SYS_close_range, 6, 3, 0), EINVAL);
	CHECK_ERR(sys(SYS_close_range, 3, 6, 1), EINVAL);
	CHECK_EQ(sys(SYS_close_range, 4, 5, 0), 0);
	CHECK_ERR(sys(SYS_close, 4), EBADF);
	CHECK_EQ(sys(SYS_fcntl, 6, F_GETFD), 0);
	CHECK_EQ(sys(SYS_close_range, 6, UINT32_MAX, CLOSE_RANGE_CLOEXEC), 0);
	CHECK_EQ(sys(SYS_fcntl, 6, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(SYS_close_range, 3, UINT32_MAX, CLOSE_RANGE_UNSHARE), 0);
	CHECK_EQ(sys(SYS_open, P("/dev/null"), O_RDONLY), 3);
}
