/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can be wrong with a path, in every call that takes one: the way does not exist, is none, goes in circles, is
 * closed, too long, unreadable; its file system is read-only; there is no memory for it.
 */
#include "fs_test.h"

#include <kernel/abi/mount.h>

/* The other arguments of the calls, in the program's memory. */
#define SLOT(n) (FS_TEST_FREE + (n) * 64)
#define FILE_F SLOT(0)
#define NEW SLOT(1)
#define NAME SLOT(2)
#define VALUE SLOT(3)
#define HOW SLOT(4)
#define TYPE SLOT(5)
#define FILE_G SLOT(6)
#define DIR SLOT(7)
#define BUF SLOT(16)
#define LONG_PATH_LEN 600

#define AT UINT64_C(0xffffffffffffff9c) /* AT_FDCWD */
#define NONE (-1)

struct path_call {
	unsigned number;
	int path, dir; /* which arguments they are; NONE */
	uint64_t args[6]; /* with a path at which the call would change something, where it changes one */
	bool changes;
};

static const struct path_call calls[] = {
	{ SYS_open, 0, NONE, { FILE_F, O_RDWR }, true },
	{ SYS_openat, 1, 0, { AT, FILE_F, O_RDWR }, true },
	{ SYS_openat2, 1, 0, { AT, FILE_F, HOW, 24 }, true },
	{ SYS_creat, 0, NONE, { NEW, 0600 }, true },
	{ SYS_stat, 0, NONE, { FILE_F, BUF }, false },
	{ SYS_lstat, 0, NONE, { FILE_F, BUF }, false },
	{ SYS_newfstatat, 1, 0, { AT, FILE_F, BUF, 0 }, false },
	{ SYS_statx, 1, 0, { AT, FILE_F, 0, 0, BUF }, false },
	{ SYS_statfs, 0, NONE, { FILE_F, BUF }, false },
	{ SYS_access, 0, NONE, { FILE_F, 2 }, true },
	{ SYS_faccessat, 1, 0, { AT, FILE_F, 2 }, true },
	{ SYS_faccessat2, 1, 0, { AT, FILE_F, 2, 0 }, true },
	{ SYS_truncate, 0, NONE, { FILE_F, 0 }, true },
	{ SYS_chdir, 0, NONE, { DIR }, false },
	{ SYS_chroot, 0, NONE, { DIR }, false },
	{ SYS_execve, 0, NONE, { FILE_F, 0, 0 }, false },
	{ SYS_execveat, 1, 0, { AT, FILE_F, 0, 0, 0 }, false },
	{ SYS_rename, 0, NONE, { FILE_F, NEW }, true },
	{ SYS_rename, 1, NONE, { FILE_F, NEW }, true },
	{ SYS_renameat, 1, 0, { AT, FILE_F, AT, NEW }, true },
	{ SYS_renameat, 3, 2, { AT, FILE_F, AT, NEW }, true },
	{ SYS_renameat2, 1, 0, { AT, FILE_F, AT, NEW, 0 }, true },
	{ SYS_renameat2, 3, 2, { AT, FILE_F, AT, NEW, 0 }, true },
	{ SYS_mkdir, 0, NONE, { NEW, 0700 }, true },
	{ SYS_mkdirat, 1, 0, { AT, NEW, 0700 }, true },
	{ SYS_mknod, 0, NONE, { NEW, S_IFREG | 0600, 0 }, true },
	{ SYS_mknodat, 1, 0, { AT, NEW, S_IFREG | 0600, 0 }, true },
	{ SYS_rmdir, 0, NONE, { DIR }, true },
	{ SYS_unlink, 0, NONE, { FILE_F }, true },
	{ SYS_unlinkat, 1, 0, { AT, FILE_F, 0 }, true },
	{ SYS_link, 0, NONE, { FILE_F, NEW }, true },
	{ SYS_link, 1, NONE, { FILE_F, NEW }, true },
	{ SYS_linkat, 1, 0, { AT, FILE_F, AT, NEW, 0 }, true },
	{ SYS_linkat, 3, 2, { AT, FILE_F, AT, NEW, 0 }, true },
	{ SYS_symlink, 1, NONE, { FILE_F, NEW }, true },
	{ SYS_symlinkat, 2, 1, { FILE_F, AT, NEW }, true },
	{ SYS_readlink, 0, NONE, { FILE_F, BUF, 8 }, false },
	{ SYS_readlinkat, 1, 0, { AT, FILE_F, BUF, 8 }, false },
	{ SYS_chmod, 0, NONE, { FILE_F, 0600 }, true },
	{ SYS_fchmodat, 1, 0, { AT, FILE_F, 0600 }, true },
	{ SYS_fchmodat2, 1, 0, { AT, FILE_F, 0600, 0 }, true },
	{ SYS_chown, 0, NONE, { FILE_F, 0, 0 }, true },
	{ SYS_lchown, 0, NONE, { FILE_F, 0, 0 }, true },
	{ SYS_fchownat, 1, 0, { AT, FILE_F, 0, 0, 0 }, true },
	{ SYS_utime, 0, NONE, { FILE_F, 0 }, true },
	{ SYS_utimes, 0, NONE, { FILE_F, 0 }, true },
	{ SYS_futimesat, 1, 0, { AT, FILE_F, 0 }, true },
	{ SYS_utimensat, 1, 0, { AT, FILE_F, 0, 0 }, true },
	{ SYS_mount, 1, NONE, { 0, DIR, TYPE, 0, 0 }, false },
	{ SYS_umount2, 0, NONE, { DIR, 0 }, false },
	{ SYS_setxattr, 0, NONE, { FILE_F, NAME, VALUE, 1, 0 }, true },
	{ SYS_lsetxattr, 0, NONE, { FILE_F, NAME, VALUE, 1, 0 }, true },
	{ SYS_getxattr, 0, NONE, { FILE_F, NAME, BUF, 8 }, false },
	{ SYS_lgetxattr, 0, NONE, { FILE_F, NAME, BUF, 8 }, false },
	{ SYS_listxattr, 0, NONE, { FILE_F, BUF, 8 }, false },
	{ SYS_llistxattr, 0, NONE, { FILE_F, BUF, 8 }, false },
	{ SYS_removexattr, 0, NONE, { FILE_F, NAME }, true },
	{ SYS_lremovexattr, 0, NONE, { FILE_F, NAME }, true },
};

