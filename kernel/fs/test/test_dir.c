/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading directories; getcwd, chdir, fchdir, chroot, umask; mounts.
 */
#include "fs_test.h"

#include <kernel/abi/dirent.h>
#include <kernel/abi/mount.h>
#include <kernel/log.h>

/* The names in one getdents64() result, in order, separated by spaces. */
static const char *names(long size)
{
	static char text[256], name[64];
	size_t len = 0;

	text[0] = 0;
	for (long at = 0; at < size;) {
		struct abi_dirent64 d;

		systest_read(SYSTEST_MEM + (uint64_t)at, &d);
		systest_get(SYSTEST_MEM + (uint64_t)at + offsetof(struct abi_dirent64, d_name), name,
			    min((size_t)d.d_reclen - offsetof(struct abi_dirent64, d_name), sizeof(name)));
		len += format(text + len, sizeof(text) - len, "%s ", name);
		at += d.d_reclen;
	}
	return text;
}

FSTEST(getdents_lists_names)
{
	int fd;

	CHECK(fs_test_file("one", O_RDWR, "") >= 0);
	CHECK_EQ(sys(SYS_mkdir, P("two"), 0755), 0);
	fd = (int)sys(SYS_open, P("."), O_RDONLY | O_DIRECTORY);
	CHECK_STR(names(sys(SYS_getdents64, fd, SYSTEST_MEM, 4096)), ". .. one two ");
	CHECK_EQ(sys(SYS_getdents64, fd, SYSTEST_MEM, 4096), 0);
	CHECK_EQ(sys(SYS_lseek, fd, 0, SEEK_SET), 0);
	CHECK_STR(names(sys(SYS_getdents64, fd, SYSTEST_MEM, 50)), ". .. ");
	CHECK_STR(names(sys(SYS_getdents64, fd, SYSTEST_MEM, 30)), "one ");
	CHECK_STR(names(sys(SYS_getdents64, fd, SYSTEST_MEM, 4096)), "two ");
	CHECK_EQ(sys(SYS_lseek, fd, 0, SEEK_SET), 0);
	CHECK(sys(SYS_getdents, fd, SYSTEST_MEM, 4096) > 0);
}

FSTEST(getdents_of_many)
{
	char name[16];
	int fd, count = 0;
	long n;

	for (int i = 0; i < 200; i++) {
		format(name, sizeof(name), "file%d", i);
		CHECK_EQ(sys(SYS_mknod, P(name), 0644, 0), 0);
	}
	fd = (int)sys(SYS_open, P("."), O_RDONLY);
	while ((n = sys(SYS_getdents64, fd, SYSTEST_MEM, 2000)) > 0) {
		for (long at = 0; at < n; count++) {
			struct abi_dirent64 d;

			systest_read(SYSTEST_MEM + (uint64_t)at, &d);
			CHECK(d.d_reclen >= 24);
			at += d.d_reclen;
		}
	}
	CHECK_EQ(n, 0);
	CHECK_EQ(count, 202);
}

FSTEST(getdents_errors)
{
	int fd = (int)sys(SYS_open, P("."), O_RDONLY), file = fs_test_file("f", O_RDWR, "");

	CHECK_ERR(sys(SYS_getdents64, 99, SYSTEST_MEM, 100), EBADF);
	CHECK_ERR(sys(SYS_getdents, 99, SYSTEST_MEM, 100), EBADF);
	CHECK_ERR(sys(SYS_getdents, fd, SYSTEST_MEM, 10), EINVAL);
	CHECK_ERR(sys(SYS_getdents, fd, SYSTEST_BAD, 100), EFAULT);
	CHECK_ERR(sys(SYS_getdents64, file, SYSTEST_MEM, 100), ENOTDIR);
	CHECK_ERR(sys(SYS_getdents, file, SYSTEST_MEM, 100), ENOTDIR);
	CHECK_ERR(sys(SYS_getdents64, fd, SYSTEST_MEM, 10), EINVAL);
	CHECK_ERR(sys(SYS_getdents64, fd, SYSTEST_BAD, 100), EFAULT);
	CHECK_EQ(sys(SYS_mkdir, P("d"), 0755), 0);
	fd = (int)sys(SYS_open, P("d"), O_RDONLY);
	CHECK_EQ(sys(SYS_rmdir, P("d")), 0);
	CHECK_ERR(sys(SYS_getdents64, fd, SYSTEST_MEM, 100), ENOENT);
	CHECK_ERR(sys(SYS_getdents, fd, SYSTEST_MEM, 100), ENOENT);
}

