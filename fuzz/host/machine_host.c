/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host world's machine: saki.host, a process that holds the kernel. It ends with this process.
 */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define CHILD_MEMORY_FD 3
#define WORDS_MAX 8	/* of options.append */

static void exec_machine(struct machine *machine, int log_fd, pid_t parent)
{
	char harness[64], memory[32], *rest = machine->options.append ? strdup(machine->options.append) : NULL;
	char *argv[16 + WORDS_MAX];
	int n = 0, null = open("/dev/null", O_RDWR);

	snprintf(harness, sizeof(harness), "harness=%s", machine->options.harness);
	snprintf(memory, sizeof(memory), "%zu", machine->memory_size);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* log_fd is read by us without blocking; the machine's own end may block. */
	fcntl(log_fd, F_SETFL, 0);
	if (getppid() != parent || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log_fd, 2) < 0 ||
	    dup2(machine->memory_fd, CHILD_MEMORY_FD) < 0)
		_exit(123);
	fcntl(CHILD_MEMORY_FD, F_SETFD, 0);
	argv[n++] = machine->image;
	argv[n++] = "--memory-fd";
	argv[n++] = "3";
	argv[n++] = "--memory";
	argv[n++] = memory;
	argv[n++] = "--";
	argv[n++] = harness;
	/* Each by itself: a space in a word is one that the kernel sees in it. */
	for (int words = 0; rest && words < WORDS_MAX; words++)
		argv[n++] = strsep(&rest, " ");
	if (rest) {
		dprintf(2, "more than %d words for the kernel\n", WORDS_MAX);
		_exit(123);
	}
	argv[n] = NULL;
	execv(machine->image, argv);
	dprintf(2, "%s: %s\n", machine->image, strerror(errno));
	_exit(123);
}

pid_t machine_spawn_host(struct machine *machine, int log_fd, char *error)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid)
		exec_machine(machine, log_fd, parent);
	if (pid < 0)
		snprintf(error, MACHINE_ERROR, "cannot start %s: %s", machine->image, strerror(errno));
	return pid;
}
