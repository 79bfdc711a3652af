/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the twelve xattr calls refuse, each in its three forms: on a path, on a path that may end in a link, on a
 * descriptor. Symbolic links and pipes have no attributes of users.
 */
#include "fs_test.h"

#include <kernel/abi/xattr.h>
#include <kernel/log.h>

#define BUF FS_TEST_FREE
#define NAME (FS_TEST_FREE + 2048)

/* The file under test by path (a link to it for the first form, itself for the second) and as a descriptor. */
struct target {
	const char *path, *lpath;
	int fd;
};

static void expect(const char *form, long result, int error)
{
	if (result != -error)
		test_fail(__FILE__, __LINE__, "%s: %ld, not %s", form, result, error ? errno_name(error) : "success");
}

static user_ptr_t name_at(const char *name)
{
	return systest_string(NAME - SYSTEST_MEM, name);
}

static void sets(const struct target *t, const char *name, size_t size, unsigned flags, int error)
{
	expect("setxattr", sys(SYS_setxattr, P(t->path), name_at(name), SYSTEST_MEM, size, flags), error);
	expect("lsetxattr", sys(SYS_lsetxattr, P(t->lpath), name_at(name), SYSTEST_MEM, size, flags), error);
	expect("fsetxattr", sys(SYS_fsetxattr, t->fd, name_at(name), SYSTEST_MEM, size, flags), error);
}

static void gets(const struct target *t, const char *name, size_t size, int error)
{
	expect("getxattr", sys(SYS_getxattr, P(t->path), name_at(name), BUF, size), error);
	expect("lgetxattr", sys(SYS_lgetxattr, P(t->lpath), name_at(name), BUF, size), error);
	expect("fgetxattr", sys(SYS_fgetxattr, t->fd, name_at(name), BUF, size), error);
}

static void lists(const struct target *t, user_ptr_t buf, size_t size, int error)
{
	expect("listxattr", sys(SYS_listxattr, P(t->path), buf, size), error);
	expect("llistxattr", sys(SYS_llistxattr, P(t->lpath), buf, size), error);
	expect("flistxattr", sys(SYS_flistxattr, t->fd, buf, size), error);
}

static void removes(const struct target *t, const char *name, int error)
{
	expect("removexattr", sys(SYS_removexattr, P(t->path), name_at(name)), error);
	expect("lremovexattr", sys(SYS_lremovexattr, P(t->lpath), name_at(name)), error);
	expect("fremovexattr", sys(SYS_fremovexattr, t->fd, name_at(name)), error);
}

static struct target make_file(void)
{
	struct target t = { "l", "f", fs_test_file("f", O_RDWR, "x") };

	if (sys(SYS_symlink, P("f"), P("l")))
		test_fail(__FILE__, __LINE__, "no link to test with");
	return t;
}

FSTEST(xattr_names_are_checked)
{
	struct target t = make_file();

	sets(&t, "", 1, 0, ERANGE);
	gets(&t, "", 8, ERANGE);
	removes(&t, "", ERANGE);
	sets(&t, "nothing.a", 1, 0, EOPNOTSUPP);
	gets(&t, "nothing.a", 8, EOPNOTSUPP);
	removes(&t, "nothing.a", EOPNOTSUPP);
	sets(&t, "user.", 1, 0, EINVAL);
}

FSTEST(xattr_flags_say_what_must_be_there)
{
	struct target t = make_file();

	sets(&t, "user.a", 1, XATTR_REPLACE, ENODATA);
	gets(&t, "user.a", 8, ENODATA);
	removes(&t, "user.a", ENODATA);
	sets(&t, "user.a", 1, 0, 0);
	sets(&t, "user.a", 1, XATTR_CREATE, EEXIST);
	sets(&t, "user.a", 1, 4, EINVAL);
	expect("lremovexattr", sys(SYS_lremovexattr, P("f"), name_at("user.a")), 0);
}

FSTEST(xattr_sizes_are_checked)
{
	struct target t = make_file();

	sets(&t, "user.a", XATTR_SIZE_MAX + 1, 0, E2BIG);
	sets(&t, "user.a", 4, 0, 0);
	gets(&t, "user.a", 3, ERANGE);
	lists(&t, BUF, 3, ERANGE);
	lists(&t, SYSTEST_BAD, 100, EFAULT);
}

