/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Other programs that are run for their effect: make, and the catalogue's script.
 */
#include "run.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

int tool_run(char *const argv[])
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		dup2(2, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
