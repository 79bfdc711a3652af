/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pipes and fifos: how much they hold, who sleeps, who is told that the other side is gone.
 */
#include "fs_test.h"

#include <kernel/abi/signal.h>
#include <kernel/abi/tty.h>
#include <kernel/atomic.h>
#include <kernel/fd.h>
#include <kernel/signal.h>
#include <kernel/thread.h>

static int queued(int fd)
{
	int count = -1;

	if (!sys(SYS_ioctl, (uint64_t)fd, FIONREAD, SYSTEST_MEM + 16))
		systest_read(SYSTEST_MEM + 16, &count);
	return count;
}

static void ignore_sigpipe(void)
{
	const uint64_t ignore[4] = { 1, 0, 0, 0 };

	CHECK_EQ(sys(SYS_rt_sigaction, SIGPIPE, systest_value(0, &ignore), 0, 8), 0);
}

FSTEST(pipe_passes_bytes_on)
{
	struct fs_test_pair p = fs_test_pipe(0);
	struct abi_stat stat;

	CHECK_EQ(p.in, 3);
	CHECK_EQ(p.out, 4);
	CHECK_EQ(sys(SYS_write, p.out, P("hello"), 5), 5);
	CHECK_EQ(queued(p.in), 5);
	CHECK(fs_test_reads(p.in, "hel"));
	CHECK_EQ(sys(SYS_read, p.in, SYSTEST_MEM, 100), 2);
	CHECK_EQ(sys(SYS_fstat, p.in, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &stat);
	CHECK_EQ(stat.st_mode, S_IFIFO | 0600);
	CHECK_ERR(sys(SYS_write, p.in, SYSTEST_MEM, 1), EBADF);
	CHECK_ERR(sys(SYS_read, p.out, SYSTEST_MEM, 1), EBADF);
	CHECK_EQ(sys(SYS_close, p.out), 0);
	CHECK_EQ(sys(SYS_read, p.in, SYSTEST_MEM, 1), 0);
}

FSTEST(pipe_errors)
{
	const uint64_t limit[2] = { 4, 4 };

	CHECK_ERR(sys(SYS_pipe, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_pipe2, SYSTEST_MEM, O_APPEND), EINVAL);
	CHECK_EQ(sys(SYS_open, P("/dev/null"), O_RDONLY), 3);
	CHECK_EQ(sys(SYS_close, 3), 0);
	CHECK_EQ(sys(SYS_setrlimit, 7, systest_value(0, &limit)), 0);
	CHECK_ERR(sys(SYS_pipe, SYSTEST_MEM), EMFILE);
	CHECK_EQ(sys(SYS_open, P("/dev/null"), O_RDONLY), 3);
}

FSTEST(pipe_without_readers)
{
	struct fs_test_pair p = fs_test_pipe(0);

	ignore_sigpipe();
	CHECK_EQ(sys(SYS_close, p.in), 0);
	CHECK_ERR(sys(SYS_write, p.out, SYSTEST_MEM, 1), EPIPE);
	CHECK_EQ(sys(SYS_write, p.out, SYSTEST_MEM, 0), 0);
}

static void write_to_nobody(void)
{
	struct fs_test_pair p = fs_test_pipe(0);

	sys(SYS_close, p.in);
	sys(SYS_write, p.out, SYSTEST_MEM, 1);
	signal_deliver(NULL);
}

TEST(pipe_without_readers_kills)
{
	CHECK_EQ(systest_program(write_to_nobody), SIGPIPE);
}

/* A page that is partly used takes what still fits whole, and nothing else. */
FSTEST(pipe_holds_sixteen_slots)
{
	struct fs_test_pair p = fs_test_pipe(O_NONBLOCK);

	CHECK_ERR(sys(SYS_read, p.in, SYSTEST_MEM, 1), EAGAIN);
	CHECK_EQ(sys(SYS_write, p.out, SYSTEST_MEM, 65536), 65536);
	CHECK_ERR(sys(SYS_write, p.out, SYSTEST_MEM, 1), EAGAIN);
	CHECK_EQ(sys(SYS_read, p.in, SYSTEST_MEM, 65536), 65536);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(sys(SYS_write, p.out, SYSTEST_MEM, 2049), 2049);
	CHECK_ERR(sys(SYS_write, p.out, SYSTEST_MEM, 2049), EAGAIN);
	CHECK_EQ(sys(SYS_write, p.out, SYSTEST_MEM, 2047), 2047);
	CHECK_EQ(queued(p.in), 16 * 2049 + 2047);
	CHECK_ERR(sys(SYS_write, p.out, SYSTEST_BAD, 1), EAGAIN);
}

FSTEST(pipe_faults_lose_nothing)
{
	struct fs_test_pair p = fs_test_pipe(O_NONBLOCK);

	CHECK_ERR(sys(SYS_write, p.out, SYSTEST_BAD, 1), EFAULT);
	CHECK_EQ(sys(SYS_write, p.out, P("abc"), 3), 3);
	CHECK_ERR(sys(SYS_write, p.out, SYSTEST_BAD, 1), EFAULT);
	CHECK_ERR(sys(SYS_read, p.in, SYSTEST_BAD, 3), EFAULT);
	CHECK(fs_test_reads(p.in, "abc"));
}

FSTEST(pipe_packets)
{
	struct fs_test_pair p = fs_test_pipe(O_DIRECT | O_NONBLOCK);

	CHECK_EQ(sys(SYS_write, p.out, P("one"), 3), 3);
	CHECK_EQ(sys(SYS_write, p.out, P("two"), 3), 3);
	CHECK_EQ(sys(SYS_read, p.in, SYSTEST_MEM, 2), 2);
	CHECK_MEM(SYSTEST_MEM, "on", 2);
	CHECK_EQ(sys(SYS_read, p.in, SYSTEST_MEM, 100), 3);
	CHECK_MEM(SYSTEST_MEM, "two", 3);
}

FSTEST(pipe_sizes)
{
	struct fs_test_pair p = fs_test_pipe(O_NONBLOCK);
	int fd = fs_test_file("f", O_RDWR, "");

	CHECK_EQ(sys(SYS_fcntl, p.in, F_GETPIPE_SZ, 0), 65536);
	CHECK_EQ(sys(SYS_fcntl, p.in, F_SETPIPE_SZ, 5000), 8192);
	CHECK_EQ(sys(SYS_fcntl, p.out, F_SETPIPE_SZ, 0), 4096);
	CHECK_EQ(sys(SYS_write, p.out, SYSTEST_MEM, 8192), 4096);
	CHECK_EQ(sys(SYS_fcntl, p.in, F_SETPIPE_SZ, 16384), 16384);
	CHECK_EQ(sys(SYS_write, p.out, SYSTEST_MEM, 8192), 8192);
	CHECK_ERR(sys(SYS_fcntl, p.in, F_SETPIPE_SZ, 8192), EBUSY);
	CHECK_ERR(sys(SYS_fcntl, p.in, F_SETPIPE_SZ, 0x80000001u), EINVAL);
	CHECK_ERR(sys(SYS_fcntl, fd, F_GETPIPE_SZ, 0), EBADF);
	systest_become(1000);
	CHECK_ERR(sys(SYS_fcntl, p.in, F_SETPIPE_SZ, 2 << 20), EPERM);
}

FSTEST(pipe_sleepers_are_interrupted)
{
	struct fs_test_pair p = fs_test_pipe(0);

	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_read, p.in, SYSTEST_MEM, 1), EINTR);
	signal_deliver(NULL);
	CHECK_EQ(sys(SYS_write, p.out, SYSTEST_MEM, 65536), 65536);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_write, p.out, SYSTEST_MEM, 1), EINTR);
	signal_deliver(NULL);
}

