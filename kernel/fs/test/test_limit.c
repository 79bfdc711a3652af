/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that need a descriptor's number, memory or room in the file system, when there is none.
 */
#include "fs_test.h"

#include <kernel/abi/poll.h>
#include <kernel/abi/resource.h>

#define SLOT(n) (FS_TEST_FREE + (n) * 64)
#define NAME SLOT(0)
#define HOW SLOT(1)
#define OLD SLOT(2)
#define BUF SLOT(16)
#define SETS SLOT(20)
#define MANY 20 /* more than what poll keeps on its stack */

#define AT UINT64_C(0xffffffffffffff9c) /* AT_FDCWD */
#define NONE UINT64_C(0xffffffffffffffff) /* no descriptor */

struct call {
	unsigned number;
	uint64_t args[6];
	int error;
};

static void put_arguments(void)
{
	const uint64_t how[3] = { O_RDWR | O_CREAT, 0600, 0 };

	systest_string(NAME - SYSTEST_MEM, "new");
	systest_string(OLD - SYSTEST_MEM, "old");
	systest_value(HOW - SYSTEST_MEM, &how);
}

static void expect(const struct call *call, long result)
{
	if (result != -call->error)
		test_fail(__FILE__, __LINE__, "%s: %ld, not %s", syscall_table[call->number].name, result,
			  errno_name(call->error));
}

static void expect_all(const struct call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect(&calls[i], syscall_dispatch(calls[i].number, calls[i].args));
}

FSTEST(descriptors_run_out)
{
	static const struct call calls[] = {
		{ SYS_open, { OLD, O_RDWR }, EMFILE },
		{ SYS_openat, { AT, OLD, O_RDWR }, EMFILE },
		{ SYS_openat2, { AT, OLD, HOW, 24 }, EMFILE },
		{ SYS_creat, { OLD, 0600 }, EMFILE },
		{ SYS_dup, { 0 }, EMFILE },
		{ SYS_fcntl, { 0, F_DUPFD, 0 }, EMFILE },
		{ SYS_fcntl, { 0, F_DUPFD_CLOEXEC, 0 }, EMFILE },
		{ SYS_pipe, { BUF }, EMFILE },
		{ SYS_pipe2, { BUF, 0 }, EMFILE },
		{ SYS_eventfd, { 0 }, EMFILE },
		{ SYS_eventfd2, { 0, 0 }, EMFILE },
		{ SYS_epoll_create, { 1 }, EMFILE },
		{ SYS_epoll_create1, { 0 }, EMFILE },
		{ SYS_timerfd_create, { 0, 0 }, EMFILE },
		{ SYS_signalfd, { NONE, SETS, 8 }, EMFILE },
		{ SYS_signalfd4, { NONE, SETS, 8, 0 }, EMFILE },
		{ SYS_memfd_create, { NAME, 0 }, EMFILE },
		{ SYS_dup2, { 0, 4 }, EBADF },
		{ SYS_dup3, { 0, 4, 0 }, EBADF },
		{ SYS_fcntl, { 0, F_DUPFD, 4 }, EINVAL },
	};
	const uint64_t limit[2] = { 4, 100 };

	put_arguments();
	CHECK_EQ(fs_test_file("old", O_RDWR, ""), 3);
	CHECK_EQ(sys(SYS_setrlimit, RLIMIT_NOFILE, systest_value(0, &limit)), 0);
	expect_all(calls, array_size(calls));
	CHECK_EQ(sys(SYS_dup2, 0, 3), 3);
}

/* A pipe's second number is the one that is missing: the first is free again. */
FSTEST(half_a_pipe_is_none)
{
	const uint64_t limit[2] = { 4, 100 };

	CHECK_EQ(sys(SYS_setrlimit, RLIMIT_NOFILE, systest_value(0, &limit)), 0);
	CHECK_ERR(sys(SYS_pipe, BUF), EMFILE);
	CHECK_EQ(sys(SYS_eventfd, 0), 3);
}

FSTEST(pipe_calls_make_pipes)
{
	struct fs_test_pair pair;

	CHECK_EQ(sys(SYS_pipe, BUF), 0);
	systest_read(BUF, &pair);
	CHECK_EQ(sys(SYS_write, pair.out, P("ab"), 2), 2);
	CHECK(fs_test_reads(pair.in, "ab"));
	CHECK_ERR(sys(SYS_pipe2, BUF, O_EXCL), ENOPKG); /* a notification pipe */
	CHECK_ERR(sys(SYS_pipe2, BUF, O_TRUNC), EINVAL);
}

