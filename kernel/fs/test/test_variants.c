/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that come in several forms (open and openat, rename and renameat): what one form refuses the others refuse too.
 */
#include "fs_test.h"

#include <kernel/abi/mount.h>
#include <kernel/abi/signal.h>

#define HOW FS_TEST_FREE

static void check(const char *form, long result, int error)
{
	if (result != -error)
		test_fail(__FILE__, __LINE__, "%s: %ld, not %s", form, result, error ? errno_name(error) : "success");
}

/* ---- open ---- */

static long open_how(const char *path, unsigned flags, unsigned mode)
{
	const uint64_t how[3] = { flags, mode, 0 };

	return sys(SYS_openat2, AT_FDCWD, P(path), systest_value(HOW - SYSTEST_MEM, &how), sizeof(how));
}

static void opens(const char *path, unsigned flags, int error)
{
	check("open", sys(SYS_open, P(path), flags, 0600), error);
	check("openat", sys(SYS_openat, AT_FDCWD, P(path), flags, 0600), error);
	check("openat2", open_how(path, flags, flags & (O_CREAT | O_TMPFILE_BIT) ? 0600 : 0), error);
}

static void make_special(void)
{
	if (sys(SYS_mknod, P("fifo"), S_IFIFO | 0666, 0) || sys(SYS_mknod, P("socket"), S_IFSOCK | 0666, 0) ||
	    sys(SYS_mknod, P("device"), S_IFCHR | 0666, 0xfff) || fs_test_file("f", O_RDWR, "x") < 0 ||
	    sys(SYS_mkdir, P("d"), 0755))
		test_fail(__FILE__, __LINE__, "no files to test with");
}

FSTEST(open_forms_refuse_alike)
{
	make_special();
	opens("f", O_RDWR | O_CREAT | O_EXCL, EEXIST);
	opens("d", O_RDWR, EISDIR);
	opens("d", O_RDONLY | O_CREAT, EISDIR);
	opens("f", O_RDONLY | O_DIRECTORY | O_CREAT, EINVAL);
	opens("d", O_RDONLY | O_TMPFILE, EINVAL);
	opens("f", O_RDONLY | O_DIRECTORY, ENOTDIR);
	opens("fifo", O_WRONLY | O_NONBLOCK, ENXIO);
	opens("socket", O_RDWR, ENXIO);
	opens("device", O_RDWR, ENXIO);
	check("creat", sys(SYS_creat, P("d"), 0600), EISDIR);
	check("creat", sys(SYS_creat, P("socket"), 0600), ENXIO);
	systest_become(1000);
	opens("f", O_RDONLY | O_NOATIME, EPERM);
	opens("f", O_RDWR, EACCES);
}

FSTEST(open_forms_wait_until_a_signal)
{
	make_special();
	systest_interrupt_soon();
	check("open", sys(SYS_open, P("fifo"), O_RDONLY), EINTR);
	systest_interrupt_soon();
	check("openat", sys(SYS_openat, AT_FDCWD, P("fifo"), O_RDONLY), EINTR);
	systest_interrupt_soon();
	check("openat2", open_how("fifo", O_RDONLY, 0), EINTR);
	systest_interrupt_soon();
	check("creat", sys(SYS_creat, P("fifo"), 0600), EINTR);
}

FSTEST(openat2_cannot_create_from_a_cache)
{
	const uint64_t how[3] = { O_RDWR | O_CREAT, 0600, RESOLVE_CACHED };

	systest_value(HOW - SYSTEST_MEM, &how);
	CHECK_ERR(sys(SYS_openat2, AT_FDCWD, P("f"), HOW, sizeof(how)), EAGAIN);
}

FSTEST(creat_makes_and_empties)
{
	long fd = sys(SYS_creat, P("f"), 0640);

	CHECK(fd >= 0);
	CHECK_EQ(sys(SYS_fcntl, fd, F_GETFL) & O_ACCMODE, O_WRONLY);
	CHECK_EQ(fs_test_stat("f").st_mode, S_IFREG | 0640);
	CHECK_EQ(sys(SYS_write, fd, P("12345"), 5), 5);
	CHECK(sys(SYS_creat, P("f"), 0600) >= 0);
	CHECK_EQ(fs_test_stat("f").st_size, 0);
	CHECK_EQ(fs_test_stat("f").st_mode, S_IFREG | 0640);
}

/* ---- making names ---- */

