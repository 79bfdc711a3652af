/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inotify's instances: records, their queue, waiting for them, limits and errors.
 */
#include <kernel/abi/inotify.h>
#include <kernel/abi/poll.h>
#include <kernel/abi/tty.h>
#include <kernel/log.h>
#include <kernel/signal.h>
#include <kernel/thread.h>

#include "../inotify.h"
#include "inotify_test.h"

#define BUF (SYSTEST_MEM + 4096)
#define RECORD ((long)sizeof(struct abi_inotify_event))

static long waiting(int fd)
{
	int32_t bytes;

	if (sys(SYS_ioctl, fd, FIONREAD, SYSTEST_MEM))
		return -1;
	systest_read(SYSTEST_MEM, &bytes);
	return bytes;
}

/* Something that watch 1 of "." is told: two records, "a" and a long name. */
static void make_two(void)
{
	CHECK_EQ(sys(SYS_mkdir, P("a"), 0700), 0);
	CHECK_EQ(sys(SYS_mkdir, P("sixteen-letters!"), 0700), 0);
}

FSTEST(inotify_records)
{
	struct abi_inotify_event event;
	int fd = inotify_test_fd();
	char name[32];

	CHECK_ERR(sys(SYS_read, fd, BUF, 1), EAGAIN);
	CHECK_EQ(systest_events(fd), 0);
	CHECK_EQ(inotify_test_watch(fd, ".", IN_CREATE), 1);
	make_two();
	CHECK_EQ(systest_events(fd), POLLIN);
	CHECK_EQ(waiting(fd), 5 * RECORD);
	CHECK_ERR(sys(SYS_read, fd, BUF, 0), EINVAL);
	CHECK_ERR(sys(SYS_read, fd, BUF, 2 * RECORD - 1), EINVAL);
	CHECK_EQ(sys(SYS_read, fd, BUF, 5 * RECORD - 1), 2 * RECORD);
	CHECK_EQ(sys(SYS_read, fd, BUF, 100), 3 * RECORD);
	systest_read(BUF, &event);
	CHECK_EQ(event.len, sizeof(name));
	systest_get(BUF + RECORD, name, sizeof(name));
	CHECK_STR(name, "sixteen-letters!");
	for (unsigned i = 16; i < sizeof(name); i++)
		CHECK_EQ(name[i], 0);
	CHECK_EQ(waiting(fd), 0);
	CHECK_EQ(systest_events(fd), 0);
	CHECK_ERR(sys(SYS_ioctl, fd, FIONREAD, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_ioctl, fd, TCGETS, BUF), ENOTTY);
	CHECK_ERR(sys(SYS_write, fd, BUF, 16), EBADF);
	CHECK_EQ(sys(SYS_lseek, fd, 0, SEEK_SET), 0);
}

/* As on Linux what cannot be stored is lost. */
FSTEST(inotify_records_into_bad_memory)
{
	int fd = inotify_test_fd();

	CHECK_EQ(inotify_test_watch(fd, ".", IN_CREATE), 1);
	make_two();
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_BAD, 100), EFAULT);
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_EDGE - RECORD - 8, 100), EFAULT);
	CHECK_EQ(waiting(fd), 0);
}

FSTEST(inotify_says_nothing_twice)
{
	int fd = inotify_test_fd(), file = fs_test_file("f", O_RDWR, "");

	CHECK_EQ(inotify_test_watch(fd, "f", IN_MODIFY | IN_ATTRIB), 1);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(sys(SYS_write, file, P("x"), 1), 1);
	CHECK_EQ(waiting(fd), RECORD);
	CHECK_EQ(sys(SYS_fchmod, file, 0600), 0);
	CHECK_EQ(sys(SYS_write, file, P("x"), 1), 1);
	CHECK_STR(inotify_test_told(fd), "1 MODIFY, 1 ATTRIB, 1 MODIFY");
}

