/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mkdir, mknod, link, symlink, unlink, rmdir, rename: link counts, times' owners, and every error.
 */
#include "fs_test.h"

static bool exists(const char *path)
{
	return fs_test_stat(path).st_mode != 0;
}

FSTEST(mkdir_and_rmdir)
{
	CHECK_EQ(sys(SYS_mkdir, P("d"), 0777), 0);
	CHECK_EQ(fs_test_stat("d").st_mode, S_IFDIR | 0755);
	CHECK_EQ(fs_test_stat("d").st_nlink, 2);
	CHECK_EQ(sys(SYS_mkdirat, AT_FDCWD, P("d/e/"), 01777), 0);
	CHECK_EQ(fs_test_stat("d").st_nlink, 3);
	CHECK_ERR(sys(SYS_mkdir, P("d"), 0755), EEXIST);
	CHECK_ERR(sys(SYS_mkdir, P("."), 0755), EEXIST);
	CHECK_ERR(sys(SYS_mkdir, P("/"), 0755), EEXIST);
	CHECK_ERR(sys(SYS_mkdir, P("x/y"), 0755), ENOENT);
	CHECK_ERR(sys(SYS_mkdir, P(""), 0755), ENOENT);
	CHECK_ERR(sys(SYS_mkdir, SYSTEST_BAD, 0755), EFAULT);
	CHECK_ERR(sys(SYS_mkdirat, 99, P("x"), 0755), EBADF);
	CHECK_ERR(sys(SYS_rmdir, P("d")), ENOTEMPTY);
	CHECK_ERR(sys(SYS_rmdir, P("d/.")), EINVAL);
	CHECK_ERR(sys(SYS_rmdir, P("d/..")), ENOTEMPTY);
	CHECK_ERR(sys(SYS_rmdir, P("/")), EBUSY);
	CHECK_ERR(sys(SYS_rmdir, P("no")), ENOENT);
	CHECK(fs_test_file("f", O_RDWR, "") >= 0);
	CHECK_ERR(sys(SYS_rmdir, P("f")), ENOTDIR);
	CHECK_ERR(sys(SYS_mkdir, P("f/d"), 0755), ENOTDIR);
	CHECK_EQ(sys(SYS_rmdir, P("d/e")), 0);
	CHECK_EQ(sys(SYS_unlinkat, AT_FDCWD, P("d"), AT_REMOVEDIR), 0);
	CHECK(!exists("d"));
}

/* A directory without a name can still be looked at, but nothing can be made in it. */
FSTEST(removed_directory)
{
	CHECK_EQ(sys(SYS_mkdir, P("d"), 0755), 0);
	CHECK_EQ(sys(SYS_chdir, P("d")), 0);
	CHECK_EQ(sys(SYS_rmdir, P("../d")), 0);
	CHECK_ERR(sys(SYS_mkdir, P("x"), 0755), ENOENT);
	CHECK_ERR(sys(SYS_open, P("x"), O_CREAT | O_WRONLY, 0644), ENOENT);
	CHECK_EQ(sys(SYS_stat, P("."), SYSTEST_MEM), 0);
	CHECK_ERR(sys(SYS_getcwd, SYSTEST_MEM, 100), ENOENT);
	CHECK_EQ(sys(SYS_chdir, P("..")), 0);
}

FSTEST(mknod_kinds)
{
	CHECK_EQ(sys(SYS_mknod, P("r"), 0644, 0), 0);
	CHECK_EQ(fs_test_stat("r").st_mode, S_IFREG | 0644);
	CHECK_EQ(sys(SYS_mknodat, AT_FDCWD, P("c"), S_IFCHR | 0600, 0x105), 0);
	CHECK_EQ(fs_test_stat("c").st_rdev, 0x105);
	CHECK_ERR(sys(SYS_mknod, P("d"), S_IFDIR | 0755, 0), EPERM);
	CHECK_ERR(sys(SYS_mknod, P("l"), S_IFLNK | 0755, 0), EINVAL);
	CHECK_ERR(sys(SYS_mknod, P("r"), S_IFIFO | 0644, 0), EEXIST);
	CHECK_ERR(sys(SYS_mknod, P("x/"), S_IFIFO | 0644, 0), ENOENT);
	CHECK_EQ(sys(SYS_chmod, P("."), 0777), 0);
	systest_become(1000);
	CHECK_ERR(sys(SYS_mknod, P("n"), S_IFCHR | 0600, 0x105), EPERM);
	CHECK_EQ(sys(SYS_mknod, P("n"), S_IFIFO | 0600, 0x105), 0);
	CHECK_EQ(fs_test_stat("n").st_uid, 1000);
	CHECK_EQ(fs_test_stat("n").st_rdev, 0);
}

