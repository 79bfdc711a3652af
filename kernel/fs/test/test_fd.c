/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dup, fcntl, locks, ioctl, memfd_create and seals.
 */
#include "fs_test.h"

#include <kernel/abi/tty.h>
#include <kernel/thread.h>

FSTEST(dup_shares_the_position)
{
	int fd = fs_test_file("f", O_RDWR, "abcdef"), copy = (int)sys(SYS_dup, fd);

	CHECK_EQ(copy, fd + 1);
	CHECK(fs_test_reads(fd, "abc"));
	CHECK(fs_test_reads(copy, "def"));
	CHECK_EQ(sys(SYS_dup2, fd, 20), 20);
	CHECK_EQ(sys(SYS_dup2, fd, fd), fd);
	CHECK_EQ(sys(SYS_dup3, fd, 20, O_CLOEXEC), 20);
	CHECK_EQ(sys(SYS_fcntl, 20, F_GETFD), FD_CLOEXEC);
	CHECK_ERR(sys(SYS_dup, 99), EBADF);
	CHECK_ERR(sys(SYS_dup2, 99, 1), EBADF);
	CHECK_ERR(sys(SYS_dup2, 99, 99), EBADF);
	CHECK_ERR(sys(SYS_dup2, fd, -1), EBADF);
	CHECK_ERR(sys(SYS_dup2, fd, 5000), EBADF);
	CHECK_ERR(sys(SYS_dup3, fd, fd, 0), EINVAL);
	CHECK_ERR(sys(SYS_dup3, fd, 21, 1), EINVAL);
}

FSTEST(fcntl_commands)
{
	int fd = fs_test_file("f", O_RDWR | O_APPEND, "");
	const struct abi_f_owner_ex nobody = { 1, 99999 }, bad = { 5, 1 };

	CHECK_EQ(sys(SYS_fcntl, fd, F_DUPFD, 10), 10);
	CHECK_EQ(sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 10), 11);
	CHECK_ERR(sys(SYS_fcntl, fd, F_DUPFD, 5000), EINVAL);
	CHECK_ERR(sys(SYS_fcntl, fd, F_DUPFD, -1), EINVAL);
	CHECK_EQ(sys(SYS_fcntl, 11, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(SYS_fcntl, 11, F_SETFD, 0), 0);
	CHECK_EQ(sys(SYS_fcntl, 11, F_GETFD), 0);
	CHECK_EQ(sys(SYS_fcntl, fd, F_GETFL), O_RDWR | O_APPEND | O_LARGEFILE);
	CHECK_EQ(sys(SYS_fcntl, fd, F_SETFL, O_NONBLOCK | O_WRONLY), 0);
	CHECK_EQ(sys(SYS_fcntl, 10, F_GETFL), O_RDWR | O_NONBLOCK | O_LARGEFILE);
	CHECK_EQ(sys(SYS_fcntl, fd, F_SETOWN, process_current()->pid), 0);
	CHECK_EQ(sys(SYS_fcntl, fd, F_GETOWN), process_current()->pid);
	CHECK_ERR(sys(SYS_fcntl, fd, F_SETOWN, 99999), ESRCH);
	CHECK_ERR(sys(SYS_fcntl, fd, F_SETOWN_EX, systest_value(0, &nobody)), ESRCH);
	CHECK_ERR(sys(SYS_fcntl, fd, F_SETOWN_EX, systest_value(0, &bad)), EINVAL);
	CHECK_EQ(sys(SYS_fcntl, fd, F_GETOWN_EX, SYSTEST_MEM), 0);
	CHECK_ERR(sys(SYS_fcntl, fd, F_GETOWN_EX, SYSTEST_BAD), EFAULT);
	CHECK_EQ(sys(SYS_fcntl, fd, F_SETSIG, 10), 0);
	CHECK_EQ(sys(SYS_fcntl, fd, F_GETSIG), 10);
	CHECK_ERR(sys(SYS_fcntl, fd, F_SETSIG, 65), EINVAL);
	CHECK_EQ(sys(SYS_fcntl, fd, F_DUPFD_QUERY, 10), 1);
	CHECK_EQ(sys(SYS_fcntl, fd, F_DUPFD_QUERY, 1), 0);
	CHECK_ERR(sys(SYS_fcntl, fd, 12345), EINVAL);
	CHECK_ERR(sys(SYS_fcntl, 99, F_GETFL), EBADF);
	CHECK_ERR(sys(SYS_fcntl, 99, F_DUPFD, 0), EBADF);
}

