/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors that stand for processes. The child here is a thread in a process of its own, which the test claims.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/poll.h>
#include <kernel/abi/resource.h>
#include <kernel/clock.h>
#include <kernel/file.h>
#include <kernel/log.h>
#include <kernel/signal.h>
#include <kernel/systest.h>
#include <kernel/thread.h>

#define INFO SYSTEST_MEM
#define NOBODY 999999
#define P_PIDFD 3
#define WNOHANG 1
#define WEXITED 4
#define WNOWAIT 0x01000000
#define REALTIME_SIGNAL 40

struct child {
	struct process *process;
	struct thread *thread;
};

static void run_child(void *arg)
{
	process_enter(arg);
	clock_sleep_until(clock_ns() + 2 * NSEC_PER_MSEC);
	process_exit(5 << 8);
}

static bool start_child(struct child *child)
{
	if (systest_process("child", &child->process))
		return false;
	child->process->ppid = process_current()->pid;
	child->process->is_child = true;
	child->thread = thread_create("child", run_child, child->process);
	if (child->thread)
		thread_start(child->thread);
	return child->thread;
}

static void finish_child(struct child *child)
{
	CHECK_EQ(thread_join(child->thread), 0);
	thread_put(child->thread);
}

static long open_self(unsigned flags)
{
	return sys(SYS_pidfd_open, process_current()->pid, flags);
}

SYSTEST(pidfd_open_refuses)
{
	const uint64_t limits[2] = { 3, 3 };

	CHECK_ERR(sys(SYS_pidfd_open, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_pidfd_open, -1, 0), EINVAL);
	CHECK_ERR(open_self(1), EINVAL);
	CHECK_ERR(sys(SYS_pidfd_open, NOBODY, 0), ESRCH);
	CHECK_EQ(sys(SYS_setrlimit, RLIMIT_NOFILE, systest_value(0, &limits)), 0);
	CHECK_ERR(open_self(0), EMFILE);
}

/* As the manual of pidfd_send_signal has it, a directory of /proc stands for its process, and no other does. */
SYSTEST(pidfd_send_signal_by_directory)
{
	struct child child;
	char path[32];
	int pid;

	CHECK(start_child(&child));
	pid = child.process->pid;
	format(path, sizeof(path), "/proc/%d", pid);
	CHECK_EQ(sys(SYS_open, systest_string(0, path), O_RDONLY | O_DIRECTORY, 0), 3);
	CHECK_EQ(sys(SYS_open, systest_string(0, "/proc"), O_RDONLY | O_DIRECTORY, 0), 4);
	CHECK_EQ(sys(SYS_open, systest_string(0, "/"), O_RDONLY | O_DIRECTORY, 0), 5);
	CHECK_EQ(sys(SYS_pidfd_send_signal, 3, 0, 0, 0), 0);
	CHECK_ERR(sys(SYS_pidfd_send_signal, 4, 0, 0, 0), EBADF);
	CHECK_ERR(sys(SYS_pidfd_send_signal, 5, 0, 0, 0), EBADF);
	CHECK_EQ(sys(SYS_wait4, pid, 0, 0, 0), pid);
	CHECK_ERR(sys(SYS_pidfd_send_signal, 3, 0, 0, 0), ESRCH);
	finish_child(&child);
}

SYSTEST(pidfd_open_without_memory)
{
	long err;

	systest_starve();
	err = open_self(0);
	systest_feed();
	CHECK_EQ(err, -ENOMEM);
}

SYSTEST(pidfd_is_a_descriptor_without_contents)
{
	long fd = open_self(O_NONBLOCK);

	CHECK_EQ(fd, 3);
	CHECK_EQ(sys(SYS_fcntl, fd, 1 /* F_GETFD */, 0), 1);
	CHECK_EQ(sys(SYS_fcntl, fd, 3 /* F_GETFL */, 0), O_RDWR | O_NONBLOCK);
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_MEM, 8), EINVAL);
	CHECK_ERR(sys(SYS_write, fd, SYSTEST_MEM, 8), EINVAL);
	CHECK_EQ(systest_events((int)fd), 0);
}

/* poll() sleeps until the child has ended; then the descriptor can be waited for, once. */
SYSTEST(pidfd_tells_the_end_of_a_child)
{
	struct child child;
	struct abi_pollfd p = { .events = POLLIN };

	CHECK(start_child(&child));
	p.fd = (int)sys(SYS_pidfd_open, child.process->pid, 0);
	CHECK_EQ(p.fd, 3);
	CHECK_EQ(sys(SYS_poll, systest_value(512, &p), 1, 10000), 1);
	CHECK_EQ(systest_events(p.fd), POLLIN);
	CHECK_EQ(sys(SYS_pidfd_send_signal, p.fd, SIGTERM, 0, 0), 0);
	CHECK_ERR(sys(SYS_pidfd_getfd, p.fd, 0, 0), EBADF);
	CHECK_EQ(sys(SYS_waitid, P_PIDFD, p.fd, INFO, WEXITED | WNOWAIT, 0), 0);
	CHECK_MEM(INFO + 24, ((int[1]){ 5 }), sizeof(int));
	CHECK_EQ(sys(SYS_waitid, P_PIDFD, p.fd, 0, WEXITED, 0), 0);
	CHECK_ERR(sys(SYS_waitid, P_PIDFD, p.fd, 0, WEXITED, 0), ECHILD);
	CHECK_ERR(sys(SYS_pidfd_send_signal, p.fd, 0, 0, 0), ESRCH);
	CHECK_ERR(sys(SYS_pidfd_send_signal, p.fd, 65, 0, 0), ESRCH);
	CHECK_ERR(sys(SYS_pidfd_getfd, p.fd, 0, 0), ESRCH);
	CHECK_EQ(systest_events(p.fd), POLLIN);
	finish_child(&child);
}

