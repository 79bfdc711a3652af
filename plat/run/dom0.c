/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dom0 that this machine may be: finding that out, and starting saki-domain in it.
 */
#include "lab.h"

#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CAPABILITIES "/proc/xen/capabilities"
#define STATUS_FD 3 /* saki-domain's */
#define RECORDS_FD 4
#define FD_FREE 5

int dom0_is_here(void)
{
	FILE *f = fopen(CAPABILITIES, "re");
	char line[64] = "";

	if (!f)
		return 0;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return strstr(line, "control_d") != NULL;
}

static void child(const struct qemu_options *o, char *const argv[])
{
	/* Out of the way of the numbers that are given here. */
	int records_fd = o->records_fd < 0 ? -1 : fcntl(o->records_fd, F_DUPFD_CLOEXEC, FD_FREE);
	sigset_t none;

	setpgid(0, 0);
	dup2(o->console_in_fd, STDIN_FILENO);
	dup2(o->console_out_fd, STDOUT_FILENO);
	dup2(o->log_fd, STDERR_FILENO);
	dup2(o->debug_fd, STATUS_FD);
	if (records_fd >= 0)
		dup2(records_fd, RECORDS_FD);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(argv[0], argv);
	_exit(127);
}

/* Files that have no name are reached by ours: we live longer than who reads them. */
pid_t dom0_start(const struct qemu_options *o, char *error)
{
	char build[PATH_MAX], program[PATH_MAX + 32], line[64], initrd[64], memory[32], disk[PATH_MAX + 64];
	char reader[PATH_MAX + 32];
	int fd = memfd_create("line", MFD_CLOEXEC);
	char *all[] = { program, (char *)"--records", reader, (char *)(o->outside ?: ""), (char *)o->kernel,
			line,    initrd,	      memory, o->disk ? disk : NULL,	     NULL };
	char **argv = o->records_fd >= 0 ? all : all + 3;
	size_t len = strlen(o->command_line);
	pid_t pid;

	if (fd < 0 || write(fd, o->command_line, len) != (ssize_t)len || image_build_dir(build)) {
		snprintf(error, QEMU_ERROR, "no command line for the domain: %s", strerror(errno));
		return -1;
	}
	snprintf(program, sizeof(program), "%s/tools/saki-domain", build);
	snprintf(reader, sizeof(reader), "%s/tools/%s", build, o->outside ? "saki-outside" : "saki-rings");
	if (o->records_fd >= 0 && access(reader, X_OK)) {
		snprintf(error, QEMU_ERROR, "%.180s: %s; it is built where Xen's libraries are", reader,
			 strerror(errno));
		return -1;
	}
	argv[0] = program;
	snprintf(line, sizeof(line), "/proc/%d/fd/%d", getpid(), fd);
	snprintf(initrd, sizeof(initrd), "/proc/%d/fd/%d", getpid(), o->initrd_fd);
	snprintf(memory, sizeof(memory), "%llu", (unsigned long long)(o->memory_bytes >> 20));
	snprintf(disk, sizeof(disk), "disk=['vdev=xvda,format=raw,access=%s,target=%s']",
		 o->disk_read_only ? "ro" : "rw", o->disk ?: "");
	pid = fork();
	if (!pid)
		child(o, argv);
	if (pid < 0)
		snprintf(error, QEMU_ERROR, "%s cannot be started: %s", program, strerror(errno));
	return pid;
}