static long lock(int fd, unsigned command, int type, int64_t start, int64_t len)
{
	const struct abi_flock flock = {
		.l_type = (int16_t)type, .l_whence = SEEK_SET, .l_start = start, .l_len = len
	};

	return sys(SYS_fcntl, (uint64_t)fd, command, systest_value(0, &flock));
}

static struct abi_flock locked(void)
{
	struct abi_flock flock;

	systest_read(SYSTEST_MEM, &flock);
	return flock;
}

/* A process never stands in its own way; open files do. */
FSTEST(record_locks)
{
	int fd = fs_test_file("f", O_RDWR, "x"), other = (int)sys(SYS_open, P("f"), O_RDWR);
	int in = (int)sys(SYS_open, P("f"), O_RDONLY);

	CHECK_EQ(lock(fd, F_SETLK, F_WRLCK, 0, 100), 0);
	CHECK_EQ(lock(other, F_SETLK, F_WRLCK, 50, 10), 0);
	CHECK_EQ(lock(other, F_GETLK, F_WRLCK, 0, 0), 0);
	CHECK_EQ(locked().l_type, F_UNLCK);
	CHECK_ERR(lock(other, F_OFD_SETLK, F_RDLCK, 99, 1), EAGAIN);
	CHECK_EQ(lock(other, F_OFD_GETLK, F_RDLCK, 99, 1), 0);
	CHECK_EQ(locked().l_type, F_WRLCK);
	CHECK_EQ(locked().l_start, 0);
	CHECK_EQ(locked().l_len, 100);
	CHECK_EQ(locked().l_pid, process_current()->pid);
	CHECK_EQ(lock(fd, F_SETLK, F_UNLCK, 20, 10), 0);
	CHECK_EQ(lock(other, F_OFD_SETLK, F_WRLCK, 20, 10), 0);
	CHECK_ERR(lock(fd, F_SETLK, F_RDLCK, 25, 1), EAGAIN);
	CHECK_ERR(lock(in, F_SETLK, F_WRLCK, 200, 1), EBADF);
	CHECK_ERR(lock(fd, F_SETLK, 9, 0, 1), EINVAL);
	CHECK_ERR(lock(fd, F_SETLK, F_WRLCK, -1, 1), EINVAL);
	CHECK_ERR(lock(fd, F_SETLK, F_WRLCK, INT64_MAX, 2), EOVERFLOW);
	CHECK_ERR(sys(SYS_fcntl, fd, F_SETLK, SYSTEST_BAD), EFAULT);
	/* Closing any descriptor of the file drops the process's locks, but not the open file's. */
	CHECK_EQ(sys(SYS_close, in), 0);
	CHECK_EQ(lock(other, F_OFD_SETLK, F_WRLCK, 0, 0), 0);
}

FSTEST(waiting_for_a_lock_ends_with_a_signal)
{
	int fd = fs_test_file("f", O_RDWR, ""), other = (int)sys(SYS_open, P("f"), O_RDWR);

	CHECK_EQ(lock(other, F_OFD_SETLK, F_WRLCK, 0, 10), 0);
	systest_interrupt_soon();
	CHECK_ERR(lock(fd, F_SETLKW, F_WRLCK, 0, 1), EINTR);
}

/* A second process, on a thread of its own: it takes the second byte and then waits for the first. */
struct rival {
	struct process *process;
	long first, second;
};

static void lock_crosswise(void *arg)
{
	struct rival *rival = arg;
	long fd;

	process_enter(rival->process);
	fd = sys(SYS_open, P(FS_TEST_DIR "/f"), O_RDWR);
	rival->first = lock((int)fd, F_SETLK, F_WRLCK, 1, 1);
	rival->second = lock((int)fd, F_SETLKW, F_WRLCK, 0, 1);
	sys(SYS_close, fd);
	process_enter(NULL);
}

