/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine that saki-run starts with memory that is ours: a memfd. What the machine leaves in it is still there when
 * it has ended.
 */
#include "prof.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* It lies beside us. */
static int find_run(char path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (len < 0)
		return -1;
	path[len] = '\0';
	slash = strrchr(path, '/');
	return snprintf(slash + 1, (size_t)(path + PATH_MAX - slash - 1), "saki-run") < path + PATH_MAX - slash - 1
		       ? 0
		       : -1;
}

static void child(const char *run, int fd, char *const *args, pid_t parent)
{
	size_t count = 0;
	char number[16];
	char **words;

	while (args[count])
		count++;
	words = calloc(count + 4, sizeof(*words));
	if (!words)
		_exit(prof_fail(PROF_ENVIRONMENT, "no memory"));
	snprintf(number, sizeof(number), "%d", fd);
	words[0] = (char *)"saki-run";
	words[1] = (char *)"--memory-fd";
	words[2] = number;
	memcpy(words + 3, args, count * sizeof(*args));
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(PROF_ENVIRONMENT);
	fcntl(fd, F_SETFD, 0);
	execv(run, words);
	_exit(prof_fail(PROF_ENVIRONMENT, "%s: %s", run, strerror(errno)));
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return PROF_ENVIRONMENT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void map(int fd, struct machine_memory *memory)
{
	struct stat stat;
	void *bytes;

	if (fstat(fd, &stat) || !stat.st_size)
		return;
	bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return;
	memory->bytes = bytes;
	memory->size = (size_t)stat.st_size;
}

int machine_run(char *const *args, struct machine_memory *memory)
{
	pid_t pid, us = getpid();
	char run[PATH_MAX];
	int fd, status;

	*memory = (struct machine_memory){ NULL, 0 };
	if (find_run(run))
		return prof_fail(PROF_ENVIRONMENT, "saki-run is not to be found: %s", strerror(errno));
	fd = memfd_create("saki-prof", MFD_CLOEXEC);
	if (fd < 0)
		return prof_fail(PROF_ENVIRONMENT, "no memory file: %s", strerror(errno));
	/* Ctrl-C is for saki-run; we tell what there was until then. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	fflush(stdout);
	pid = fork();
	if (!pid)
		child(run, fd, args, us);
	status = pid < 0 ? prof_fail(PROF_ENVIRONMENT, "no process: %s", strerror(errno)) : wait_for(pid);
	map(fd, memory);
	close(fd);
	return status;
}
