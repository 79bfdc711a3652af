/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki prof speedscope: the JSON of speedscope (its file-format-spec: type "sampled"), a profile a thread; with --open
 * a page that shows it in the web application, without a network.
 */
#include <fuzz/host/json.h>
#include "prof.h"
#include "tally.h"
#include "view.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void put_frames(struct json *json, const struct profile *p)
{
	json_open(json, "shared", '{');
	json_open(json, "frames", '[');
	for (size_t i = 0; i < p->function_count; i++) {
		json_open(json, NULL, '{');
		json_string(json, "name", profile_text(p, p->functions[i].name));
		json_string(json, "file", profile_text(p, p->objects[p->functions[i].object].path));
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

static bool is_of(const struct profile_sample *s, uint32_t event, const struct tally_thread *thread)
{
	return s->event == event && s->value && s->pid == thread->pid && s->tid == thread->tid &&
	       s->comm == thread->comm;
}

static void put_thread(struct json *json, const struct view *view, const struct tally_thread *thread)
{
	const struct profile *p = view->profiles[0];
	static const char *const units[] = { "none", "nanoseconds", "bytes" };
	char name[128];
	uint64_t end = 0;

	snprintf(name, sizeof(name), "%.80s %" PRIu32, profile_text(p, thread->comm), thread->tid);
	json_open(json, NULL, '{');
	json_string(json, "type", "sampled");
	json_string(json, "name", name);
	json_string(json, "unit", units[p->events[view->event].unit]);
	json_open(json, "samples", '[');
	for (size_t i = 0; i < p->sample_count; i++) {
		const struct profile_sample *s = &p->samples[i];

		if (!is_of(s, view->event, thread))
			continue;
		json_open(json, NULL, '[');
		for (uint32_t at = s->depth; at > 0; at--)
			json_number(json, NULL, p->places[p->chain[s->chain + at - 1]].function);
		json_close(json, ']');
		end += s->value;
	}
	json_close(json, ']');
	json_open(json, "weights", '[');
	for (size_t i = 0; i < p->sample_count; i++)
		if (is_of(&p->samples[i], view->event, thread))
			json_number(json, NULL, p->samples[i].value);
	json_close(json, ']');
	json_number(json, "startValue", 0);
	json_number(json, "endValue", end);
	json_close(json, '}');
}

static void put_all(FILE *out, const struct view *view)
{
	struct json json = { .out = out };
	struct tally tally;

	tally_make(&tally, view->profiles[0], view->event);
	json_open(&json, NULL, '{');
	json_string(&json, "$schema", "https://www.speedscope.app/file-format-schema.json");
	json_string(&json, "exporter", "saki prof");
	json_string(&json, "name", view->files[0]);
	json_number(&json, "activeProfileIndex", 0);
	put_frames(&json, view->profiles[0]);
	json_open(&json, "profiles", '[');
	for (size_t i = 0; i < tally.thread_count; i++)
		put_thread(&json, view, &tally.thread_names[tally.threads[i].id]);
	json_close(&json, ']');
	json_close(&json, '}');
	fputc('\n', out);
	tally_free(&tally);
}

/* ---- the page ---- */

#define SPEEDSCOPE "speedscope@1.25.0"

/* The application is an npm package, put into what is built the first time. @return 0 or an exit status */
static int application_get(char index[PATH_MAX])
{
	const char *build = getenv("SAKI_BUILD");
	char folder[PATH_MAX];
	int wait_status;
	pid_t pid;

	if (!build)
		return run_fail(EXIT_ENVIRONMENT, "--open: start it as saki prof, which says where things are built");
	snprintf(folder, sizeof(folder), "%.3900s/npm", build);
	snprintf(index, PATH_MAX, "%.4000s/node_modules/speedscope/dist/release/index.html", folder);
	if (!access(index, R_OK))
		return 0;
	run_fail(0, "installing " SPEEDSCOPE " into %s", folder);
	pid = fork();
	if (!pid) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execlp("npm", "npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix",
		       folder, SPEEDSCOPE, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &wait_status, 0) < 0)
		return run_fail(EXIT_ENVIRONMENT, "npm: %s", strerror(errno));
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 127)
		return run_fail(EXIT_ENVIRONMENT, "no npm: apt-get install npm");
	if (wait_status || access(index, R_OK))
		return run_fail(EXIT_ENVIRONMENT, "npm could not install " SPEEDSCOPE);
	return 0;
}

static void put_base64(FILE *out, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		uint32_t three = (uint32_t)bytes[i] << 16;

		if (i + 1 < size)
			three |= (uint32_t)bytes[i + 1] << 8;
		if (i + 2 < size)
			three |= bytes[i + 2];
		fputc(digits[three >> 18], out);
		fputc(digits[three >> 12 & 63], out);
		fputc(i + 1 < size ? digits[three >> 6 & 63] : '=', out);
		fputc(i + 2 < size ? digits[three & 63] : '=', out);
	}
}

/* FILE.html leads to the application, which loads FILE.js, which has the profile. */
static int page_write(const struct view *view, const uint8_t *text, size_t size)
{
	char index[PATH_MAX], name[PATH_MAX], full[PATH_MAX];
	int status = application_get(index);
	FILE *out;

	if (status)
		return status;
	snprintf(name, sizeof(name), "%.4000s.js", view->out);
	out = fopen(name, "we");
	if (!out || !realpath(name, full))
		return run_fail(EXIT_ENVIRONMENT, "%s: %s", name, strerror(errno));
	fputs("speedscope.loadFileFromBase64(\"profile.speedscope.json\", \"", out);
	put_base64(out, text, size);
	fputs("\")\n", out);
	if (fclose(out))
		return run_fail(EXIT_ENVIRONMENT, "%s: %s", name, strerror(errno));
	snprintf(name, sizeof(name), "%.4000s.html", view->out);
	out = fopen(name, "we");
	if (!out)
		return run_fail(EXIT_ENVIRONMENT, "%s: %s", name, strerror(errno));
	fprintf(out, "<!doctype html><script>location = \"file://%s#localProfilePath=%s\"</script>\n", index, full);
	if (fclose(out))
		return run_fail(EXIT_ENVIRONMENT, "%s: %s", name, strerror(errno));
	run_fail(0, "wrote %s, a page for a browser of this machine", name);
	if (getenv("DISPLAY") || getenv("WAYLAND_DISPLAY")) {
		execlp("xdg-open", "xdg-open", name, (char *)NULL);
		run_fail(0, "no xdg-open: open it by hand");
	}
	return EXIT_DONE;
}

int cmd_speedscope(int argc, char **argv)
{
	struct view view;
	char *text = NULL;
	size_t size = 0;
	int status = view_open(&view, argc, argv, 1, VIEW_OUT | VIEW_OPEN | VIEW_WAKERS);
	FILE *memory, *out;

	if (status >= 0)
		return status;
	if (view.open && !view.out)
		view.out = "profile.speedscope.json";
	memory = open_memstream(&text, &size);
	if (memory) {
		put_all(memory, &view);
		fclose(memory);
	}
	out = text ? view_out(&view) : NULL;
	status = EXIT_ENVIRONMENT;
	if (out) {
		fwrite(text, 1, size, out);
		status = view_finish(&view, out);
	}
	if (!status && view.open)
		status = page_write(&view, (const uint8_t *)text, size);
	free(text);
	view_close(&view);
	return status;
}
