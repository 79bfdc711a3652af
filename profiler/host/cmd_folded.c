/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki prof folded, flame and diff: folded stacks, and the pictures that Debian's flamegraph.pl makes of them.
 */
#include "prof.h"
#include "folded.h"
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int cmd_folded(int argc, char **argv)
{
	struct view view;
	struct folded folded;
	int status = view_open(&view, argc, argv, 1, VIEW_OUT | VIEW_WAKERS);
	FILE *out;

	if (status >= 0)
		return status;
	status = EXIT_ENVIRONMENT;
	folded_make(&folded, view.profiles[0], view.event);
	out = view_out(&view);
	if (out) {
		folded_write(&folded, out);
		status = view_finish(&view, out);
	}
	folded_free(&folded);
	view_close(&view);
	return status;
}

/* ---- pictures ---- */

/* Debian has it in libdevel-nytprof-perl, where $PATH does not lead. NULL: nowhere. */
static const char *find_flamegraph(void)
{
	static const char *const places[] = { "/usr/share/perl5/Devel/NYTProf/flamegraph.pl",
					      "/usr/bin/flamegraph.pl", "/usr/local/bin/flamegraph.pl" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!access(places[i], R_OK))
			return places[i];
	return NULL;
}

/* What waits is blue, memory is green, what runs is warm. */
static const char *colours(const char *event)
{
	if (!strcmp(event, "offcpu") || !strcmp(event, "syscall"))
		return "--colors=io";
	if (strstr(event, "_wait"))
		return "--colors=purple";
	return !strcmp(event, "alloc") || !strcmp(event, "fault") ? "--colors=mem" : "--colors=hot";
}

/* Starts it with stacks as its input and the picture as its output. */
static pid_t start(struct view *view, FILE *stacks, FILE *out, const char *title)
{
	const char *event = profile_text(view->profiles[0], view->profiles[0]->events[view->event].name);
	const char *script = find_flamegraph();
	char count[32], head[256];
	pid_t pid;

	snprintf(count, sizeof(count), "--countname=%s", view_unit(view));
	snprintf(head, sizeof(head), "--title=%.240s", title);
	fflush(NULL);
	if (fseek(stacks, 0, SEEK_SET))
		return -1;
	pid = fork();
	if (pid)
		return pid;
	dup2(fileno(stacks), STDIN_FILENO);
	dup2(fileno(out), STDOUT_FILENO);
	/* What is read from standard input has been written through another descriptor of the same file. */
	lseek(STDIN_FILENO, 0, SEEK_SET);
	execlp("perl", "perl", script, "--hash", colours(event), count, head, (char *)NULL);
	_exit(127);
}

static int draw(struct view *view, FILE *stacks, const char *title)
{
	FILE *out;
	pid_t pid;
	int wait_status, status;

	if (!find_flamegraph())
		return run_fail(EXIT_ENVIRONMENT, "no flamegraph.pl: apt-get install libdevel-nytprof-perl");
	if (!ftell(stacks))
		return run_fail(EXIT_NOTHING, "%s: no samples of that event", view->files[0]);
	out = view_out(view);
	if (!out)
		return EXIT_ENVIRONMENT;
	pid = start(view, stacks, out, title);
	if (pid < 0 || waitpid(pid, &wait_status, 0) < 0)
		wait_status = -1;
	status = view_finish(view, out);
	return wait_status ? run_fail(EXIT_ENVIRONMENT, "flamegraph.pl failed") : status;
}

static const char *event_title(const struct view *view, char *buf, size_t size, const char *rest)
{
	const struct profile *p = view->profiles[0];

	snprintf(buf, size, "%s%s, %s%s", profile_text(p, p->events[view->event].name),
		 view->live ? " (not given back)" : "", view->files[0], rest);
	return buf;
}

int cmd_flame(int argc, char **argv)
{
	struct view view;
	struct folded folded;
	char title[512];
	int status = view_open(&view, argc, argv, 1, VIEW_OUT | VIEW_WAKERS);
	FILE *stacks;

	if (status >= 0)
		return status;
	folded_make(&folded, view.profiles[0], view.event);
	stacks = tmpfile();
	status = stacks && !folded_write(&folded, stacks)
			 ? draw(&view, stacks, event_title(&view, title, sizeof(title), ""))
			 : run_fail(EXIT_ENVIRONMENT, "no temporary file: %s", strerror(errno));
	if (stacks)
		fclose(stacks);
	folded_free(&folded);
	view_close(&view);
	return status;
}

static bool is_text(const char *out)
{
	size_t length = out ? strlen(out) : 0;

	return length > 7 && !strcmp(out + length - 7, ".folded");
}

/* With -o X.folded what the picture is made of. */
int cmd_diff(int argc, char **argv)
{
	struct view view;
	struct folded before, after;
	char title[512], rest[256];
	int status = view_open(&view, argc, argv, 2, VIEW_OUT | VIEW_WAKERS);
	FILE *stacks;

	if (status >= 0)
		return status;
	folded_make(&before, view.profiles[0], view.events[0]);
	folded_make(&after, view.profiles[1], view.events[1]);
	stacks = is_text(view.out) ? view_out(&view) : tmpfile();
	snprintf(rest, sizeof(rest), " to %.200s: red has grown, blue has shrunk", view.files[1]);
	status = EXIT_ENVIRONMENT;
	if (!stacks)
		run_fail(0, "no file for the stacks: %s", strerror(errno));
	else if (folded_write_both(&before, &after, stacks))
		run_fail(0, "cannot write the stacks: %s", strerror(errno));
	else
		status = is_text(view.out) ? EXIT_DONE
					   : draw(&view, stacks, event_title(&view, title, sizeof(title), rest));
	if (stacks && fclose(stacks))
		status = run_fail(EXIT_ENVIRONMENT, "cannot write the stacks: %s", strerror(errno));
	folded_free(&before);
	folded_free(&after);
	view_close(&view);
	return status;
}