/* So that no file holds more than an inode may. */
FSTEST(xattrs_fill_an_inode)
{
	struct target t = make_file();
	long err = 0;
	char name[] = "user.a";

	for (; !err && name[5] < 'z'; name[5]++)
		err = sys(SYS_setxattr, P("f"), name_at(name), SYSTEST_MEM, 32 * KIB, 0);
	CHECK_ERR(err, ENOSPC);
	sets(&t, "user.z", 32 * KIB, 0, ENOSPC);
	/* What is replaced makes room for what replaces it, down to the last byte. */
	sets(&t, "user.a", 32 * KIB, XATTR_REPLACE, 0);
	err = 0;
	for (unsigned i = 0; !err; i++) {
		char small[32];

		format(small, sizeof(small), "user.small%u", i);
		err = sys(SYS_setxattr, P("f"), name_at(small), SYSTEST_MEM, 1, 0);
	}
	CHECK_ERR(err, ENOSPC);
	sets(&t, "user.a", 32 * KIB, XATTR_REPLACE, 0);
}

FSTEST(xattr_lists_have_a_limit)
{
	struct target t = make_file();
	char name[XATTR_NAME_MAX + 1];

	memset(name, 'n', sizeof(name));
	memcpy(name, "user.", 5);
	name[XATTR_NAME_MAX] = 0;
	for (unsigned i = 0; i < 257; i++) {
		name[5] = (char)('a' + i % 16);
		name[6] = (char)('a' + i / 16);
		CHECK_EQ(sys(SYS_setxattr, P("f"), name_at(name), 0, 0, 0), 0);
	}
	lists(&t, SYSTEST_MEM, XATTR_LIST_MAX, E2BIG);
	lists(&t, SYSTEST_MEM, XATTR_LIST_MAX - 1, ERANGE);
	lists(&t, 0, 0, -257 * (XATTR_NAME_MAX + 1));
}

FSTEST(xattrs_of_others_are_closed)
{
	struct target t = make_file();

	CHECK_EQ(sys(SYS_chmod, P("f"), 0700), 0);
	systest_become(1000);
	sets(&t, "user.a", 1, 0, EACCES);
	gets(&t, "user.a", 8, EACCES);
	sets(&t, "trusted.a", 1, 0, EPERM);
	removes(&t, "trusted.a", EPERM);
	gets(&t, "trusted.a", 8, ENODATA);
}

FSTEST(links_and_pipes_have_no_user_xattrs)
{
	struct fs_test_pair pipe = fs_test_pipe(0);

	make_file();
	expect("lsetxattr", sys(SYS_lsetxattr, P("l"), name_at("user.a"), SYSTEST_MEM, 1, 0), EPERM);
	expect("lgetxattr", sys(SYS_lgetxattr, P("l"), name_at("user.a"), BUF, 8), ENODATA);
	expect("lremovexattr", sys(SYS_lremovexattr, P("l"), name_at("user.a")), EPERM);
	expect("lsetxattr", sys(SYS_lsetxattr, P("l"), name_at("trusted.a"), SYSTEST_MEM, 1, 0), 0);
	expect("fsetxattr", sys(SYS_fsetxattr, pipe.in, name_at("user.a"), SYSTEST_MEM, 1, 0), EPERM);
	expect("fgetxattr", sys(SYS_fgetxattr, pipe.in, name_at("user.a"), BUF, 8), ENODATA);
	expect("fsetxattr", sys(SYS_fsetxattr, pipe.in, name_at("trusted.a"), SYSTEST_MEM, 1, 0), EOPNOTSUPP);
	expect("flistxattr", sys(SYS_flistxattr, pipe.in, BUF, 8), 0);
}

FSTEST(xattrs_need_a_descriptor)
{
	expect("fsetxattr", sys(SYS_fsetxattr, 99, name_at("user.a"), SYSTEST_MEM, 1, 0), EBADF);
	expect("fgetxattr", sys(SYS_fgetxattr, 99, name_at("user.a"), BUF, 8), EBADF);
	expect("flistxattr", sys(SYS_flistxattr, 99, BUF, 8), EBADF);
	expect("fremovexattr", sys(SYS_fremovexattr, 99, name_at("user.a")), EBADF);
}
