/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki fuzz list": the harnesses of the host image, as it tells them itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"

int cmd_list(struct options *options)
{
	char error[MACHINE_ERROR], *image;
	int status;
	pid_t pid;

	options->campaign.world = WORLD_HOST;
	image = image_path(WORLD_HOST, options_preset(options, true), error);
	if (!image)
		return fprintf(stderr, "saki-fuzz: %s\n", error), EXIT_ENVIRONMENT;
	pid = fork();
	if (!pid) {
		execl(image, image, "--", "harness=list", (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
		return fprintf(stderr, "saki-fuzz: %s cannot tell its harnesses\n", image), EXIT_ENVIRONMENT;
	return EXIT_DONE;
}