FSTEST(links)
{
	CHECK(fs_test_file("f", O_RDWR, "x") >= 0);
	CHECK_EQ(sys(SYS_mkdir, P("d"), 0755), 0);
	CHECK_EQ(sys(SYS_link, P("f"), P("d/g")), 0);
	CHECK_EQ(fs_test_stat("f").st_nlink, 2);
	CHECK_EQ(fs_test_stat("f").st_ino, fs_test_stat("d/g").st_ino);
	CHECK_ERR(sys(SYS_link, P("f"), P("d/g")), EEXIST);
	CHECK_ERR(sys(SYS_link, P("no"), P("h")), ENOENT);
	CHECK_ERR(sys(SYS_link, P("d"), P("h")), EPERM);
	CHECK_ERR(sys(SYS_link, P("f"), P("h/")), ENOENT);
	CHECK_ERR(sys(SYS_link, P("f"), P("/dev/h")), EXDEV);
	CHECK_ERR(sys(SYS_link, P("f"), SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_linkat, AT_FDCWD, P("f"), AT_FDCWD, P("h"), 1), EINVAL);
	CHECK_EQ(sys(SYS_symlink, P("f"), P("s")), 0);
	CHECK_EQ(sys(SYS_link, P("s"), P("s2")), 0);
	CHECK_EQ(fs_test_stat("s2").st_mode & S_IFMT, S_IFLNK);
	CHECK_EQ(sys(SYS_linkat, AT_FDCWD, P("s"), AT_FDCWD, P("f2"), AT_SYMLINK_FOLLOW), 0);
	CHECK_EQ(fs_test_stat("f").st_nlink, 3);
	CHECK_EQ(sys(SYS_unlink, P("f")), 0);
	CHECK_EQ(fs_test_stat("d/g").st_nlink, 2);
}

FSTEST(symlink_and_readlink)
{
	CHECK_EQ(sys(SYS_symlink, P("some/where"), P("l")), 0);
	CHECK_EQ(fs_test_stat("l").st_size, 10);
	CHECK_EQ(sys(SYS_readlink, P("l"), SYSTEST_MEM, 100), 10);
	CHECK_MEM(SYSTEST_MEM, "some/where", 10);
	CHECK_EQ(sys(SYS_readlinkat, AT_FDCWD, P("l"), SYSTEST_MEM, 4), 4);
	CHECK_ERR(sys(SYS_readlink, P("l"), SYSTEST_MEM, 0), EINVAL);
	CHECK_ERR(sys(SYS_readlink, P("."), SYSTEST_MEM, 10), EINVAL);
	CHECK_ERR(sys(SYS_readlink, P(""), SYSTEST_MEM, 10), ENOENT);
	CHECK_ERR(sys(SYS_readlink, P("l"), SYSTEST_BAD, 10), EFAULT);
	CHECK_ERR(sys(SYS_readlinkat, 99, P("l"), SYSTEST_MEM, 10), EBADF);
	CHECK_ERR(sys(SYS_symlink, P(""), P("m")), ENOENT);
	CHECK_ERR(sys(SYS_symlink, P("x"), P("l")), EEXIST);
	CHECK_ERR(sys(SYS_symlinkat, P("x"), 99, P("m")), EBADF);
	CHECK_ERR(sys(SYS_symlink, SYSTEST_BAD, P("m")), EFAULT);
}