/* Whoever closes the circle is told; the other gets what the first lets go of. */
FSTEST(waiting_in_a_circle_is_found)
{
	struct rival rival = { .first = 1, .second = 1 };
	int fd = fs_test_file("f", O_RDWR, "");
	struct thread *thread;
	long result = 0;

	CHECK_EQ(systest_process("rival", &rival.process), 0);
	CHECK_EQ(lock(fd, F_SETLK, F_WRLCK, 0, 1), 0);
	thread = thread_create("rival", lock_crosswise, &rival);
	CHECK(thread);
	thread_start(thread);
	/* Until it has its byte. */
	while (lock(fd, F_GETLK, F_WRLCK, 1, 1) == 0 && locked().l_type == F_UNLCK)
		thread_yield();
	result = lock(fd, F_SETLKW, F_WRLCK, 1, 1);
	sys(SYS_close, fd);
	thread_join(thread);
	thread_put(thread);
	process_teardown(rival.process, 0);
	process_put(rival.process);
	CHECK_EQ(rival.first, 0);
	CHECK_EQ(result + rival.second, -EDEADLK);
	CHECK(result == 0 || rival.second == 0);
}

FSTEST(flock_locks_files)
{
	int fd = fs_test_file("f", O_RDWR, ""), other = (int)sys(SYS_open, P("f"), O_RDONLY);

	CHECK_EQ(sys(SYS_flock, fd, LOCK_SH), 0);
	CHECK_EQ(sys(SYS_flock, other, LOCK_SH | LOCK_NB), 0);
	CHECK_ERR(sys(SYS_flock, fd, LOCK_EX | LOCK_NB), EAGAIN);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_flock, fd, LOCK_EX), EINTR);
	CHECK_EQ(sys(SYS_flock, other, LOCK_UN), 0);
	CHECK_EQ(sys(SYS_flock, fd, LOCK_EX | LOCK_NB), 0);
	CHECK_ERR(sys(SYS_flock, other, LOCK_SH | LOCK_NB), EAGAIN);
	CHECK_EQ(sys(SYS_close, fd), 0);
	CHECK_EQ(sys(SYS_flock, other, LOCK_EX | LOCK_NB), 0);
	CHECK_ERR(sys(SYS_flock, other, 3), EINVAL);
	CHECK_ERR(sys(SYS_flock, 99, LOCK_SH), EBADF);
}