FSTEST(working_directory)
{
	int fd;

	CHECK_EQ(sys(SYS_getcwd, SYSTEST_MEM, 100), sizeof(FS_TEST_DIR));
	CHECK_MEM(SYSTEST_MEM, FS_TEST_DIR, sizeof(FS_TEST_DIR));
	CHECK_ERR(sys(SYS_getcwd, SYSTEST_MEM, 4), ERANGE);
	CHECK_ERR(sys(SYS_getcwd, SYSTEST_BAD, 100), EFAULT);
	CHECK_EQ(sys(SYS_mkdir, P("d"), 0700), 0);
	CHECK_EQ(sys(SYS_chdir, P("d")), 0);
	CHECK_EQ(sys(SYS_getcwd, SYSTEST_MEM, 100), sizeof(FS_TEST_DIR "/d"));
	fd = (int)sys(SYS_open, P("."), O_RDONLY);
	CHECK_EQ(sys(SYS_chdir, P("/")), 0);
	CHECK_EQ(sys(SYS_getcwd, SYSTEST_MEM, 100), 2);
	CHECK_EQ(sys(SYS_fchdir, fd), 0);
	CHECK_EQ(sys(SYS_chdir, P("..")), 0);
	CHECK_ERR(sys(SYS_fchdir, 99), EBADF);
	CHECK_ERR(sys(SYS_fchdir, fs_test_file("f", O_RDWR, "")), ENOTDIR);
	CHECK_ERR(sys(SYS_chdir, P("f")), ENOTDIR);
	CHECK_ERR(sys(SYS_chdir, P("no")), ENOENT);
	CHECK_ERR(sys(SYS_chdir, SYSTEST_BAD), EFAULT);
	systest_become(1000);
	CHECK_ERR(sys(SYS_chdir, P("d")), EACCES);
	CHECK_ERR(sys(SYS_fchdir, fd), EACCES);
}

FSTEST(chroot_confines)
{
	CHECK_EQ(sys(SYS_mkdir, P("jail"), 0755), 0);
	CHECK_ERR(sys(SYS_chroot, P("no")), ENOENT);
	CHECK_ERR(sys(SYS_chroot, SYSTEST_BAD), EFAULT);
	CHECK_EQ(sys(SYS_mkdir, P("jail/in"), 0755), 0);
	CHECK_EQ(sys(SYS_chroot, P("jail")), 0);
	CHECK_EQ(sys(SYS_stat, P("/in"), SYSTEST_MEM), 0);
	CHECK_EQ(sys(SYS_stat, P("/../../in"), SYSTEST_MEM), 0);
	CHECK_ERR(sys(SYS_stat, P("/dev/null"), SYSTEST_MEM), ENOENT);
	CHECK(sys(SYS_getcwd, SYSTEST_MEM, 100) > 0);
	CHECK_MEM(SYSTEST_MEM, "(unreachable)", 13);
	systest_become(1000);
	CHECK_ERR(sys(SYS_chroot, P("/in")), EPERM);
	/* Out again, so that the test's own end finds its way. */
	CHECK(process_current()->fs);
	process_current()->cred.cap_effective = CAP_ALL;
	while (sys(SYS_getcwd, SYSTEST_MEM, 100) > 15)
		CHECK_EQ(sys(SYS_chdir, P("..")), 0);
	CHECK_EQ(sys(SYS_chroot, P(".")), 0);
}

FSTEST(umask_keeps_nine_bits)
{
	CHECK_EQ(sys(SYS_umask, 07077), 022);
	CHECK_EQ(sys(SYS_umask, 022), 077);
}

FSTEST(mount_covers_and_uncovers)
{
	CHECK_EQ(sys(SYS_mkdir, P("m"), 0755), 0);
	CHECK(fs_test_file("m/below", O_RDWR, "") >= 0);
	CHECK_EQ(sys(SYS_mount, 0, P("m"), P("ramfs"), MS_NODEV, 0), 0);
	CHECK_EQ(fs_test_stat("m/below").st_mode, 0);
	CHECK(fs_test_stat("m").st_dev != fs_test_stat(".").st_dev);
	CHECK_EQ(sys(SYS_stat, P("m/.."), SYSTEST_MEM), 0);
	CHECK_ERR(sys(SYS_rmdir, P("m")), EBUSY);
	CHECK_ERR(sys(SYS_rename, P("m"), P("n")), EBUSY);
	CHECK_EQ(sys(SYS_mknod, P("m/null"), S_IFCHR | 0666, 0x103), 0);
	CHECK_ERR(sys(SYS_open, P("m/null"), O_RDONLY), EACCES);
	CHECK_EQ(sys(SYS_mount, 0, P("m"), P("x"), MS_REMOUNT | MS_RDONLY, 0), 0);
	CHECK_ERR(sys(SYS_mkdir, P("m/d"), 0755), EROFS);
	CHECK_ERR(sys(SYS_open, P("m/f"), O_CREAT | O_WRONLY, 0644), EROFS);
	CHECK_ERR(sys(SYS_unlink, P("m/null")), EROFS);
	CHECK_ERR(sys(SYS_chmod, P("m/null"), 0), EROFS);
	CHECK_ERR(sys(SYS_access, P("m"), W_OK), EROFS);
	CHECK_ERR(sys(SYS_umount2, P("m"), MNT_EXPIRE), EAGAIN);
	CHECK_EQ(sys(SYS_umount2, P("m"), MNT_EXPIRE), 0);
	CHECK(fs_test_stat("m/below").st_mode);
}

