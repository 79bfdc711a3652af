/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every call that reads or writes bytes refuses: the wrong descriptor, direction or position, a full or a sealed
 * file, a pipe without the other end, one that would have to wait, and the signal that ends the wait.
 */
#include "fs_test.h"

#include <kernel/abi/resource.h>
#include <kernel/abi/signal.h>

#define BUF (FS_TEST_FREE + 1024)
#define IOV FS_TEST_FREE
#define POSITION UINT64_MAX

struct transfer {
	unsigned number;
	bool positioned;
	uint64_t args[6]; /* the first is the descriptor */
};

static const struct transfer reads[] = {
	{ SYS_read, false, { 0, BUF, 4 } },
	{ SYS_readv, false, { 0, IOV, 1 } },
	{ SYS_preadv2, false, { 0, IOV, 1, POSITION } },
	{ SYS_pread64, true, { 0, BUF, 4, 0 } },
	{ SYS_preadv, true, { 0, IOV, 1, 0 } },
	{ SYS_preadv2, true, { 0, IOV, 1, 0 } },
};

static const struct transfer writes[] = {
	{ SYS_write, false, { 0, BUF, 4 } },
	{ SYS_writev, false, { 0, IOV, 1 } },
	{ SYS_pwritev2, false, { 0, IOV, 1, POSITION } },
	{ SYS_pwrite64, true, { 0, BUF, 4, 0 } },
	{ SYS_pwritev, true, { 0, IOV, 1, 0 } },
	{ SYS_pwritev2, true, { 0, IOV, 1, 0 } },
};

static long try(const struct transfer *transfer, int fd)
{
	uint64_t args[6];

	memcpy(args, transfer->args, sizeof(args));
	args[0] = (uint64_t)fd;
	return syscall_dispatch(transfer->number, args);
}

static void expect(const struct transfer *transfer, int fd, int error)
{
	long result = try(transfer, fd);

	if (result != -error)
		test_fail(__FILE__, __LINE__, "%s: %ld, not %s", syscall_table[transfer->number].name, result,
			  errno_name(error));
}

static void expect_all(const struct transfer all[6], int fd, int error)
{
	for (unsigned i = 0; i < 6; i++)
		expect(&all[i], fd, error);
}

static void expect_unpositioned(const struct transfer all[6], int fd, int error)
{
	for (unsigned i = 0; i < 6; i++)
		if (!all[i].positioned)
			expect(&all[i], fd, error);
}

static void expect_positioned(const struct transfer all[6], int fd, int error)
{
	for (unsigned i = 0; i < 6; i++)
		if (all[i].positioned)
			expect(&all[i], fd, error);
}

static void put_vector(void)
{
	const uint64_t vector[2] = { BUF, 4 };

	systest_value(IOV - SYSTEST_MEM, &vector);
}

static void ignore(int signo)
{
	const uint64_t action[4] = { SIG_IGN, 0, 0, 0 };

	if (sys(SYS_rt_sigaction, (uint64_t)signo, systest_value(0, &action), 0, 8))
		test_fail(__FILE__, __LINE__, "signal %d cannot be ignored", signo);
}

FSTEST(transfers_need_a_descriptor_of_their_direction)
{
	int read_only = fs_test_file("f", O_RDONLY, ""), write_only = fs_test_file("g", O_WRONLY, "x");
	int path_only = (int)sys(SYS_open, P("f"), O_PATH);

	put_vector();
	expect_all(reads, 99, EBADF);
	expect_all(writes, 99, EBADF);
	expect_all(reads, write_only, EBADF);
	expect_all(writes, read_only, EBADF);
	expect_all(reads, path_only, EBADF);
	expect_all(writes, path_only, EBADF);
}

FSTEST(transfers_of_a_vector_look_at_it)
{
	int fd = fs_test_file("f", O_RDWR, "12345");
	const uint64_t bad[2] = { SYSTEST_BAD, 4 };

	systest_value(IOV - SYSTEST_MEM, &bad);
	CHECK_ERR(sys(SYS_readv, fd, IOV, 1), EFAULT);
	CHECK_ERR(sys(SYS_writev, fd, IOV, 1), EFAULT);
	CHECK_ERR(sys(SYS_preadv, fd, IOV, 1, 0), EFAULT);
	CHECK_ERR(sys(SYS_pwritev, fd, IOV, 1, 0), EFAULT);
	CHECK_ERR(sys(SYS_preadv2, fd, IOV, 1, 0, 0, 0), EFAULT);
	CHECK_ERR(sys(SYS_pwritev2, fd, IOV, 1, 0, 0, 0), EFAULT);
	CHECK_ERR(sys(SYS_writev, fd, IOV, -1), EINVAL);
	CHECK_ERR(sys(SYS_pwritev2, fd, IOV, 1025, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_pwritev2, fd, IOV, 1, -2, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_pwritev2, fd, IOV, 1, 0, 0, 0x4000), EOPNOTSUPP);
}

FSTEST(directories_are_not_read)
{
	int fd = (int)sys(SYS_open, P("."), O_RDONLY);

	put_vector();
	expect_all(reads, fd, EISDIR);
	expect_all(writes, fd, EBADF);
}

FSTEST(pipes_have_no_positions)
{
	struct fs_test_pair pipe = fs_test_pipe(0);

	put_vector();
	expect_positioned(reads, pipe.in, ESPIPE);
	expect_positioned(writes, pipe.out, ESPIPE);
}