FSTEST(inotify_has_a_limit_of_events)
{
	int fd = inotify_test_fd(), file = fs_test_file("f", O_RDWR, "");

	CHECK_EQ(inotify_test_watch(fd, "f", IN_MODIFY | IN_ATTRIB), 1);
	for (unsigned i = 0; i < INOTIFY_EVENTS_MAX / 2 + 2; i++) {
		CHECK_EQ(sys(SYS_ftruncate, file, 0), 0);
		CHECK_EQ(sys(SYS_fchmod, file, 0600), 0);
	}
	CHECK_EQ(waiting(fd), (INOTIFY_EVENTS_MAX + 1) * RECORD);
	for (unsigned i = 0; i < INOTIFY_EVENTS_MAX - 2; i += 2)
		CHECK_EQ(sys(SYS_read, fd, BUF, 2 * RECORD), 2 * RECORD);
	CHECK_EQ(sys(SYS_ftruncate, file, 0), 0);
	CHECK_STR(inotify_test_told(fd), "1 MODIFY, 1 ATTRIB, -1 OVERFLOW, 1 MODIFY");
}

FSTEST(inotify_watches_are_changed)
{
	int fd = inotify_test_fd();

	CHECK_EQ(sys(SYS_mkdir, P("d"), 0700), 0);
	CHECK_EQ(sys(SYS_symlink, P("d"), P("s")), 0);
	CHECK_EQ(inotify_test_watch(fd, "d", IN_OPEN | IN_MASK_CREATE), 1);
	CHECK_ERR(inotify_test_watch(fd, "s", IN_OPEN | IN_MASK_CREATE), EEXIST);
	CHECK_EQ(inotify_test_watch(fd, "s", IN_ATTRIB | IN_MASK_ADD | IN_ONLYDIR), 1);
	CHECK_EQ(inotify_test_watch(fd, "s", IN_OPEN | IN_DONT_FOLLOW), 2);
	CHECK_EQ(sys(SYS_chmod, P("d"), 0711), 0);
	CHECK_EQ(sys(SYS_close, sys(SYS_open, P("d"), O_RDONLY)), 0);
	CHECK_STR(inotify_test_told(fd), "1 ATTRIB DIR, 1 OPEN DIR");
	CHECK_EQ(inotify_test_watch(fd, "d", IN_CREATE | IN_ONESHOT), 1);
	CHECK_EQ(sys(SYS_chmod, P("d"), 0700), 0);
	CHECK_EQ(sys(SYS_mkdir, P("d/e"), 0700), 0);
	CHECK_EQ(sys(SYS_mkdir, P("d/f"), 0700), 0);
	CHECK_STR(inotify_test_told(fd), "1 CREATE DIR e, 1 IGNORED");
	CHECK_EQ(inotify_test_watch(fd, "d", IN_CREATE), 3);
	CHECK_EQ(sys(SYS_inotify_rm_watch, fd, 3), 0);
	CHECK_ERR(sys(SYS_inotify_rm_watch, fd, 3), EINVAL);
	CHECK_EQ(sys(SYS_mkdir, P("d/g"), 0700), 0);
	CHECK_STR(inotify_test_told(fd), "3 IGNORED");
}

FSTEST(inotify_sleepers_are_interrupted)
{
	int fd = (int)sys(SYS_inotify_init);

	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_read, fd, BUF, 100), EINTR);
	signal_deliver(NULL);
}

static void make_directory(void *arg)
{
	struct process *process = arg;

	process_enter(process);
	sys(SYS_mkdir, systest_string(0, FS_TEST_DIR "/d"), 0700);
	process_enter(NULL);
}

/* The reader sleeps, or finds what the other has done by then. */
FSTEST(inotify_wakes_who_reads)
{
	int fd = (int)sys(SYS_inotify_init);
	struct process *other;
	struct thread *thread;

	CHECK_EQ(inotify_test_watch(fd, ".", IN_CREATE), 1);
	CHECK_EQ(systest_process("other", &other), 0);
	thread = thread_create("other", make_directory, other);
	CHECK(thread);
	thread_start(thread);
	CHECK_STR(inotify_test_told(fd), "1 CREATE DIR d");
	thread_join(thread);
	thread_put(thread);
	process_teardown(other, 0);
	process_put(other);
}

FSTEST(inotify_is_waited_for_by_epoll)
{
	int fd = inotify_test_fd(), epoll = (int)sys(SYS_epoll_create1, 0);
	const struct abi_epoll_event wanted = { EPOLLIN | EPOLLET, 7 };

	CHECK_EQ(inotify_test_watch(fd, ".", IN_CREATE), 1);
	CHECK_EQ(sys(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, systest_value(0, &wanted)), 0);
	CHECK_EQ(sys(SYS_epoll_wait, epoll, BUF, 1, 0), 0);
	CHECK_EQ(sys(SYS_mkdir, P("a"), 0700), 0);
	CHECK_EQ(sys(SYS_epoll_wait, epoll, BUF, 1, -1), 1);
	CHECK_EQ(sys(SYS_epoll_wait, epoll, BUF, 1, 0), 0);
	CHECK_EQ(sys(SYS_mkdir, P("b"), 0700), 0);
	CHECK_EQ(sys(SYS_epoll_wait, epoll, BUF, 1, -1), 1);
}