SYSTEST(pidfd_that_does_not_wait)
{
	struct process *child;
	long fd;

	CHECK_EQ(process_create("child", &child), 0);
	child->ppid = process_current()->pid;
	fd = sys(SYS_pidfd_open, child->pid, O_NONBLOCK);
	CHECK_ERR(sys(SYS_waitid, P_PIDFD, fd, 0, WEXITED, 0), EAGAIN);
	CHECK_EQ(sys(SYS_waitid, P_PIDFD, fd, INFO, WEXITED | WNOHANG, 0), 0);
	CHECK_ERR(sys(SYS_waitid, P_PIDFD, fd, SYSTEST_BAD, WEXITED | WNOHANG, 0), EFAULT);
	CHECK_ERR(sys(SYS_waitid, P_PIDFD, 0, 0, WEXITED, 0), EBADF);
	CHECK_ERR(sys(SYS_waitid, P_PIDFD, open_self(0), 0, WEXITED, 0), ECHILD);
	process_teardown(child, 0);
	process_put(child);
}

static user_ptr_t info(int signo, int code)
{
	struct abi_siginfo info = { .signo = signo, .code = code };

	return systest_value(0, &info);
}

SYSTEST(pidfd_send_signal_checks)
{
	struct process *other;
	long self = open_self(0), fd;
	struct signal_events events;

	CHECK_EQ(process_create("other", &other), 0);
	fd = sys(SYS_pidfd_open, other->pid, 0);
	CHECK_ERR(sys(SYS_pidfd_send_signal, fd, 0, 0, 1), EINVAL);
	CHECK_ERR(sys(SYS_pidfd_send_signal, fd, 65, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_pidfd_send_signal, fd, SIGUSR1, info(SIGUSR2, SI_QUEUE), 0), EINVAL);
	CHECK_ERR(sys(SYS_pidfd_send_signal, fd, SIGUSR1, info(SIGUSR1, SI_USER), 0), EPERM);
	CHECK_EQ(sys(SYS_pidfd_send_signal, fd, SIGCHLD, info(SIGCHLD, SI_QUEUE), 0), 0);
	CHECK_ERR(sys(SYS_pidfd_send_signal, 0, 0, 0, 0), EBADF);
	CHECK_ERR(sys(SYS_pidfd_send_signal, -1, 0, 0, 0), EBADF);
	CHECK_ERR(sys(SYS_pidfd_send_signal, fd, 0, SYSTEST_BAD, 0), EFAULT);
	CHECK_EQ(sys(SYS_rt_sigaction, SIGUSR1, systest_value(512, ((uint64_t[4]){ 0x400000 })), 0, 8), 0);
	CHECK_EQ(sys(SYS_pidfd_send_signal, self, SIGUSR1, info(SIGUSR1, SI_USER), 0), 0);
	signal_events(&events);
	CHECK_EQ(events.set, SIGNAL_BIT(SIGUSR1));
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_pidfd_send_signal, fd, 0, 0, 0), EPERM);
	CHECK_ERR(sys(SYS_pidfd_getfd, fd, 0, 0), EPERM);
	process_teardown(other, 0);
	process_put(other);
}

SYSTEST(pidfd_send_signal_to_a_full_queue)
{
	const uint64_t blocked = SIGNAL_BIT(REALTIME_SIGNAL);
	long self = open_self(0), err = 0;

	CHECK_EQ(sys(SYS_rt_sigprocmask, SIG_BLOCK, systest_value(512, &blocked), 0, 8), 0);
	for (int i = 0; i < 1000 && !err; i++)
		err = sys(SYS_pidfd_send_signal, self, REALTIME_SIGNAL, info(REALTIME_SIGNAL, SI_QUEUE), 0);
	CHECK_EQ(err, -EAGAIN);
}

SYSTEST(pidfd_getfd_takes_descriptors)
{
	const uint64_t limits[2] = { 6, 6 };
	struct process *other;
	long fd;

	CHECK_EQ(process_create("other", &other), 0);
	fd = sys(SYS_pidfd_open, other->pid, 0);
	CHECK_EQ(fd, 3);
	CHECK_ERR(sys(SYS_pidfd_getfd, fd, 0, 1), EINVAL);
	CHECK_ERR(sys(SYS_pidfd_getfd, 0, 0, 0), EBADF);
	CHECK_ERR(sys(SYS_pidfd_getfd, fd, 3, 0), EBADF);
	CHECK_EQ(sys(SYS_pidfd_getfd, fd, 1, 0), 4);
	CHECK_EQ(sys(SYS_fcntl, 4, 1 /* F_GETFD */, 0), 1);
	CHECK_EQ(sys(SYS_pidfd_getfd, open_self(0), 4, 0), 6);
	CHECK_EQ(sys(SYS_setrlimit, RLIMIT_NOFILE, systest_value(0, &limits)), 0);
	CHECK_ERR(sys(SYS_pidfd_getfd, fd, 1, 0), EMFILE);
	process_teardown(other, 0);
	process_put(other);
}
