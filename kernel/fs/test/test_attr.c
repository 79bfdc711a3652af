/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stat family, access, chmod, chown, utimes, truncate, fallocate, statfs.
 */
#include "fs_test.h"

#include <kernel/abi/mount.h>
#include <kernel/abi/time.h>

#define OMIT 0x3ffffffe

FSTEST(stat_family)
{
	int fd = fs_test_file("f", O_RDWR, "12345");
	struct fs_test_pair p = fs_test_pipe(0);
	struct abi_stat a, b;

	CHECK_EQ(sys(SYS_symlink, P("f"), P("l")), 0);
	CHECK_EQ(sys(SYS_stat, P("l"), SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &a);
	CHECK_EQ(a.st_size, 5);
	CHECK_EQ(a.st_blocks, 8);
	CHECK_EQ(sys(SYS_fstat, fd, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &b);
	CHECK(!memcmp(&a, &b, sizeof(a)));
	CHECK_EQ(sys(SYS_newfstatat, AT_FDCWD, P("l"), SYSTEST_MEM, AT_SYMLINK_NOFOLLOW), 0);
	systest_read(SYSTEST_MEM, &b);
	CHECK_EQ(b.st_mode, S_IFLNK | 0777);
	CHECK_EQ(sys(SYS_newfstatat, p.in, P(""), SYSTEST_MEM, AT_EMPTY_PATH), 0);
	CHECK_EQ(sys(SYS_newfstatat, fd, 0, SYSTEST_MEM, AT_EMPTY_PATH), 0);
	CHECK_ERR(sys(SYS_newfstatat, AT_FDCWD, P(""), SYSTEST_MEM, 0), ENOENT);
	CHECK_ERR(sys(SYS_newfstatat, AT_FDCWD, P("f"), SYSTEST_MEM, 1), EINVAL);
	CHECK_ERR(sys(SYS_newfstatat, 99, P("f"), SYSTEST_MEM, 0), EBADF);
	CHECK_ERR(sys(SYS_newfstatat, fd, P("f"), SYSTEST_MEM, 0), ENOTDIR);
	CHECK_ERR(sys(SYS_stat, P("f"), SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_lstat, SYSTEST_BAD, SYSTEST_MEM), EFAULT);
	CHECK_ERR(sys(SYS_stat, P("no"), SYSTEST_MEM), ENOENT);
	CHECK_ERR(sys(SYS_fstat, 99, SYSTEST_MEM), EBADF);
}

FSTEST(statx_fills_what_it_knows)
{
	struct abi_statx x;

	CHECK(fs_test_file("f", O_RDWR, "12345") >= 0);
	CHECK_EQ(sys(SYS_statx, AT_FDCWD, P("f"), 0, STATX_BASIC_STATS | STATX_BTIME, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &x);
	CHECK_EQ(x.stx_size, 5);
	CHECK_EQ(x.stx_mode, S_IFREG | 0644);
	CHECK(x.stx_mask & STATX_BTIME);
	CHECK_EQ(sys(SYS_statx, AT_FDCWD, P("."), 0, 0, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &x);
	CHECK(x.stx_attributes & STATX_ATTR_MOUNT_ROOT);
	CHECK_ERR(sys(SYS_statx, AT_FDCWD, P("f"), 1, 0, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_statx, AT_FDCWD, P("f"), AT_STATX_SYNC_TYPE, 0, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_statx, AT_FDCWD, P("f"), 0, STATX_RESERVED, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_statx, AT_FDCWD, P("no"), 0, 0, SYSTEST_MEM), ENOENT);
	CHECK_ERR(sys(SYS_statx, 99, P("f"), 0, 0, SYSTEST_MEM), EBADF);
	CHECK_ERR(sys(SYS_statx, AT_FDCWD, P("f"), 0, 0, SYSTEST_BAD), EFAULT);
}

FSTEST(statfs_tells_the_kind)
{
	struct abi_statfs s;
	struct fs_test_pair p = fs_test_pipe(0);

	CHECK_EQ(sys(SYS_statfs, P("."), SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &s);
	CHECK_EQ(s.f_type, TMPFS_MAGIC);
	CHECK(s.f_bfree && s.f_bfree <= s.f_blocks);
	CHECK_EQ(sys(SYS_fstatfs, p.in, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &s);
	CHECK_EQ(s.f_type, PIPEFS_MAGIC);
	CHECK_ERR(sys(SYS_statfs, P("no"), SYSTEST_MEM), ENOENT);
	CHECK_ERR(sys(SYS_statfs, P("."), SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_fstatfs, 99, SYSTEST_MEM), EBADF);
}

FSTEST(access_asks_for_the_real_user)
{
	CHECK(fs_test_file("f", O_RDWR, "") >= 0);
	CHECK_EQ(sys(SYS_chmod, P("."), 0755), 0);
	CHECK_EQ(sys(SYS_access, P("f"), R_OK | W_OK), 0);
	CHECK_ERR(sys(SYS_access, P("f"), X_OK), EACCES);
	CHECK_ERR(sys(SYS_access, P("f"), 8), EINVAL);
	CHECK_ERR(sys(SYS_access, P("no"), F_OK), ENOENT);
	CHECK_ERR(sys(SYS_access, P("f/x"), F_OK), ENOTDIR);
	CHECK_ERR(sys(SYS_access, SYSTEST_BAD, F_OK), EFAULT);
	CHECK_ERR(sys(SYS_faccessat, 99, P("f"), F_OK), EBADF);
	CHECK_ERR(sys(SYS_faccessat2, AT_FDCWD, P("f"), F_OK, 1), EINVAL);
	CHECK_EQ(sys(SYS_setresuid, 1000, 0, 0), 0);
	CHECK_ERR(sys(SYS_access, P("f"), W_OK), EACCES);
	CHECK_ERR(sys(SYS_faccessat, AT_FDCWD, P("f"), W_OK), EACCES);
	CHECK_EQ(sys(SYS_faccessat2, AT_FDCWD, P("f"), W_OK, AT_EACCESS), 0);
}

FSTEST(chmod_changes_bits)
{
	int fd = fs_test_file("f", O_RDWR, "");

	CHECK_EQ(sys(SYS_chmod, P("f"), 04755), 0);
	CHECK_EQ(fs_test_stat("f").st_mode, S_IFREG | 04755);
	CHECK_EQ(sys(SYS_fchmod, fd, 0600), 0);
	CHECK_EQ(sys(SYS_fchmodat, AT_FDCWD, P("f"), 0640), 0);
	CHECK_EQ(fs_test_stat("f").st_mode, S_IFREG | 0640);
	CHECK_EQ(sys(SYS_symlink, P("f"), P("l")), 0);
	CHECK_ERR(sys(SYS_fchmodat2, AT_FDCWD, P("l"), 0600, AT_SYMLINK_NOFOLLOW), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_fchmodat2, AT_FDCWD, P("f"), 0600, 1), EINVAL);
	CHECK_ERR(sys(SYS_chmod, P("no"), 0600), ENOENT);
	CHECK_ERR(sys(SYS_chmod, SYSTEST_BAD, 0600), EFAULT);
	CHECK_ERR(sys(SYS_fchmod, 99, 0600), EBADF);
	CHECK_ERR(sys(SYS_fchmodat, 99, P("f"), 0600), EBADF);
	systest_become(1000);
	CHECK_ERR(sys(SYS_chmod, P("f"), 0600), EPERM);
}

FSTEST(chown_drops_special_bits)
{
	int fd = fs_test_file("f", O_RDWR, "");

	CHECK_EQ(sys(SYS_chmod, P("f"), 06755), 0);
	CHECK_EQ(sys(SYS_chown, P("f"), 1000, -1), 0);
	CHECK_EQ(fs_test_stat("f").st_mode, S_IFREG | 0755);
	CHECK_EQ(fs_test_stat("f").st_uid, 1000);
	CHECK_EQ(fs_test_stat("f").st_gid, 0);
	CHECK_EQ(sys(SYS_symlink, P("f"), P("l")), 0);
	CHECK_EQ(sys(SYS_lchown, P("l"), 7, 8), 0);
	CHECK_EQ(fs_test_stat("l").st_gid, 8);
	CHECK_EQ(sys(SYS_fchownat, fd, P(""), -1, 1000, AT_EMPTY_PATH), 0);
	CHECK_EQ(fs_test_stat("f").st_gid, 1000);
	CHECK_ERR(sys(SYS_fchownat, AT_FDCWD, P("f"), 0, 0, 1), EINVAL);
	CHECK_ERR(sys(SYS_fchownat, 99, P("f"), 0, 0, 0), EBADF);
	CHECK_ERR(sys(SYS_chown, P("no"), 0, 0), ENOENT);
	CHECK_ERR(sys(SYS_fchown, 99, 0, 0), EBADF);
	systest_become(1000);
	CHECK_ERR(sys(SYS_fchown, fd, 0, -1), EPERM);
	CHECK_ERR(sys(SYS_chown, P("f"), -1, 5), EPERM);
	CHECK_EQ(sys(SYS_chown, P("f"), 1000, 1000), 0);
}

FSTEST(utimes_set_times)
{
	struct abi_timespec spec[2] = { { 100, 5 }, { 200, OMIT } };
	const struct abi_timeval tv[2] = { { 300, 7 }, { 400, 8 } }, bad_tv[2] = { { 0, 1000000 }, { 0, 0 } };
	const int64_t seconds[2] = { -5, 600 };
	int fd = fs_test_file("f", O_RDWR, "");

	CHECK_EQ(sys(SYS_utimensat, AT_FDCWD, P("f"), systest_value(512, &spec), 0), 0);
	CHECK_EQ(fs_test_stat("f").st_atime, 100);
	CHECK_EQ(fs_test_stat("f").st_atime_nsec, 5);
	CHECK(fs_test_stat("f").st_mtime > 200);
	CHECK_EQ(sys(SYS_utimes, P("f"), systest_value(512, &tv)), 0);
	CHECK_EQ(fs_test_stat("f").st_mtime_nsec, 8000);
	CHECK_EQ(sys(SYS_utime, P("f"), systest_value(512, &seconds)), 0);
	CHECK_EQ(fs_test_stat("f").st_atime, -5);
	CHECK_EQ(sys(SYS_futimesat, fd, 0, systest_value(512, &tv)), 0);
	CHECK_EQ(fs_test_stat("f").st_atime, 300);
	CHECK_EQ(sys(SYS_utimensat, fd, 0, 0, 0), 0);
	CHECK(fs_test_stat("f").st_atime > 1000);
	CHECK_ERR(sys(SYS_utimes, P("f"), systest_value(512, &bad_tv)), EINVAL);
	spec[0].nsec = 1000000000;
	CHECK_ERR(sys(SYS_utimensat, AT_FDCWD, P("f"), systest_value(512, &spec), 0), EINVAL);
	CHECK_ERR(sys(SYS_utimensat, AT_FDCWD, P("f"), 0, 1), EINVAL);
	CHECK_ERR(sys(SYS_utimensat, AT_FDCWD, P("f"), SYSTEST_BAD, 0), EFAULT);
	CHECK_ERR(sys(SYS_utimensat, AT_FDCWD, 0, 0, 0), EFAULT);
	CHECK_ERR(sys(SYS_utimensat, 99, P("f"), 0, 0), EBADF);
	CHECK_ERR(sys(SYS_utime, P("no"), 0), ENOENT);
	CHECK_ERR(sys(SYS_futimesat, 99, P("f"), 0), EBADF);
	CHECK_EQ(sys(SYS_chmod, P("f"), 0606), 0);
	systest_become(1000);
	CHECK_EQ(sys(SYS_utime, P("f"), 0), 0);
	CHECK_ERR(sys(SYS_utimes, P("f"), systest_value(512, &tv)), EPERM);
}

FSTEST(truncate_sizes)
{
	int fd = fs_test_file("f", O_RDWR, "12345"), in = (int)sys(SYS_open, P("f"), O_RDONLY);
	struct fs_test_pair p = fs_test_pipe(0);

	CHECK_EQ(sys(SYS_truncate, P("f"), 3), 0);
	CHECK_EQ(sys(SYS_ftruncate, fd, 5), 0);
	CHECK_EQ(sys(SYS_read, fd, SYSTEST_MEM, 10), 5);
	CHECK_MEM(SYSTEST_MEM, "123\0\0", 5);
	CHECK_ERR(sys(SYS_truncate, P("f"), -1), EINVAL);
	CHECK_ERR(sys(SYS_ftruncate, fd, -1), EINVAL);
	CHECK_ERR(sys(SYS_ftruncate, in, 1), EINVAL);
	CHECK_ERR(sys(SYS_ftruncate, p.out, 1), EINVAL);
	CHECK_ERR(sys(SYS_ftruncate, 99, 1), EBADF);
	CHECK_ERR(sys(SYS_truncate, P("."), 1), EISDIR);
	CHECK_ERR(sys(SYS_truncate, P("/dev/null"), 1), EINVAL);
	CHECK_ERR(sys(SYS_truncate, P("no"), 1), ENOENT);
	CHECK_ERR(sys(SYS_truncate, SYSTEST_BAD, 1), EFAULT);
	systest_become(1000);
	CHECK_ERR(sys(SYS_truncate, P("f"), 1), EACCES);
}

FSTEST(fallocate_makes_and_punches)
{
	int fd = fs_test_file("f", O_RDWR, ""), in = (int)sys(SYS_open, P("f"), O_RDONLY);
	struct fs_test_pair p = fs_test_pipe(0);

	CHECK_EQ(sys(SYS_fallocate, fd, 0, 0, 10000), 0);
	CHECK_EQ(fs_test_stat("f").st_size, 10000);
	CHECK_EQ(fs_test_stat("f").st_blocks, 24);
	CHECK_EQ(sys(SYS_fallocate, fd, FALLOC_FL_KEEP_SIZE, 20000, 1), 0);
	CHECK_EQ(fs_test_stat("f").st_size, 10000);
	CHECK_EQ(sys(SYS_pwrite64, fd, P("abcd"), 4, 0), 4);
	CHECK_EQ(sys(SYS_fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2, 8190), 0);
	CHECK_EQ(sys(SYS_pread64, fd, SYSTEST_MEM, 4, 0), 4);
	CHECK_MEM(SYSTEST_MEM, "ab\0\0", 4);
	CHECK_EQ(fs_test_stat("f").st_blocks, 24);
	CHECK_ERR(sys(SYS_fallocate, fd, FALLOC_FL_PUNCH_HOLE, 0, 1), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_fallocate, fd, 0x4000, 0, 1), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_fallocate, fd, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_fallocate, fd, 0, -1, 1), EINVAL);
	CHECK_ERR(sys(SYS_fallocate, fd, 0, INT64_MAX, 2), EFBIG);
	CHECK_ERR(sys(SYS_fallocate, in, 0, 0, 1), EBADF);
	CHECK_ERR(sys(SYS_fallocate, 99, 0, 0, 1), EBADF);
	CHECK_ERR(sys(SYS_fallocate, p.out, 0, 0, 1), ESPIPE);
	CHECK_ERR(sys(SYS_fallocate, sys(SYS_open, P("/dev/null"), O_RDWR), 0, 0, 1), ENODEV);
	CHECK_ERR(sys(SYS_fallocate, fd, 0, 0, INT64_C(1) << 50), ENOSPC);
}

/* Reading moves atime only past the other two, as relatime has it; writing moves the others. */
FSTEST(times_move)
{
	const struct abi_timespec old[2] = { { 100, 0 }, { 200, 0 } };
	int fd = fs_test_file("f", O_RDWR, "x"), quiet = (int)sys(SYS_open, P("f"), O_RDONLY | O_NOATIME);

	CHECK_EQ(sys(SYS_utimensat, AT_FDCWD, P("f"), systest_value(512, &old), 0), 0);
	CHECK_EQ(sys(SYS_read, quiet, SYSTEST_MEM, 1), 1);
	CHECK_EQ(fs_test_stat("f").st_atime, 100);
	CHECK_EQ(sys(SYS_read, fd, SYSTEST_MEM, 1), 1);
	CHECK(fs_test_stat("f").st_atime > 200);
	CHECK_EQ(fs_test_stat("f").st_mtime, 200);
	CHECK_EQ(sys(SYS_write, fd, SYSTEST_MEM, 1), 1);
	CHECK(fs_test_stat("f").st_mtime > 200);
}