FSTEST(memory_runs_out)
{
	int old = fs_test_file("old", O_RDWR, "12345"), fresh = fs_test_file("fresh", O_RDWR, "");
	int epoll = (int)sys(SYS_epoll_create1, 0), event = (int)sys(SYS_eventfd, 0);
	int watcher = (int)sys(SYS_inotify_init);
	struct fs_test_pair pipe = fs_test_pipe(0);
	const uint64_t iov[2] = { BUF, 16 };
	const struct call calls[] = {
		{ SYS_pipe, { BUF }, ENOMEM },
		{ SYS_pipe2, { BUF, 0 }, ENOMEM },
		{ SYS_eventfd, { 0 }, ENOMEM },
		{ SYS_eventfd2, { 0, 0 }, ENOMEM },
		{ SYS_epoll_create, { 1 }, ENOMEM },
		{ SYS_epoll_create1, { 0 }, ENOMEM },
		{ SYS_timerfd_create, { 0, 0 }, ENOMEM },
		{ SYS_signalfd, { NONE, SETS, 8 }, ENOMEM },
		{ SYS_signalfd4, { NONE, SETS, 8, 0 }, ENOMEM },
		{ SYS_inotify_init, { 0 }, ENOMEM },
		{ SYS_inotify_init1, { 0 }, ENOMEM },
		{ SYS_inotify_add_watch, { (uint64_t)watcher, OLD, 1 }, ENOMEM },
		{ SYS_memfd_create, { NAME, 0 }, ENOMEM },
		{ SYS_open, { OLD, O_RDWR }, ENOMEM },
		{ SYS_epoll_ctl, { (uint64_t)epoll, EPOLL_CTL_ADD, (uint64_t)event, BUF }, ENOMEM },
		{ SYS_poll, { BUF, MANY, 0 }, ENOMEM },
		{ SYS_ppoll, { BUF, MANY, 0, 0, 0 }, ENOMEM },
		{ SYS_select, { 8, 0, 0, 0, 0 }, ENOMEM },
		{ SYS_pselect6, { 8, 0, 0, 0, 0, 0 }, ENOMEM },
		{ SYS_sendfile, { (uint64_t)fresh, (uint64_t)old, 0, 5 }, ENOMEM },
		{ SYS_copy_file_range, { (uint64_t)old, 0, (uint64_t)fresh, 0, 5, 0 }, ENOMEM },
		{ SYS_splice, { (uint64_t)old, 0, (uint64_t)pipe.out, 0, 5, 0 }, ENOMEM },
		{ SYS_vmsplice, { (uint64_t)pipe.out, SETS, 1, 0 }, ENOMEM },
		{ SYS_fsetxattr, { (uint64_t)old, NAME, BUF, 1, 0 }, ENOMEM },
		{ SYS_fgetxattr, { (uint64_t)old, NAME, BUF, 8 }, ENOMEM },
		{ SYS_flistxattr, { (uint64_t)old, BUF, 8 }, ENOMEM },
		{ SYS_getcwd, { BUF, PAGE_SIZE }, ENOMEM },
		{ SYS_fcntl, { (uint64_t)old, F_SETLK, HOW }, ENOLCK },
		{ SYS_flock, { (uint64_t)old, LOCK_EX }, ENOMEM },
	};
	long results[array_size(calls)];
	char deep[200];

	memset(deep, 'd', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = 0;
	CHECK_EQ(sys(SYS_mkdir, P(deep), 0755), 0);
	CHECK_EQ(sys(SYS_chdir, P(deep)), 0);
	CHECK_EQ(sys(SYS_mkdir, P(deep), 0755), 0);
	CHECK_EQ(sys(SYS_chdir, P(deep)), 0);
	put_arguments();
	systest_string(OLD - SYSTEST_MEM, "/fstest/old");
	systest_string(NAME - SYSTEST_MEM, "user.a");
	systest_put(HOW - SYSTEST_MEM, (uint64_t[4]){ 1 /* F_WRLCK, SEEK_SET */, 0, 0, 0 }, 32);
	systest_value(SETS - SYSTEST_MEM, &iov);
	systest_starve();
	for (unsigned i = 0; i < array_size(calls); i++)
		results[i] = syscall_dispatch(calls[i].number, calls[i].args);
	systest_feed();
	for (unsigned i = 0; i < array_size(calls); i++)
		expect(&calls[i], results[i]);
}

FSTEST(inodes_run_out)
{
	static const struct call calls[] = {
		{ SYS_open, { NAME, O_RDWR | O_CREAT, 0600 }, ENOSPC },
		{ SYS_openat, { AT, NAME, O_RDWR | O_CREAT, 0600 }, ENOSPC },
		{ SYS_openat2, { AT, NAME, HOW, 24 }, ENOSPC },
		{ SYS_creat, { NAME, 0600 }, ENOSPC },
		{ SYS_mkdir, { NAME, 0700 }, ENOSPC },
		{ SYS_mkdirat, { AT, NAME, 0700 }, ENOSPC },
		{ SYS_mknod, { NAME, S_IFREG | 0600, 0 }, ENOSPC },
		{ SYS_mknodat, { AT, NAME, S_IFREG | 0600, 0 }, ENOSPC },
		{ SYS_symlink, { OLD, NAME }, ENOSPC },
		{ SYS_symlinkat, { OLD, AT, NAME }, ENOSPC },
	};

	put_arguments();
	CHECK_EQ(sys(SYS_mkdir, P("small"), 0755), 0);
	CHECK_EQ(sys(SYS_mount, 0, P("small"), P("tmpfs"), 0, P("nr_inodes=1")), 0);
	CHECK_EQ(sys(SYS_chdir, P("small")), 0);
	expect_all(calls, array_size(calls));
	CHECK_EQ(sys(SYS_chdir, P("/fstest")), 0);
	CHECK_EQ(sys(SYS_umount2, P("small"), 0), 0);
}

FSTEST(getcwd_names_no_more_than_a_path)
{
	char name[251];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	for (unsigned i = 0; i < 17; i++) {
		CHECK_EQ(sys(SYS_mkdir, P(name), 0755), 0);
		CHECK_EQ(sys(SYS_chdir, P(name)), 0);
	}
	CHECK_ERR(sys(SYS_getcwd, SYSTEST_MEM, 8192), ENAMETOOLONG);
	CHECK_ERR(sys(SYS_getcwd, SYSTEST_MEM, 10), ENAMETOOLONG);
	CHECK_EQ(sys(SYS_chdir, P("/fstest")), 0);
}