/* ---- limits and errors ---- */

FSTEST(inotify_has_a_limit_of_instances)
{
	int fd;

	for (unsigned i = 0; i < INOTIFY_INSTANCES_MAX; i++)
		CHECK((fd = (int)sys(SYS_inotify_init)) >= 0);
	CHECK_ERR(sys(SYS_inotify_init), EMFILE);
	CHECK_ERR(sys(SYS_inotify_init1, 0), EMFILE);
	CHECK_EQ(sys(SYS_close, fd), 0);
	fd = (int)sys(SYS_inotify_init);
	CHECK(fd >= 0);
	systest_become(1000);
	CHECK(sys(SYS_inotify_init) >= 0);
}

FSTEST(inotify_has_a_limit_of_watches)
{
	enum { FILES = 128, INSTANCES = INOTIFY_WATCHES_MAX / FILES };
	int fd = -1;
	char name[8];

	for (unsigned i = 0; i < FILES; i++) {
		format(name, sizeof(name), "%u", i);
		CHECK_EQ(sys(SYS_mknod, P(name), S_IFREG | 0600, 0), 0);
	}
	for (unsigned k = 0; k < INSTANCES; k++) {
		fd = inotify_test_fd();
		for (unsigned i = 0; i < FILES; i++) {
			format(name, sizeof(name), "%u", i);
			CHECK_EQ(inotify_test_watch(fd, name, IN_OPEN), (int)i + 1);
		}
	}
	CHECK_ERR(inotify_test_watch(fd, ".", IN_OPEN), ENOSPC);
	CHECK_EQ(inotify_test_watch(fd, "1", IN_ATTRIB), 2);
	CHECK_EQ(sys(SYS_inotify_rm_watch, fd, 1), 0);
	CHECK_EQ(inotify_test_watch(fd, ".", IN_OPEN), FILES + 1);
}

FSTEST(inotify_errors)
{
	int fd = inotify_test_fd(), file = fs_test_file("f", O_RDWR, "");

	CHECK_ERR(sys(SYS_inotify_init1, 1), EINVAL);
	CHECK_EQ(sys(SYS_fcntl, fd, F_GETFD), 0);
	CHECK_EQ(sys(SYS_fcntl, sys(SYS_inotify_init1, IN_CLOEXEC), F_GETFD), FD_CLOEXEC);
	CHECK_ERR(inotify_test_watch(77, "f", IN_OPEN), EBADF);
	CHECK_ERR(inotify_test_watch(file, "f", IN_OPEN), EINVAL);
	CHECK_ERR(inotify_test_watch(fd, "f", 0), EINVAL);
	CHECK_ERR(inotify_test_watch(fd, "f", IN_OPEN | 0x1000), EINVAL);
	CHECK_ERR(inotify_test_watch(fd, "f", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE), EINVAL);
	CHECK_ERR(inotify_test_watch(fd, "f", IN_OPEN | IN_ONLYDIR), ENOTDIR);
	CHECK_ERR(inotify_test_watch(fd, "none", IN_OPEN), ENOENT);
	CHECK_ERR(sys(SYS_inotify_add_watch, fd, SYSTEST_BAD, IN_OPEN), EFAULT);
	CHECK_ERR(sys(SYS_inotify_add_watch, fd, fs_test_long_path(5000), IN_OPEN), ENAMETOOLONG);
	CHECK_EQ(sys(SYS_symlink, P("loop"), P("loop")), 0);
	CHECK_ERR(inotify_test_watch(fd, "loop", IN_OPEN), ELOOP);
	CHECK_ERR(sys(SYS_inotify_rm_watch, 77, 1), EBADF);
	CHECK_ERR(sys(SYS_inotify_rm_watch, file, 1), EINVAL);
	CHECK_ERR(sys(SYS_inotify_rm_watch, fd, 1), EINVAL);
	CHECK_EQ(sys(SYS_chmod, P("f"), 0200), 0);
	systest_become(1000);
	CHECK_ERR(inotify_test_watch(fd, "f", IN_OPEN), EACCES);
}
