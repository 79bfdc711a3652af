/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended attributes.
 */
#include "fs_test.h"

#include <kernel/abi/xattr.h>

FSTEST(xattrs_are_kept)
{
	int fd = fs_test_file("f", O_RDWR, "");

	CHECK_EQ(sys(SYS_setxattr, P("f"), P("user.a"), P("value"), 5, 0), 0);
	CHECK_EQ(sys(SYS_fsetxattr, fd, P("user.b"), P(""), 0, XATTR_CREATE), 0);
	CHECK_EQ(sys(SYS_getxattr, P("f"), P("user.a"), 0, 0), 5);
	CHECK_EQ(sys(SYS_fgetxattr, fd, P("user.a"), SYSTEST_MEM, 100), 5);
	CHECK_MEM(SYSTEST_MEM, "value", 5);
	CHECK_EQ(sys(SYS_listxattr, P("f"), SYSTEST_MEM, 100), 14);
	CHECK_MEM(SYSTEST_MEM, "user.a\0user.b", 14);
	CHECK_EQ(sys(SYS_flistxattr, fd, 0, 0), 14);
	CHECK_EQ(sys(SYS_llistxattr, P("f"), SYSTEST_MEM, 14), 14);
	CHECK_EQ(sys(SYS_setxattr, P("f"), P("user.a"), P("new"), 3, XATTR_REPLACE), 0);
	CHECK_EQ(sys(SYS_lgetxattr, P("f"), P("user.a"), SYSTEST_MEM, 100), 3);
	CHECK_EQ(sys(SYS_removexattr, P("f"), P("user.a")), 0);
	CHECK_EQ(sys(SYS_fremovexattr, fd, P("user.b")), 0);
	CHECK_EQ(sys(SYS_listxattr, P("f"), 0, 0), 0);
}

FSTEST(xattr_errors)
{
	int fd = fs_test_file("f", O_RDWR, "");

	CHECK_EQ(sys(SYS_setxattr, P("f"), P("user.a"), P("value"), 5, 0), 0);
	CHECK_ERR(sys(SYS_setxattr, P("f"), P("user.a"), P("v"), 1, XATTR_CREATE), EEXIST);
	CHECK_ERR(sys(SYS_setxattr, P("f"), P("user.n"), P("v"), 1, XATTR_REPLACE), ENODATA);
	CHECK_ERR(sys(SYS_setxattr, P("f"), P("user.a"), P("v"), 1, 4), EINVAL);
	CHECK_ERR(sys(SYS_setxattr, P("f"), P(""), P("v"), 1, 0), ERANGE);
	CHECK_ERR(sys(SYS_setxattr, P("f"), P("plain"), P("v"), 1, 0), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_setxattr, P("f"), P("user.a"), P("v"), XATTR_SIZE_MAX + 1, 0), E2BIG);
	CHECK_ERR(sys(SYS_setxattr, P("f"), P("user.a"), SYSTEST_BAD, 1, 0), EFAULT);
	CHECK_ERR(sys(SYS_setxattr, P("f"), SYSTEST_BAD, P("v"), 1, 0), EFAULT);
	CHECK_ERR(sys(SYS_setxattr, P("no"), P("user.a"), P("v"), 1, 0), ENOENT);
	CHECK_ERR(sys(SYS_fsetxattr, 99, P("user.a"), P("v"), 1, 0), EBADF);
	CHECK_ERR(sys(SYS_getxattr, P("f"), P("user.n"), SYSTEST_MEM, 10), ENODATA);
	CHECK_ERR(sys(SYS_getxattr, P("f"), P("user.a"), SYSTEST_MEM, 4), ERANGE);
	CHECK_ERR(sys(SYS_fgetxattr, fd, P("user.a"), SYSTEST_BAD, 10), EFAULT);
	CHECK_ERR(sys(SYS_listxattr, P("f"), SYSTEST_MEM, 3), ERANGE);
	CHECK_ERR(sys(SYS_flistxattr, 99, SYSTEST_MEM, 3), EBADF);
	CHECK_ERR(sys(SYS_removexattr, P("f"), P("user.n")), ENODATA);
	CHECK_ERR(sys(SYS_lremovexattr, P("no"), P("user.n")), ENOENT);
	CHECK_EQ(sys(SYS_symlink, P("f"), P("l")), 0);
	CHECK_ERR(sys(SYS_lsetxattr, P("l"), P("user.a"), P("v"), 1, 0), EPERM);
	systest_become(1000);
	CHECK_ERR(sys(SYS_setxattr, P("f"), P("user.a"), P("v"), 1, 0), EACCES);
	CHECK_ERR(sys(SYS_setxattr, P("f"), P("trusted.a"), P("v"), 1, 0), EPERM);
}
