/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the image is. The dispatcher says where the tree and what was built from it are; without it this program lies
 * in <build>/tools/. make decides whether an image is up to date.
 */
#include "run.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int image_build_dir(char path[PATH_MAX])
{
	const char *env = getenv("SAKI_BUILD");
	ssize_t n;

	if (env && *env)
		return (size_t)snprintf(path, PATH_MAX, "%s", env) >= PATH_MAX;
	n = readlink("/proc/self/exe", path, PATH_MAX - 1);
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

/* make's status; its output is all for people. */
static int make_image(const char *root, const char *preset)
{
	char preset_arg[128], folder[PATH_MAX];

	snprintf(preset_arg, sizeof(preset_arg), "PRESET=%s", preset);
	snprintf(folder, sizeof(folder), "%s", root);
	return tool_run((char *[]){ "make", "-s", "-C", folder, "image", "IMAGE=x86_64", preset_arg, NULL });
}

int image_tool(const char *target, const char *file, char path[PATH_MAX])
{
	const char *root = getenv("SAKI_ROOT");
	char build[PATH_MAX], folder[PATH_MAX], word[64];

	if (root && *root && !getenv("SAKI_NO_BUILD")) {
		snprintf(folder, sizeof(folder), "%s", root);
		snprintf(word, sizeof(word), "%s", target);
		if (tool_run((char *[]){ "make", "-s", "-C", folder, word, NULL }))
			return run_fail(-1, "%s cannot be built; see: make %s", file, target);
	}
	if (image_build_dir(build) || (size_t)snprintf(path, PATH_MAX, "%s/tools/%s", build, file) >= PATH_MAX)
		return run_fail(-1, "cannot tell where the programs are: %s", strerror(errno));
	if (access(path, R_OK))
		return run_fail(-1, "%s: %s; run: make %s", path, strerror(errno), target);
	return 0;
}

char *image_path(const char *preset)
{
	const char *root = getenv("SAKI_ROOT");
	char build[PATH_MAX], *path;

	if (!*preset || strlen(preset) > 64 || preset[strspn(preset, "abcdefghijklmnopqrstuvwxyz0123456789_+-")]) {
		run_fail(0, "preset \"%.64s\": names are joined by '+', such as fuzz+planted", preset);
		return NULL;
	}
	if (root && *root && !getenv("SAKI_NO_BUILD") && make_image(root, preset)) {
		run_fail(0, "the image with preset %s cannot be built; see: make image IMAGE=x86_64 PRESET=%s", preset,
			 preset);
		return NULL;
	}
	if (image_build_dir(build) || asprintf(&path, "%s/x86_64-%s/saki.elf", build, preset) < 0) {
		run_fail(0, "cannot tell where the images are: %s", strerror(errno));
		return NULL;
	}
	if (access(path, R_OK)) {
		run_fail(0, "%s: %s; run: make image IMAGE=x86_64 PRESET=%s", path, strerror(errno), preset);
		free(path);
		return NULL;
	}
	return path;
}