FSTEST(fifo_opens)
{
	int in, out;

	ignore_sigpipe();
	CHECK_EQ(sys(SYS_mknod, P("fifo"), S_IFIFO | 0600, 0), 0);
	CHECK_ERR(sys(SYS_open, P("fifo"), O_WRONLY | O_NONBLOCK), ENXIO);
	in = (int)sys(SYS_open, P("fifo"), O_RDONLY | O_NONBLOCK);
	CHECK(in >= 0);
	CHECK_EQ(sys(SYS_read, in, SYSTEST_MEM, 1), 0);
	out = (int)sys(SYS_open, P("fifo"), O_WRONLY);
	CHECK(out >= 0);
	CHECK_ERR(sys(SYS_read, in, SYSTEST_MEM, 1), EAGAIN);
	CHECK_EQ(sys(SYS_write, out, P("xy"), 2), 2);
	CHECK(fs_test_reads(in, "xy"));
	CHECK_EQ(sys(SYS_close, in), 0);
	CHECK_ERR(sys(SYS_write, out, SYSTEST_MEM, 1), EPIPE);
	CHECK_EQ(sys(SYS_close, out), 0);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_open, P("fifo"), O_RDONLY), EINTR);
	signal_deliver(NULL);
	in = (int)sys(SYS_open, P("fifo"), O_RDWR);
	CHECK(in >= 0);
	CHECK_EQ(sys(SYS_write, in, P("z"), 1), 1);
	CHECK(fs_test_reads(in, "z"));
}

#define PAIRS 1000

struct pairs {
	struct file *readers[PAIRS];
	unsigned open; /* atomic: so many may go */
};

static void drop_readers(void *arg)
{
	struct pairs *pairs = arg;

	for (unsigned i = 0; i < PAIRS; i++) {
		while (atomic_load(&pairs->open) <= i)
			thread_yield();
		file_put(pairs->readers[i]);
	}
}

/* Whoever goes first tells the other of it, who may have taken the pipe along: with HEAP_CHECK that is a crash. */
FSTEST(pipe_ends_go_at_once)
{
	static struct pairs pairs;
	struct thread *thread = thread_create("reader", drop_readers, &pairs);

	CHECK(thread);
	if (!thread)
		return;
	pairs.open = 0;
	thread_start(thread);
	for (unsigned i = 0; i < PAIRS; i++) {
		struct fs_test_pair p = fs_test_pipe(0);
		struct file *writer = fd_get(p.out);

		pairs.readers[i] = fd_get(p.in);
		sys(SYS_close, p.in);
		sys(SYS_close, p.out);
		atomic_store(&pairs.open, i + 1);
		for (unsigned wait = 0; wait < i % 50; wait++)
			arch_relax();
		file_put(writer);
	}
	CHECK_EQ(thread_join(thread), 0);
	thread_put(thread);
}
