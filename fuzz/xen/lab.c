/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-xen on a machine that is no dom0: the program and an image go into the lab's dom0 (plat/xen/lab/lab.py), where
 * the same command line runs.
 */
#include "saki_xen.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PER_CLONE_MIB 4	/* what Xen keeps for one */
#define KERNEL_IN_DOM0 "/saki/saki.elf"

static int make_image(const char *root, const char *build, const char *preset)
{
	char preset_word[128], out[PATH_MAX];
	int status = -1;
	pid_t pid;

	if (getenv("SAKI_NO_BUILD"))
		return 0;
	snprintf(preset_word, sizeof(preset_word), "PRESET=%s", preset);
	snprintf(out, sizeof(out), "O=%s", build);
	pid = fork();
	if (!pid) {
		dup2(2, 1);
		execlp("make", "make", "-s", "-C", root, "image", "IMAGE=x86_64", preset_word, out, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Words of options are plain: nothing in them means something to a shell. */
static bool plain(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strspn(argv[i], "abcdefghijklmnopqrstuvwxyz0123456789_+-=.") != strlen(argv[i]))
			return false;
	return true;
}

int lab_run(const struct xen_options *options, int argc, char **argv)
{
	const char *root = getenv("SAKI_ROOT"), *build = getenv("SAKI_BUILD");
	char spare[16], tool[PATH_MAX], program[PATH_MAX], kernel[PATH_MAX],
		command[1024] = "/saki/saki-xen --kernel " KERNEL_IN_DOM0;
	size_t len = strlen(command);

	if (!root || !build || !plain(argc, argv)) {
		fprintf(stderr, "saki-xen: this machine is no dom0, and the lab is started by ./saki only\n");
		return EXIT_ENVIRONMENT;
	}
	if (make_image(root, build, options->preset)) {
		fprintf(stderr, "saki-xen: image x86_64 with preset %s could not be built\n", options->preset);
		return EXIT_ENVIRONMENT;
	}
	snprintf(tool, sizeof(tool), "%s/plat/xen/lab/lab.py", root);
	snprintf(program, sizeof(program), "%s/tools/saki-xen:/saki/saki-xen", build);
	snprintf(kernel, sizeof(kernel), "%s/x86_64-%s/saki.elf:" KERNEL_IN_DOM0, build, options->preset);
	for (int i = 1; i < argc && len < sizeof(command); i++)
		len += (size_t)snprintf(command + len, sizeof(command) - len, " %s", argv[i]);
	snprintf(spare, sizeof(spare), "%u", options->count * (options->memory_mib + PER_CLONE_MIB));
	execl(tool, tool, "run", "--spare", spare, "--program", program, "--file", kernel, command, (char *)NULL);
	fprintf(stderr, "saki-xen: %s: %s\n", tool, strerror(errno));
	return EXIT_ENVIRONMENT;
}
