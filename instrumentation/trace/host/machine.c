/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting a machine whose memory is ours too. See machine.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <plat/run/image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

#define ENVIRONMENT 123 /* saki-run's status for it */

static const int signals[MACHINE_SIGNALS] = { SIGINT, SIGTERM, SIGHUP };
static volatile sig_atomic_t child;

static void pass_on(int signal)
{
	if (child > 0)
		kill((pid_t)child, signal);
}

static void catch_signals(struct machine *machine)
{
	struct sigaction action = { .sa_handler = pass_on };

	for (size_t i = 0; i < MACHINE_SIGNALS; i++)
		sigaction(signals[i], &action, &machine->old[i]);
}

static void leave_signals(const struct machine *machine)
{
	for (size_t i = 0; i < MACHINE_SIGNALS; i++)
		sigaction(signals[i], &machine->old[i], NULL);
}

/* saki-run's command line; NULL without memory. */
static char **command(char *saki_run, char *memory, const char *const *options, size_t count, char *const *arguments)
{
	char *const ours[] = { saki_run, (char *)"--memory-fd", memory };
	size_t n = sizeof(ours) / sizeof(ours[0]), more = 0;
	char **argv;

	while (arguments[more])
		more++;
	argv = calloc(n + count + more + 1, sizeof(*argv));
	if (!argv)
		return NULL;
	memcpy(argv, ours, sizeof(ours));
	if (count)
		memcpy(argv + n, options, count * sizeof(*argv));
	memcpy(argv + n + count, arguments, more * sizeof(*argv));
	return argv;
}

static void run(const struct machine *machine, char **argv, pid_t parent)
{
	for (size_t i = 0; i < MACHINE_SIGNALS; i++)
		signal(signals[i], SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == parent) {
		fcntl(machine->memory_fd, F_SETFD, 0);
		if (machine->records_fd >= 0)
			fcntl(machine->records_fd, F_SETFD, 0);
		execv(argv[0], argv);
		run_fail(ENVIRONMENT, "%s: %s", argv[0], strerror(errno));
	}
	_exit(ENVIRONMENT);
}

int64_t machine_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int machine_start(struct machine *machine, const char *const *options, size_t count, char *const *arguments,
		  int records_fd)
{
	char folder[PATH_MAX], path[PATH_MAX], memory[16], **argv = NULL;
	pid_t parent = getpid();

	machine->records_fd = records_fd;
	machine->memory_fd = memfd_create("saki-memory", MFD_CLOEXEC);
	snprintf(memory, sizeof(memory), "%d", machine->memory_fd);
	if (machine->memory_fd >= 0 && !image_build_dir(folder) &&
	    (size_t)snprintf(path, sizeof(path), "%s/tools/saki-run", folder) < sizeof(path))
		argv = command(path, memory, options, count, arguments);
	fflush(stdout);
	catch_signals(machine);
	machine->start_ns = machine_now_ns();
	machine->pid = argv ? fork() : -1;
	if (!machine->pid)
		run(machine, argv, parent);
	child = machine->pid;
	free(argv);
	if (machine->pid > 0)
		return 0;
	run_fail(ENVIRONMENT, "saki-run cannot be started: %s", strerror(errno));
	leave_signals(machine);
	machine_close(machine);
	return -1;
}

bool machine_has_ended(const struct machine *machine)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)machine->pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

int machine_wait(struct machine *machine)
{
	int status = 0;
	pid_t ended;

	do
		ended = waitpid(machine->pid, &status, 0);
	while (ended < 0 && errno == EINTR);
	child = 0;
	leave_signals(machine);
	if (ended < 0)
		return ENVIRONMENT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void machine_close(struct machine *machine)
{
	if (machine->memory_fd >= 0)
		close(machine->memory_fd);
	machine->memory_fd = -1;
}