FSTEST(writes_stop_at_the_size_limit)
{
	const uint64_t limit[2] = { 0, 100 };
	int fd = fs_test_file("f", O_RDWR, "");

	put_vector();
	ignore(SIGXFSZ);
	CHECK_EQ(sys(SYS_setrlimit, RLIMIT_FSIZE, systest_value(0, &limit)), 0);
	expect_all(writes, fd, EFBIG);
	CHECK_ERR(sys(SYS_truncate, P("f"), 1), EFBIG);
	CHECK_ERR(sys(SYS_fallocate, fd, 0, 0, 1), EFBIG);
}

FSTEST(writes_find_no_room)
{
	int fd = (int)sys(SYS_open, P("/dev/full"), O_RDWR);

	put_vector();
	expect_all(writes, fd, ENOSPC);
}

FSTEST(writes_respect_seals)
{
	int fd = (int)sys(SYS_memfd_create, P("m"), 2 /* MFD_ALLOW_SEALING */);

	put_vector();
	CHECK_EQ(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW), 0);
	expect_all(writes, fd, EPERM);
	CHECK_ERR(sys(SYS_fallocate, fd, 0, 0, 4096), EPERM);
	CHECK_ERR(sys(SYS_ftruncate, fd, 4096), EPERM);
}

FSTEST(writes_need_a_reader)
{
	struct fs_test_pair pipe = fs_test_pipe(0);

	put_vector();
	ignore(SIGPIPE);
	CHECK_EQ(sys(SYS_close, pipe.in), 0);
	expect_unpositioned(writes, pipe.out, EPIPE);
	CHECK_ERR(sys(SYS_vmsplice, pipe.out, IOV, 1, 0), EPIPE);
}

/* Fills a pipe to the last byte. */
static void fill(int fd)
{
	const uint64_t page[2] = { SYSTEST_MEM, PAGE_SIZE };

	systest_value(IOV - SYSTEST_MEM, &page);
	sys(SYS_fcntl, (uint64_t)fd, F_SETPIPE_SZ, PAGE_SIZE);
	if (sys(SYS_writev, (uint64_t)fd, IOV, 1) != (long)PAGE_SIZE)
		test_fail(__FILE__, __LINE__, "the pipe is not filled");
	put_vector();
}

FSTEST(transfers_do_not_wait_when_told_so)
{
	struct fs_test_pair empty = fs_test_pipe(O_NONBLOCK), full = fs_test_pipe(O_NONBLOCK);
	int file = fs_test_file("f", O_RDWR, "12345");

	fill(full.out);
	expect_unpositioned(reads, empty.in, EAGAIN);
	expect_unpositioned(writes, full.out, EAGAIN);
	CHECK_ERR(sys(SYS_sendfile, full.out, file, 0, 4), EAGAIN);
	CHECK_ERR(sys(SYS_vmsplice, full.out, IOV, 1, SPLICE_F_NONBLOCK), EAGAIN);
	/* The descriptor's own flag says nothing to this call. */
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_vmsplice, full.out, IOV, 1, 0), EINTR);
}

/* The call waits until a signal comes. */
static void expect_interrupted(const struct transfer *transfer, int fd)
{
	systest_interrupt_soon();
	expect(transfer, fd, EINTR);
}

FSTEST(transfers_end_with_a_signal)
{
	struct fs_test_pair empty = fs_test_pipe(0), full = fs_test_pipe(0);

	fill(full.out);
	for (unsigned i = 0; i < array_size(reads); i++)
		if (!reads[i].positioned)
			expect_interrupted(&reads[i], empty.in);
	for (unsigned i = 0; i < array_size(writes); i++)
		if (!writes[i].positioned)
			expect_interrupted(&writes[i], full.out);
}

FSTEST(splices_end_with_a_signal)
{
	struct fs_test_pair empty = fs_test_pipe(0), full = fs_test_pipe(0), other = fs_test_pipe(0);

	fill(full.out);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_splice, empty.in, 0, full.out, 0, 4, 0), EINTR);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_tee, empty.in, other.out, 4, 0), EINTR);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_vmsplice, full.out, IOV, 1, 0), EINTR);
}

FSTEST(splices_need_a_reader)
{
	struct fs_test_pair full = fs_test_pipe(0), lonely = fs_test_pipe(0);

	ignore(SIGPIPE);
	fill(full.out);
	CHECK_EQ(sys(SYS_close, lonely.in), 0);
	CHECK_ERR(sys(SYS_splice, full.in, 0, lonely.out, 0, 4, 0), EPIPE);
	CHECK_ERR(sys(SYS_tee, full.in, lonely.out, 4, 0), EPIPE);
}

FSTEST(copies_stop_where_files_end)
{
	const uint64_t limit[2] = { 0, 100 };
	int from, to;

	CHECK_EQ(sys(SYS_mkdir, P("small"), 0755), 0);
	CHECK_EQ(sys(SYS_mount, 0, P("small"), P("tmpfs"), 0, P("size=4k")), 0);
	from = fs_test_file("small/f", O_RDWR, "12345");
	to = fs_test_file("small/g", O_RDWR, "");
	CHECK_ERR(sys(SYS_copy_file_range, from, 0, to, 0, 5, 0), ENOSPC);
	ignore(SIGXFSZ);
	CHECK_EQ(sys(SYS_setrlimit, RLIMIT_FSIZE, systest_value(0, &limit)), 0);
	CHECK_ERR(sys(SYS_copy_file_range, from, 0, to, 0, 5, 0), EFBIG);
	CHECK_EQ(sys(SYS_umount2, P("small"), 2 /* MNT_DETACH */), 0);
}
