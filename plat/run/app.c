/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs of the catalogue, harnesses/apps/: reads their recipes, which kernel/build/apps.py describes and makes
 * initrds of. Only where there is a tree.
 */
#include "app.h"

#include "run.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLANKS " \t\n"

/* One keyword's words, of which line holds what strtok_r() left. */
static void read_words(struct app *app, const char *keyword, char **line, const char *wanted)
{
	for (char *word; (word = strtok_r(NULL, BLANKS, line));) {
		if (!strcmp(keyword, "program") && !strcmp(app->name, wanted))
			snprintf(app->program, sizeof(app->program), "%s", word);
		else if (!strcmp(keyword, "also") && !strcmp(word, wanted))
			snprintf(app->program, sizeof(app->program), "/usr/bin/%s", word);
		else if (!strcmp(keyword, "memory"))
			snprintf(app->memory, sizeof(app->memory), "%s", word);
		else if (!strcmp(keyword, "env") && app->env_count < APP_ENV_MAX)
			snprintf(app->env[app->env_count++], sizeof(app->env[0]), "%s", word);
	}
}

/* True when the recipe has a program of that name. */
static int read_recipe(struct app *app, const char *path, const char *wanted)
{
	const char *end = strrchr(path, '/'), *start = memrchr(path, '/', (size_t)(end - path));
	FILE *file = fopen(path, "re");
	char line[1024], *rest;

	memset(app, 0, sizeof(*app));
	if (!file)
		return 0;
	snprintf(app->name, sizeof(app->name), "%.*s", (int)(end - start - 1), start + 1);
	while (fgets(line, sizeof(line), file)) {
		const char *keyword = strtok_r(line, BLANKS, &rest);

		if (keyword && *keyword != '#')
			read_words(app, keyword, &rest, wanted);
	}
	fclose(file);
	return app->program[0] != '\0';
}

/* A recipe of that very name goes before those that have the program too. */
static int find_recipe(struct app *app, const char *root, const char *wanted)
{
	char path[PATH_MAX];
	glob_t recipes;
	int found;

	if (strchr(wanted, '/') || !*wanted)
		return 0;
	snprintf(path, sizeof(path), "%s/harnesses/apps/%s/recipe", root, wanted);
	if (read_recipe(app, path, wanted))
		return 1;
	snprintf(path, sizeof(path), "%s/harnesses/apps/*/recipe", root);
	if (glob(path, 0, NULL, &recipes))
		return 0;
	found = 0;
	for (size_t i = 0; i < recipes.gl_pathc && !found; i++)
		found = read_recipe(app, recipes.gl_pathv[i], wanted);
	globfree(&recipes);
	return found;
}

/* The tool's status; what it says is for people. */
static int make_initrd(const char *root, const char *name)
{
	char tool[PATH_MAX], called[NAME_MAX + 1];

	snprintf(called, sizeof(called), "%s", name);
	snprintf(tool, sizeof(tool), "%s/kernel/build/apps.py", root);
	return tool_run((char *[]){ tool, called, NULL });
}

int app_find(struct app *app, const char *wanted)
{
	const char *root = getenv("SAKI_ROOT");
	char build[PATH_MAX];

	if (!root || !*root || !find_recipe(app, root, wanted)) {
		app->program[0] = '\0';
		return 0;
	}
	if (image_build_dir(build) ||
	    (size_t)snprintf(app->initrd, PATH_MAX, "%s/apps/%s/initrd", build, app->name) >= PATH_MAX ||
	    (size_t)snprintf(app->host, PATH_MAX, "%s/apps/%s/root%s", build, app->name, app->program) >= PATH_MAX)
		return run_fail(RUN_ENVIRONMENT, "cannot tell where the catalogue's programs are");
	if (!getenv("SAKI_NO_BUILD") && make_initrd(root, app->name))
		return run_fail(RUN_ENVIRONMENT,
				"%s of the catalogue cannot be made; a path, such as /usr/bin/%s, "
				"runs this machine's own",
				app->name, wanted);
	if (access(app->initrd, R_OK))
		return run_fail(RUN_ENVIRONMENT, "%s: %s; run: kernel/build/apps.py %s", app->initrd, strerror(errno),
				app->name);
	return 0;
}