FSTEST(ioctls)
{
	int fd = fs_test_file("f", O_RDWR, "12345");
	const int on = 1;

	CHECK_EQ(sys(SYS_ioctl, fd, FIONREAD, SYSTEST_MEM), 0);
	CHECK_MEM(SYSTEST_MEM, "\5\0\0", 4);
	CHECK_EQ(sys(SYS_ioctl, fd, FIONBIO, systest_value(0, &on)), 0);
	CHECK(sys(SYS_fcntl, fd, F_GETFL) & O_NONBLOCK);
	CHECK_EQ(sys(SYS_ioctl, fd, FIOCLEX, 0), 0);
	CHECK_EQ(sys(SYS_fcntl, fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(SYS_ioctl, fd, FIONCLEX, 0), 0);
	CHECK_EQ(sys(SYS_fcntl, fd, F_GETFD), 0);
	CHECK_ERR(sys(SYS_ioctl, fd, TCGETS, SYSTEST_MEM), ENOTTY);
	CHECK_ERR(sys(SYS_ioctl, 1, 0x1234, 0), ENOTTY);
	CHECK_ERR(sys(SYS_ioctl, fd, FIONBIO, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_ioctl, 99, FIONREAD, SYSTEST_MEM), EBADF);
}

/* The console is a terminal when the runner's ends are one, and then it is one for all of this. */
FSTEST(ioctls_of_a_terminal)
{
	long terminal = sys(SYS_ioctl, 1, TCGETS, SYSTEST_MEM);
	const int bad_group = -1;

	CHECK(terminal == 0 || terminal == -ENOTTY);
	CHECK_EQ(sys(SYS_ioctl, 1, TIOCGWINSZ, SYSTEST_MEM), terminal);
	CHECK_EQ(sys(SYS_ioctl, 1, TIOCGPGRP, SYSTEST_MEM), terminal);
	CHECK_EQ(sys(SYS_ioctl, 1, TCGETS, SYSTEST_BAD), terminal ? terminal : -EFAULT);
	CHECK_EQ(sys(SYS_ioctl, 1, TIOCSPGRP, systest_value(0, &bad_group)), terminal ? terminal : -EINVAL);
	CHECK_EQ(sys(SYS_ioctl, 1, FIONREAD, SYSTEST_MEM), 0);
}

FSTEST(memfd_seals)
{
	int fd = (int)sys(SYS_memfd_create, P("name"), MFD_ALLOW_SEALING | MFD_CLOEXEC), plain;

	CHECK_EQ(sys(SYS_fcntl, fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(SYS_write, fd, P("12345"), 5), 5);
	CHECK_EQ(sys(SYS_fcntl, fd, F_GET_SEALS), 0);
	CHECK_EQ(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	CHECK_ERR(sys(SYS_write, fd, P("6"), 1), EPERM);
	CHECK_ERR(sys(SYS_ftruncate, fd, 6), EPERM);
	CHECK_ERR(sys(SYS_pwrite64, fd, P("abc"), 3, 3), EPERM);
	CHECK_EQ(sys(SYS_pwrite64, fd, P("ab"), 2, 3), 2);
	CHECK_EQ(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL), 0);
	CHECK_ERR(sys(SYS_ftruncate, fd, 4), EPERM);
	CHECK_ERR(sys(SYS_pwrite64, fd, P("a"), 1, 0), EPERM);
	CHECK_ERR(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_EXEC), EPERM);
	plain = (int)sys(SYS_memfd_create, P(""), 0);
	CHECK_EQ(sys(SYS_fcntl, plain, F_GET_SEALS), F_SEAL_SEAL);
	CHECK_ERR(sys(SYS_fcntl, plain, F_ADD_SEALS, F_SEAL_GROW), EPERM);
	plain = (int)sys(SYS_memfd_create, P("x"), MFD_NOEXEC_SEAL);
	CHECK_EQ(sys(SYS_fcntl, plain, F_GET_SEALS), F_SEAL_EXEC);
	CHECK_ERR(sys(SYS_fcntl, plain, F_ADD_SEALS, 0x1000), EINVAL);
	CHECK_ERR(sys(SYS_memfd_create, P("x"), 0x1000), EINVAL);
	CHECK_ERR(sys(SYS_memfd_create, P("x"), MFD_EXEC | MFD_NOEXEC_SEAL), EINVAL);
	CHECK_ERR(sys(SYS_memfd_create, SYSTEST_BAD, 0), EFAULT);
	CHECK_ERR(sys(SYS_memfd_create, fs_test_long_path(260), 0), EINVAL);
}

#define AT 0x11000000u
#define MAP_SHARED_FIXED 0x11
#define RW 3

/* Who maps a file so that it can be written is not deceived by a seal, nor the other way round. */
FSTEST(memfd_seals_and_mappings)
{
	int fd = (int)sys(SYS_memfd_create, P("m"), MFD_ALLOW_SEALING);

	CHECK_EQ(sys(SYS_ftruncate, fd, 8192), 0);
	CHECK_EQ(sys(SYS_mmap, AT, 8192, 1, MAP_SHARED_FIXED, fd, 0), AT);
	CHECK_ERR(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(sys(SYS_munmap, AT, 4096), 0);
	CHECK_ERR(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW), EBUSY);
	CHECK_EQ(sys(SYS_fcntl, fd, F_GET_SEALS), 0);
	CHECK_EQ(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0);
	/* What was mapped before stays what it may become; what comes later can only be read. */
	CHECK_EQ(sys(SYS_mprotect, AT + 4096, 4096, RW), 0);
	CHECK_ERR(sys(SYS_mmap, 0, 4096, RW, 1, fd, 0), EPERM);
	CHECK_EQ(sys(SYS_mmap, AT, 4096, 1, MAP_SHARED_FIXED, fd, 0), AT);
	CHECK_ERR(sys(SYS_mprotect, AT, 4096, RW), EACCES);
	CHECK_ERR(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(sys(SYS_munmap, AT + 4096, 4096), 0);
	CHECK_EQ(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	CHECK_EQ(sys(SYS_mmap, AT, 8192, RW, 0x12 /* MAP_PRIVATE | MAP_FIXED */, fd, 0), AT);
	CHECK_ERR(sys(SYS_remap_file_pages, AT, 4096, 0, 1, 0), EINVAL);
	CHECK_EQ(sys(SYS_mmap, AT, 8192, 1, MAP_SHARED_FIXED, fd, 0), AT);
	CHECK_EQ(sys(SYS_remap_file_pages, AT, 4096, 0, 1, 0), 0);
	CHECK_ERR(sys(SYS_mprotect, AT, 4096, RW), EACCES);
}