FSTEST(creating_forms_do_not_replace)
{
	make_special();
	check("mkdir", sys(SYS_mkdir, P("f"), 0700), EEXIST);
	check("mkdirat", sys(SYS_mkdirat, AT_FDCWD, P("f"), 0700), EEXIST);
	check("mknod", sys(SYS_mknod, P("f"), S_IFREG, 0), EEXIST);
	check("mknodat", sys(SYS_mknodat, AT_FDCWD, P("f"), S_IFREG, 0), EEXIST);
	check("symlink", sys(SYS_symlink, P("x"), P("f")), EEXIST);
	check("symlinkat", sys(SYS_symlinkat, P("x"), AT_FDCWD, P("f")), EEXIST);
	check("link", sys(SYS_link, P("fifo"), P("f")), EEXIST);
	check("linkat", sys(SYS_linkat, AT_FDCWD, P("fifo"), AT_FDCWD, P("f"), 0), EEXIST);
	check("symlinkat", sys(SYS_symlinkat, P("f"), AT_FDCWD, P("l")), 0);
}

FSTEST(mknod_forms_know_types_and_rights)
{
	check("mknod", sys(SYS_mknod, P("n"), 0170000, 0), EINVAL);
	check("mknodat", sys(SYS_mknodat, AT_FDCWD, P("n"), 0170000, 0), EINVAL);
	CHECK_EQ(sys(SYS_chmod, P("."), 0777), 0);
	systest_become(1000);
	check("mknod", sys(SYS_mknod, P("n"), S_IFCHR | 0600, 0x103), EPERM);
	check("mknodat", sys(SYS_mknodat, AT_FDCWD, P("n"), S_IFCHR | 0600, 0x103), EPERM);
}

FSTEST(link_forms_know_what_can_be_linked)
{
	make_special();
	check("link", sys(SYS_link, P("d"), P("e")), EPERM);
	check("linkat", sys(SYS_linkat, AT_FDCWD, P("d"), AT_FDCWD, P("e"), 0), EPERM);
	check("link", sys(SYS_link, P("f"), P("/e")), EXDEV);
	check("linkat", sys(SYS_linkat, AT_FDCWD, P("f"), AT_FDCWD, P("/e"), 0), EXDEV);
}

/* ---- moving and removing names ---- */

static void renames(const char *from, const char *to, int error)
{
	check("rename", sys(SYS_rename, P(from), P(to)), error);
	check("renameat", sys(SYS_renameat, AT_FDCWD, P(from), AT_FDCWD, P(to)), error);
	check("renameat2", sys(SYS_renameat2, AT_FDCWD, P(from), AT_FDCWD, P(to), 0), error);
}

static void make_tree(void)
{
	if (sys(SYS_mkdir, P("d"), 0777) || sys(SYS_mkdir, P("d/e"), 0777) || sys(SYS_mkdir, P("empty"), 0777) ||
	    sys(SYS_mkdir, P("busy"), 0777) || sys(SYS_mkdir, P("sticky"), 0777) ||
	    sys(SYS_chmod, P("sticky"), 01777) || sys(SYS_mount, 0, P("busy"), P("tmpfs"), 0, 0) ||
	    fs_test_file("f", O_RDWR, "x") < 0 || fs_test_file("sticky/f", O_RDWR, "x") < 0 ||
	    sys(SYS_mkdir, P("sticky/d"), 0777))
		test_fail(__FILE__, __LINE__, "no files to test with");
}

FSTEST(rename_forms_refuse_alike)
{
	make_tree();
	renames("d", "d/e/x", EINVAL);
	renames("f", "empty", EISDIR);
	renames("empty", "f", ENOTDIR);
	renames("empty", "d", ENOTEMPTY);
	renames("f", "busy/f", EXDEV);
	renames("empty", "d/..", EBUSY);
	renames("d/.", "x", EBUSY);
	systest_become(1000);
	renames("sticky/f", "sticky/g", EPERM);
}

FSTEST(removing_forms_refuse_alike)
{
	make_tree();
	check("unlink", sys(SYS_unlink, P("d")), EISDIR);
	check("unlinkat", sys(SYS_unlinkat, AT_FDCWD, P("d"), 0), EISDIR);
	check("rmdir", sys(SYS_rmdir, P("d")), ENOTEMPTY);
	check("unlinkat", sys(SYS_unlinkat, AT_FDCWD, P("d"), AT_REMOVEDIR), ENOTEMPTY);
	check("rmdir", sys(SYS_rmdir, P("busy")), EBUSY);
	check("unlinkat", sys(SYS_unlinkat, AT_FDCWD, P("busy"), AT_REMOVEDIR), EBUSY);
	check("unlinkat", sys(SYS_unlinkat, AT_FDCWD, P("f"), AT_REMOVEDIR), ENOTDIR);
	systest_become(1000);
	check("unlink", sys(SYS_unlink, P("sticky/f")), EPERM);
	check("unlinkat", sys(SYS_unlinkat, AT_FDCWD, P("sticky/f"), 0), EPERM);
	check("rmdir", sys(SYS_rmdir, P("sticky/d")), EPERM);
	check("unlinkat", sys(SYS_unlinkat, AT_FDCWD, P("sticky/d"), AT_REMOVEDIR), EPERM);
}