static void put(user_ptr_t at, const char *text)
{
	systest_string(at - SYSTEST_MEM, text);
}

static void make_files(void)
{
	const uint64_t how[3] = { O_RDWR, 0, 0 };

	put(FILE_F, "f");
	put(FILE_G, "g");
	put(NEW, "new");
	put(NAME, "user.a");
	put(TYPE, "tmpfs");
	put(DIR, "d");
	systest_put(HOW - SYSTEST_MEM, how, sizeof(how));
	if (fs_test_file("f", O_RDWR, "x") < 0 || sys(SYS_mkdir, DIR, 0755) || sys(SYS_symlink, P("loop"), P("loop")) ||
	    sys(SYS_mkdir, P("closed"), 0700))
		test_fail(__FILE__, __LINE__, "no files to test with");
}

static long try(const struct path_call *call, int arg, uint64_t value)
{
	uint64_t args[6];

	memcpy(args, call->args, sizeof(args));
	if (arg != NONE)
		args[arg] = value;
	return syscall_dispatch(call->number, args);
}

static void expect(const struct path_call *call, long result, int error, const char *what)
{
	if (result != -error)
		test_fail(__FILE__, __LINE__, "%s, argument %d, %s: %ld, not %s", syscall_table[call->number].name,
			  call->path, what, result, errno_name(error));
}

static void expect_all(uint64_t path, int error, const char *what)
{
	for (unsigned i = 0; i < array_size(calls); i++)
		expect(&calls[i], try(&calls[i], calls[i].path, path), error, what);
}

FSTEST(every_path_call_finds_the_way_or_says_why_not)
{
	char name[300];

	make_files();
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	expect_all(P("missing/x"), ENOENT, "below a directory that is missing");
	expect_all(P(""), ENOENT, "with an empty path");
	expect_all(P("f/x"), ENOTDIR, "below a file");
	expect_all(P("loop/x"), ELOOP, "through a link to itself");
	expect_all(P(name), ENAMETOOLONG, "with a long name");
	expect_all(SYSTEST_BAD, EFAULT, "with a bad pointer");
	expect_all(fs_test_long_path(5000), ENAMETOOLONG, "with a long path");
}

FSTEST(every_path_call_keeps_out_of_closed_directories)
{
	make_files();
	systest_become(1000);
	expect_all(P("closed/x"), EACCES, "below a closed directory");
}

FSTEST(every_at_call_looks_at_its_directory)
{
	uint64_t file, name;

	make_files();
	file = (uint64_t)sys(SYS_open, FILE_F, O_RDONLY);
	name = P("x");
	for (unsigned i = 0; i < array_size(calls); i++) {
		struct path_call call = calls[i];

		if (call.dir == NONE)
			continue;
		call.args[call.path] = name;
		expect(&call, try(&call, call.dir, 99), EBADF, "with a directory that is not open");
		expect(&call, try(&call, call.dir, file), ENOTDIR, "with a file as directory");
	}
}

FSTEST(every_changing_call_respects_a_read_only_mount)
{
	make_files();
	CHECK_EQ(sys(SYS_setxattr, FILE_F, NAME, VALUE, 1, 0), 0);
	CHECK_EQ(sys(SYS_mount, 0, P("."), 0, MS_REMOUNT | MS_RDONLY, 0), -EBUSY);
	CHECK_EQ(sys(SYS_close_range, 3, UINT32_MAX, 0), 0);
	CHECK_EQ(sys(SYS_mount, 0, P("."), 0, MS_REMOUNT | MS_RDONLY, 0), 0);
	for (unsigned i = 0; i < array_size(calls); i++)
		if (calls[i].changes)
			expect(&calls[i], try(&calls[i], NONE, 0), EROFS, "on a read-only mount");
}

FSTEST(every_path_call_fails_without_memory)
{
	long results[array_size(calls)];
	user_ptr_t path;

	make_files();
	path = fs_test_long_path(LONG_PATH_LEN);
	systest_starve();
	for (unsigned i = 0; i < array_size(calls); i++)
		results[i] = try(&calls[i], calls[i].path, path);
	systest_feed();
	for (unsigned i = 0; i < array_size(calls); i++)
		expect(&calls[i], results[i], ENOMEM, "without memory");
}