FSTEST(unlink_keeps_open_files)
{
	int fd = fs_test_file("f", O_RDWR, "still here");
	struct abi_stat stat;

	CHECK_EQ(sys(SYS_unlink, P("f")), 0);
	CHECK(!exists("f"));
	CHECK(fs_test_reads(fd, "still here"));
	CHECK_EQ(sys(SYS_fstat, fd, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &stat);
	CHECK_EQ(stat.st_nlink, 0);
	CHECK_ERR(sys(SYS_linkat, fd, P(""), AT_FDCWD, P("g"), AT_EMPTY_PATH), ENOENT);
}

FSTEST(unlink_errors)
{
	CHECK(fs_test_file("f", O_RDWR, "") >= 0);
	CHECK_EQ(sys(SYS_mkdir, P("d"), 0755), 0);
	CHECK_ERR(sys(SYS_unlink, P("no")), ENOENT);
	CHECK_ERR(sys(SYS_unlink, P("d")), EISDIR);
	CHECK_ERR(sys(SYS_unlink, P("d/")), EISDIR);
	CHECK_ERR(sys(SYS_unlink, P("f/")), ENOTDIR);
	CHECK_ERR(sys(SYS_unlink, P("..")), EISDIR);
	CHECK_ERR(sys(SYS_unlinkat, AT_FDCWD, P("f"), 1), EINVAL);
	CHECK_ERR(sys(SYS_unlinkat, 99, P("f"), 0), EBADF);
	CHECK_ERR(sys(SYS_unlink, SYSTEST_BAD), EFAULT);
}

/* In a sticky directory only owners remove; in a closed one nobody does. */
FSTEST(removing_takes_rights)
{
	CHECK_EQ(sys(SYS_mkdir, P("sticky"), 0), 0);
	CHECK_EQ(sys(SYS_chmod, P("sticky"), 01777), 0);
	CHECK_EQ(sys(SYS_mkdir, P("closed"), 0755), 0);
	CHECK(fs_test_file("sticky/theirs", O_RDWR, "") >= 0);
	CHECK(fs_test_file("sticky/mine", O_RDWR, "") >= 0);
	CHECK(fs_test_file("closed/f", O_RDWR, "") >= 0);
	CHECK_EQ(sys(SYS_chown, P("sticky/mine"), 1000, 1000), 0);
	systest_become(1000);
	CHECK_ERR(sys(SYS_unlink, P("sticky/theirs")), EPERM);
	CHECK_EQ(sys(SYS_unlink, P("sticky/mine")), 0);
	CHECK_ERR(sys(SYS_unlink, P("closed/f")), EACCES);
	CHECK_ERR(sys(SYS_mkdir, P("closed/d"), 0755), EACCES);
	CHECK_ERR(sys(SYS_rmdir, P("sticky")), EPERM);
}

FSTEST(setgid_directories_pass_their_group_on)
{
	CHECK_EQ(sys(SYS_mkdir, P("d"), 0755), 0);
	CHECK_EQ(sys(SYS_chown, P("d"), 0, 55), 0);
	CHECK_EQ(sys(SYS_chmod, P("d"), 02755), 0);
	CHECK_EQ(sys(SYS_mkdir, P("d/e"), 0755), 0);
	CHECK_EQ(fs_test_stat("d/e").st_gid, 55);
	CHECK_EQ(fs_test_stat("d/e").st_mode, S_IFDIR | 02755);
	CHECK(fs_test_file("d/f", O_RDWR, "") >= 0);
	CHECK_EQ(fs_test_stat("d/f").st_gid, 55);
}

FSTEST(rename_moves)
{
	CHECK(fs_test_file("a", O_RDWR, "A") >= 0);
	CHECK_EQ(sys(SYS_mkdir, P("d"), 0755), 0);
	CHECK_EQ(sys(SYS_rename, P("a"), P("d/b")), 0);
	CHECK(!exists("a") && exists("d/b"));
	CHECK(fs_test_file("c", O_RDWR, "") >= 0);
	CHECK_EQ(sys(SYS_renameat, AT_FDCWD, P("c"), AT_FDCWD, P("d/b")), 0);
	CHECK_EQ(fs_test_stat("d/b").st_size, 0);
	CHECK_EQ(sys(SYS_rename, P("d/b"), P("d/b")), 0);
	CHECK_EQ(sys(SYS_link, P("d/b"), P("d/c")), 0);
	CHECK_EQ(sys(SYS_rename, P("d/b"), P("d/c")), 0);
	CHECK(exists("d/b") && exists("d/c"));
	CHECK_EQ(sys(SYS_mkdir, P("e"), 0755), 0);
	CHECK_EQ(sys(SYS_rename, P("e"), P("d/e/")), 0);
	CHECK_EQ(fs_test_stat("d").st_nlink, 3);
	CHECK_EQ(sys(SYS_stat, P("d/e/../b"), SYSTEST_MEM), 0);
}

FSTEST(rename_errors)
{
	CHECK(fs_test_file("f", O_RDWR, "") >= 0);
	CHECK_EQ(sys(SYS_mkdir, P("d"), 0755), 0);
	CHECK_EQ(sys(SYS_mkdir, P("d/e"), 0755), 0);
	CHECK_ERR(sys(SYS_rename, P("no"), P("g")), ENOENT);
	CHECK_ERR(sys(SYS_rename, P("f"), P("no/g")), ENOENT);
	CHECK_ERR(sys(SYS_rename, P("f"), P("d")), EISDIR);
	CHECK_ERR(sys(SYS_rename, P("d"), P("f")), ENOTDIR);
	CHECK_ERR(sys(SYS_rename, P("f"), P("g/")), ENOTDIR);
	CHECK_ERR(sys(SYS_rename, P("d"), P("d/e/x")), EINVAL);
	CHECK_ERR(sys(SYS_rename, P("d/e"), P("d")), ENOTEMPTY);
	CHECK_ERR(sys(SYS_rename, P("."), P("g")), EBUSY);
	CHECK_ERR(sys(SYS_rename, P("f"), P("d/..")), EBUSY);
	CHECK_ERR(sys(SYS_rename, P("f"), P("/dev/f")), EXDEV);
	CHECK_ERR(sys(SYS_rename, P("f"), SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_rename, P("no/f"), SYSTEST_BAD), ENOENT);
	CHECK_ERR(sys(SYS_renameat, 99, P("f"), AT_FDCWD, P("g")), EBADF);
	CHECK_ERR(sys(SYS_renameat2, AT_FDCWD, P("f"), AT_FDCWD, P("g"), 8), EINVAL);
	CHECK_ERR(sys(SYS_renameat2, AT_FDCWD, P("f"), AT_FDCWD, P("d"), RENAME_NOREPLACE), EEXIST);
	CHECK_ERR(sys(SYS_renameat2, AT_FDCWD, P("f"), AT_FDCWD, P("g"), RENAME_EXCHANGE), ENOENT);
	CHECK_ERR(sys(SYS_renameat2, AT_FDCWD, P("f"), AT_FDCWD, P("d"), RENAME_EXCHANGE | RENAME_NOREPLACE), EINVAL);
	CHECK_EQ(sys(SYS_chmod, P("."), 0755), 0);
	systest_become(1000);
	CHECK_ERR(sys(SYS_rename, P("f"), P("g")), EACCES);
}

FSTEST(rename_exchanges)
{
	CHECK(fs_test_file("a_name_that_is_longer_than_what_fits_inside", O_RDWR, "long") >= 0);
	CHECK_EQ(sys(SYS_mkdir, P("d"), 0755), 0);
	CHECK_EQ(sys(SYS_mkdir, P("d/sub"), 0755), 0);
	CHECK_EQ(sys(SYS_renameat2, AT_FDCWD, P("a_name_that_is_longer_than_what_fits_inside"), AT_FDCWD, P("d/sub"),
		     RENAME_EXCHANGE),
		 0);
	CHECK_EQ(fs_test_stat("d/sub").st_size, 4);
	CHECK_EQ(fs_test_stat("a_name_that_is_longer_than_what_fits_inside").st_mode & S_IFMT, S_IFDIR);
	CHECK_EQ(fs_test_stat("d").st_nlink, 2);
	CHECK_EQ(sys(SYS_renameat2, AT_FDCWD, P("d/sub"), AT_FDCWD, P("moved"), RENAME_WHITEOUT), 0);
	CHECK_EQ(fs_test_stat("d/sub").st_mode & S_IFMT, S_IFCHR);
}