FSTEST(mount_points_are_not_moved)
{
	make_tree();
	check("rename", sys(SYS_rename, P("busy"), P("idle")), EBUSY);
	check("renameat", sys(SYS_renameat, AT_FDCWD, P("busy"), AT_FDCWD, P("idle")), EBUSY);
	check("renameat2", sys(SYS_renameat2, AT_FDCWD, P("empty"), AT_FDCWD, P("busy"), 2), EBUSY);
}

/* ---- attributes ---- */

FSTEST(owners_alone_change_attributes)
{
	const int64_t times[4] = { 1, 0, 1, 0 };
	int fd = fs_test_file("f", O_RDWR, "x");
	user_ptr_t t = systest_value(0, &times);

	systest_become(1000);
	check("chmod", sys(SYS_chmod, P("f"), 0600), EPERM);
	check("fchmod", sys(SYS_fchmod, fd, 0600), EPERM);
	check("fchmodat", sys(SYS_fchmodat, AT_FDCWD, P("f"), 0600), EPERM);
	check("fchmodat2", sys(SYS_fchmodat2, AT_FDCWD, P("f"), 0600, 0), EPERM);
	check("chown", sys(SYS_chown, P("f"), 1000, 1000), EPERM);
	check("fchown", sys(SYS_fchown, fd, 1000, 1000), EPERM);
	check("lchown", sys(SYS_lchown, P("f"), 1000, 1000), EPERM);
	check("fchownat", sys(SYS_fchownat, AT_FDCWD, P("f"), 1000, 1000, 0), EPERM);
	check("utime", sys(SYS_utime, P("f"), t), EPERM);
	check("utimes", sys(SYS_utimes, P("f"), t), EPERM);
	check("futimesat", sys(SYS_futimesat, AT_FDCWD, P("f"), t), EPERM);
	check("utimensat", sys(SYS_utimensat, AT_FDCWD, P("f"), t, 0), EPERM);
	check("utime", sys(SYS_utime, P("f"), 0), EACCES);
	check("utimes", sys(SYS_utimes, P("f"), 0), EACCES);
	check("futimesat", sys(SYS_futimesat, AT_FDCWD, P("f"), 0), EACCES);
	check("utimensat", sys(SYS_utimensat, AT_FDCWD, P("f"), 0, 0), EACCES);
}

FSTEST(descriptors_change_attributes_of_writable_mounts)
{
	int fd = fs_test_file("f", O_RDONLY, ""), file = fs_test_file("f", O_RDWR, "x");

	check("fchown", sys(SYS_fchown, fd, 7, 8), 0);
	CHECK_EQ(fs_test_stat("f").st_uid, 7);
	CHECK_EQ(sys(SYS_close, file), 0);
	CHECK_EQ(sys(SYS_mount, 0, P("."), 0, MS_REMOUNT | MS_RDONLY, 0), 0);
	check("fchmod", sys(SYS_fchmod, fd, 0600), EROFS);
	check("fchown", sys(SYS_fchown, fd, 0, 0), EROFS);
	check("fsetxattr", sys(SYS_fsetxattr, fd, P("user.a"), P("x"), 1, 0), EROFS);
	check("fremovexattr", sys(SYS_fremovexattr, fd, P("user.a")), EROFS);
}

FSTEST(at_forms_check_their_arguments)
{
	const int64_t times[4] = { 0, 1000000, 0, 0 };

	CHECK(fs_test_file("f", O_RDWR, "x") >= 0);
	check("futimesat", sys(SYS_futimesat, AT_FDCWD, P("f"), systest_value(0, &times)), EINVAL);
	check("readlinkat", sys(SYS_readlinkat, AT_FDCWD, P("f"), FS_TEST_FREE, 8), EINVAL);
	check("readlinkat", sys(SYS_readlinkat, AT_FDCWD, P("f"), FS_TEST_FREE, 0), EINVAL);
	check("faccessat", sys(SYS_faccessat, AT_FDCWD, P("f"), 8), EINVAL);
	check("faccessat", sys(SYS_faccessat, AT_FDCWD, P("f"), 4), 0);
	check("fchmodat2", sys(SYS_fchmodat2, AT_FDCWD, P("f"), 0600, 0), 0);
	CHECK_EQ(fs_test_stat("f").st_mode, S_IFREG | 0600);
}
