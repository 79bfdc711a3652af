/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals that end everything, and other programs that are run and ended by them: see signals.h.
 */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_MOMENTS 250 /* five seconds */

/* One that came is not forgotten by whoever waits in several places. */
static bool interrupted_once;

static void set_of_signals(sigset_t *set)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
}

void signals_block(void)
{
	sigset_t set;

	set_of_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int signals_open(void)
{
	sigset_t set;

	set_of_signals(&set);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool signals_read(int fd)
{
	struct signalfd_siginfo info;
	bool end = false;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		end |= info.ssi_signo != SIGCHLD;
	return end;
}

/* ---- tools ---- */

static void tool_child(char *const argv[], pid_t parent, int out, int err)
{
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	if (getppid() == parent)
		execvp(argv[0], argv);
	_exit(127);
}

static int tool_start_with(struct tool *tool, char *const argv[], int out, int err)
{
	pid_t parent = getpid();

	fflush(stdout);
	tool->pid = fork();
	if (!tool->pid)
		tool_child(argv, parent, out, err);
	return tool->pid > 0 ? 0 : -1;
}

/* What the tool has started in its turn takes a moment to end; nothing is left after that. */
static void group_wait(pid_t group)
{
	const struct timespec moment = { .tv_nsec = 20000000 };

	for (int i = 0; !kill(-group, i < GRACE_MOMENTS ? 0 : SIGKILL); i++)
		nanosleep(&moment, NULL);
}

static int tool_run_with(char *const argv[], int out, int err)
{
	int signal_fd = signals_open(), status = 0;
	bool interrupted = false;
	struct tool tool;

	if (signal_fd < 0)
		return -1;
	if (tool_start_with(&tool, argv, out, err)) {
		close(signal_fd);
		return -1;
	}
	while (!waitpid(tool.pid, &status, WNOHANG)) {
		struct pollfd fd = { .fd = signal_fd, .events = POLLIN };

		poll(&fd, 1, -1);
		if (signals_read(signal_fd) && !interrupted) {
			interrupted = true;
			kill(-tool.pid, SIGTERM);
		}
	}
	close(signal_fd);
	if (interrupted) {
		group_wait(tool.pid);
		return INTERRUPTED;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int tool_wait(char *const argv[])
{
	return tool_run_with(argv, STDERR_FILENO, STDERR_FILENO);
}

int tool_output(char *const argv[], int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int status = null < 0 ? -1 : tool_run_with(argv, fd < 0 ? null : fd, null);

	if (null >= 0)
		close(null);
	return status;
}

int tool_start(struct tool *tool, char *const argv[])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int status = null < 0 ? -1 : tool_start_with(tool, argv, null, null);

	if (null >= 0)
		close(null);
	return status;
}

bool tool_is_alive(const struct tool *tool)
{
	siginfo_t info = { .si_pid = 0 };

	return !waitid(P_PID, (id_t)tool->pid, &info, WEXITED | WNOHANG | WNOWAIT) && !info.si_pid;
}

void tool_end(struct tool *tool)
{
	kill(-tool->pid, SIGTERM);
	while (waitpid(tool->pid, NULL, 0) < 0 && errno == EINTR)
		;
	group_wait(tool->pid);
}

bool signals_pause(int ms)
{
	int fd = signals_open();
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	bool end;

	if (fd < 0)
		return true;
	poll(&wait, 1, ms);
	end = signals_read(fd);
	close(fd);
	interrupted_once |= end;
	return interrupted_once;
}
