/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program that multiplies: fork and what the two share or do not, vfork, posix_spawn, execve, every way of waiting,
 * orphans, signals between processes, descriptors of them. Says the same on Saki as on Linux.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void say(const char *what, long value)
{
	printf("%s %ld\n", what, value);
	fflush(stdout);
}

/* The status of a child that runs fn. */
static int child_status(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(fn(arg));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static int write_private(void *arg)
{
	volatile char *page = arg;

	for (int i = 0; i < 64; i++)
		page[i * 4096] = 'c';
	return page[0] == 'c' && page[63 * 4096] == 'c' ? 7 : 1;
}

static void memory(void)
{
	char *private = mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared = mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int mine = 0;

	memset(private, 'p', 64 * 4096);
	say("child wrote its own copy", WEXITSTATUS(child_status(write_private, private)));
	for (int i = 0; i < 64; i++)
		mine += private[i * 4096] == 'p';
	say("pages still the parent's", mine);
	say("child wrote shared memory", WEXITSTATUS(child_status(write_private, shared)));
	for (int i = mine = 0; i < 64; i++)
		mine += shared[i * 4096] == 'c';
	say("pages seen by the parent", mine);
}

static int count_and_leave(void *arg)
{
	int *depth = arg;

	if (++*depth == 5)
		return 5;
	return WEXITSTATUS(child_status(count_and_leave, depth)) + 1;
}

static void status_of_children(void)
{
	int depth = 0, status;
	siginfo_t info;
	pid_t pid;

	say("five generations", WEXITSTATUS(child_status(count_and_leave, &depth)));
	say("depth here", depth);
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	say("not ended yet", waitpid(pid, &status, WNOHANG));
	kill(pid, SIGTERM);
	say("killed child is it", waitpid(pid, &status, 0) == pid);
	say("by signal", WIFSIGNALED(status) ? WTERMSIG(status) : -1);
	pid = fork();
	if (!pid)
		abort();
	waitpid(pid, &status, 0);
	say("aborted by", WTERMSIG(status));
	pid = fork();
	if (!pid)
		*(volatile int *)8 = 1;
	memset(&info, 0, sizeof(info));
	say("waitid", waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	say("code", info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED);
	say("status", info.si_status);
	say("still there", waitid(P_ALL, 0, &info, WEXITED));
	say("no more", waitpid(-1, &status, 0));
	say("ECHILD", errno == ECHILD);
}

static void stopping(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		raise(SIGSTOP);
		_exit(3);
	}
	waitpid(pid, &status, WUNTRACED);
	say("stopped by", WIFSTOPPED(status) ? WSTOPSIG(status) : -1);
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	say("continued to its exit", WEXITSTATUS(status));
}

static volatile sig_atomic_t children_seen;

static void on_child(int signo, siginfo_t *info, void *context)
{
	(void)context;
	children_seen += signo == SIGCHLD && info->si_pid > 0 && info->si_status == 9;
}

static void child_signal(void)
{
	struct sigaction action = { .sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART }, before;
	int status;

	sigaction(SIGCHLD, &action, &before);
	if (!fork())
		_exit(9);
	while (!children_seen)
		usleep(1000);
	say("SIGCHLD", children_seen);
	wait(&status);
	signal(SIGCHLD, SIG_IGN);
	if (!fork())
		_exit(9);
	say("ignored children leave nothing", wait(&status));
	sigaction(SIGCHLD, &before, NULL);
}

static void sharing(void)
{
	int fds[2], status;
	char buf[64];
	ssize_t n;

	if (pipe(fds))
		return;
	if (!fork()) {
		close(fds[0]);
		dprintf(fds[1], "from the child, whose parent is %s",
			getppid() > 1 || getppid() == 1 ? "there" : "gone");
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], buf, sizeof(buf) - 1);
	buf[n < 0 ? 0 : n] = '\0';
	puts(buf);
	say("end of pipe", read(fds[0], buf, 1));
	close(fds[0]);
	wait(&status);
}

static void others(const char *self)
{
	char *argv[] = { (char *)self, "exec", "one two", NULL };
	volatile int value = 1;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = vfork();
	if (!pid) {
		value = 2;
		_exit(4);
	}
	waitpid(pid, &status, 0);
	say("vfork's child shares memory", value);
	say("and its status", WEXITSTATUS(status));
	fflush(stdout);
	value = posix_spawn(&pid, self, NULL, NULL, argv, environ);
	waitpid(pid, &status, 0);
	say("posix_spawn", value);
	say("spawned", WEXITSTATUS(status));
	say("posix_spawn of nothing", posix_spawn(&pid, "/nosuch", NULL, NULL, argv, environ) == ENOENT);
	pid = fork();
	if (!pid) {
		execv(self, argv);
		_exit(99);
	}
	waitpid(pid, &status, 0);
	say("executed", WEXITSTATUS(status));
	say("system", WEXITSTATUS(system("exit 5")));
}

static void groups(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		setpgid(0, 0);
		if (!fork())
			for (;;)
				pause();
		for (;;)
			pause();
	}
	while (getpgid(pid) != pid)
		usleep(1000);
	usleep(20000);
	say("signal to a group", kill(-pid, SIGKILL));
	waitpid(pid, &status, 0);
	say("ended by", WTERMSIG(status));
}

/* A child by its descriptor, its memory from here, and a program that has a descriptor for a name. */
static void descriptors(const char *self)
{
	static char text[] = "before";
	char *argv[] = { (char *)(uintptr_t)self, "exec", "by descriptor", NULL };
	struct iovec here = { (char[8]){ "after" }, 7 }, there = { text, 7 };
	int fd = -1, status;
	siginfo_t info = { 0 };
	pid_t pid = (pid_t)syscall(SYS_clone, 0x1000 | SIGCHLD, 0, &fd, 0, 0); /* CLONE_PIDFD */
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (!pid)
		for (;;)
			pause();
	say("descriptor", fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	say("not yet", poll(&p, 1, 0));
	say("written", process_vm_writev(pid, &here, 1, &there, 1, 0));
	say("read", process_vm_readv(pid, &here, 1, &there, 1, 0));
	say("own is left", !strcmp(text, "before") && !strcmp(here.iov_base, "after"));
	say("same file", syscall(SYS_kcmp, getpid(), pid, 0, 1, 1));
	say("signal", syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0));
	say("readable", poll(&p, 1, -1) == 1 && p.revents == POLLIN);
	say("waited", !waitid(3 /* P_PIDFD */, (id_t)fd, &info, WEXITED) && info.si_status == SIGKILL);
	say("gone", syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) < 0 && errno == ESRCH);
	close(fd);
	fd = open(self, O_RDONLY | O_CLOEXEC);
	pid = fork();
	if (!pid) {
		fexecve(fd, argv, environ);
		_exit(99);
	}
	waitpid(pid, &status, 0);
	say("executed", WEXITSTATUS(status));
	close(fd);
}

int main(int argc, char **argv)
{
	struct rusage usage;

	if (argc > 1 && !strcmp(argv[1], "exec")) {
		printf("in the new program: %s\n", argv[2]);
		return 42;
	}
	memory();
	status_of_children();
	stopping();
	child_signal();
	sharing();
	groups();
	others((const char *)getauxval(AT_EXECFN));
	descriptors((const char *)getauxval(AT_EXECFN));
	say("children took time",
	    !getrusage(RUSAGE_CHILDREN, &usage) && usage.ru_utime.tv_usec + usage.ru_utime.tv_sec >= 0);
	return 0;
}
