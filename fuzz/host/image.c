/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where images are, and building them: this program lies in <build>/tools/, images in <build>/<image>-<preset>/. make
 * decides whether an image is up to date; its output goes to stderr and is only shown when there is something to build.
 */
#include "machine.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const images[WORLDS] = { "host", "x86_64", "x86_64" };
static const char *const files[WORLDS] = { "saki.host", "saki.elf", "saki.elf" };

/* <build>: two levels above this program. */
static int build_dir(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (n < 0)
		return -1;
	path[n] = '\0';
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return -1;
		*slash = '\0';
	}
	return 0;
}

static bool preset_is_plain(const char *preset)
{
	return *preset && strspn(preset, "abcdefghijklmnopqrstuvwxyz0123456789_+-") == strlen(preset);
}

/* The source tree: the dispatcher says it; else the build folder lies in it. */
static void source_root(const char *build, char root[PATH_MAX])
{
	const char *env = getenv("SAKI_ROOT");
	char *slash;

	snprintf(root, PATH_MAX, "%s", env && *env ? env : build);
	slash = strrchr(root, '/');
	if (!(env && *env) && slash)
		*slash = '\0';
}

static int run_make(const char *build, enum world world, const char *preset)
{
	char root[PATH_MAX], image[64], preset_arg[128], out[PATH_MAX + 2];
	pid_t pid;
	int status;

	source_root(build, root);
	snprintf(image, sizeof(image), "IMAGE=%s", images[world]);
	snprintf(preset_arg, sizeof(preset_arg), "PRESET=%s", preset);
	snprintf(out, sizeof(out), "O=%s", build);
	pid = fork();
	if (!pid) {
		dup2(2, 1);
		execlp("make", "make", "-s", "-C", root, "image", image, preset_arg, out, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

char *image_path(enum world world, const char *preset, char *error)
{
	static char made[WORLDS][128];
	char build[PATH_MAX], *path;

	if (!preset_is_plain(preset) || strlen(preset) >= sizeof(made[0])) {
		snprintf(error, MACHINE_ERROR, "preset \"%.60s\": names are joined by '+', such as fuzz+planted",
			 preset);
		return NULL;
	}
	if (build_dir(build)) {
		snprintf(error, MACHINE_ERROR, "cannot tell where this program lies: %s", strerror(errno));
		return NULL;
	}
	if (strcmp(made[world], preset) && !getenv("SAKI_NO_BUILD") && run_make(build, world, preset)) {
		snprintf(error, MACHINE_ERROR, "image %s with preset %s could not be built", images[world], preset);
		return NULL;
	}
	snprintf(made[world], sizeof(made[world]), "%s", preset);
	if (asprintf(&path, "%s/%s-%s/%s", build, images[world], preset, files[world]) < 0)
		return NULL;
	if (access(path, R_OK)) {
		snprintf(error, MACHINE_ERROR, "no image %.200s: run make image IMAGE=%s PRESET=%s", path,
			 images[world], preset);
		free(path);
		return NULL;
	}
	return path;
}