FSTEST(mount_errors)
{
	CHECK_EQ(sys(SYS_mkdir, P("m"), 0755), 0);
	CHECK_ERR(sys(SYS_mount, 0, P("m"), P("nofs"), 0, 0), ENODEV);
	CHECK_ERR(sys(SYS_mount, 0, P("no"), P("tmpfs"), 0, 0), ENOENT);
	CHECK_ERR(sys(SYS_mount, 0, P("m"), 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_mount, 0, P("m"), P("tmpfs"), 0, P("size=x")), EINVAL);
	CHECK_ERR(sys(SYS_mount, 0, P("m"), P("tmpfs"), 0, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_mount, 0, SYSTEST_BAD, P("tmpfs"), 0, 0), EFAULT);
	CHECK(fs_test_file("f", O_RDWR, "") >= 0);
	CHECK_ERR(sys(SYS_mount, 0, P("f"), P("tmpfs"), 0, 0), ENOTDIR);
	CHECK_ERR(sys(SYS_mount, 0, P("m"), P("tmpfs"), MS_REMOUNT, 0), EINVAL);
	CHECK_ERR(sys(SYS_umount2, P("m"), 0), EINVAL);
	CHECK_ERR(sys(SYS_umount2, P("m"), 0x100), EINVAL);
	CHECK_ERR(sys(SYS_umount2, P("m"), MNT_EXPIRE | MNT_FORCE), EINVAL);
	CHECK_ERR(sys(SYS_umount2, P("no"), 0), ENOENT);
	CHECK_ERR(sys(SYS_umount2, SYSTEST_BAD, 0), EFAULT);
	systest_become(1000);
	CHECK_ERR(sys(SYS_mount, 0, P("m"), P("tmpfs"), 0, 0), EPERM);
	CHECK_ERR(sys(SYS_umount2, P("m"), 0), EPERM);
}

/* Through /proc a path can name what no mount holds. */
FSTEST(pipes_are_no_mount_points)
{
	CHECK_EQ(fs_test_pipe(0).in, 3);
	CHECK_ERR(sys(SYS_umount2, P("/proc/self/fd/3"), MNT_FORCE), EINVAL);
	CHECK_ERR(sys(SYS_mount, 0, P("/proc/self/fd/3"), P("x"), MS_REMOUNT, 0), EINVAL);
	CHECK_ERR(sys(SYS_mount, 0, P("/proc/self/fd/3"), P("tmpfs"), 0, 0), EINVAL);
	CHECK_EQ(sys(SYS_statfs, P("/proc/self/fd/3"), SYSTEST_MEM), 0);
	CHECK_EQ(sys(SYS_statx, AT_FDCWD, P("/proc/self/fd/3"), 0, 0xfff, SYSTEST_MEM), 0);
}

FSTEST(umount_detached_mounts_live_on)
{
	int fd;

	CHECK_EQ(sys(SYS_mkdir, P("m"), 0755), 0);
	CHECK_EQ(sys(SYS_mount, 0, P("m"), P("tmpfs"), 0, 0), 0);
	CHECK_EQ(sys(SYS_mkdir, P("m/inner"), 0755), 0);
	CHECK_EQ(sys(SYS_mount, 0, P("m/inner"), P("devfs"), 0, 0), 0);
	CHECK_EQ(sys(SYS_stat, P("m/inner/null"), SYSTEST_MEM), 0);
	fd = fs_test_file("m/f", O_RDWR, "kept");
	CHECK_ERR(sys(SYS_umount2, P("m"), 0), EBUSY);
	CHECK_EQ(sys(SYS_umount2, P("m"), MNT_DETACH), 0);
	CHECK_EQ(fs_test_stat("m/f").st_mode, 0);
	CHECK(fs_test_reads(fd, "kept"));
	CHECK_EQ(sys(SYS_close, fd), 0);
}
