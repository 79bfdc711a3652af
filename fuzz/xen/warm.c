/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "saki xen clone PROGRAM" and "saki xen bench PROGRAM": a server that is cloned when it is ready to serve.
 */
#include "saki_xen.h"
#include "server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOOTS 3
#define LOOK_MS 50

static struct server_clone clones[CLONES_MAX];
static unsigned clone_count;

static struct server *open_server(const struct xen_options *options, char *error)
{
	char *slash = strrchr(*options->program, '/');
	struct server_options wanted = { .folder = options->folder,
					 .name = slash ? slash + 1 : *options->program,
					 .bridge = options->bridge,
					 .address = options->address,
					 .bits = options->bits,
					 .port = options->port,
					 .memory_mib = options->memory_mib,
					 .verbose = options->verbose,
					 .interrupted = &interrupted };

	return server_open(&wanted, error);
}

static void add(struct row *row, double ms)
{
	if (row->count < ROW_MAX)
		row->ms[row->count++] = ms;
}

static uint64_t free_kib(struct cloner *cloner)
{
	xc_physinfo_t info;

	return xc_physinfo(cloner->xc, &info) ? 0 : info.free_pages * (PAGE / 1024);
}

/* ---- clone ---- */

static void show_parent(const struct xen_options *options, struct server *server)
{
	struct cloner *cloner = server_cloner(server);
	size_t all = cloner->page_count * (PAGE / 1024), copied = cloner->written_count * (PAGE / 1024);

	if (options->json)
		printf("{\"ready_ms\":%.3f,\"memory_kib\":%zu,\"not_blank_kib\":%zu,\"clones\":[",
		       server_ready_ms(server), all, copied);
	else
		printf("%s: domain %u, ready after %.0f ms, %zu KiB, of which %zu KiB are not blank\n",
		       *options->program, cloner->domain, server_ready_ms(server), all, copied);
}

static void show_clone(const struct xen_options *options, const struct server_clone *clone, bool first)
{
	char address[STORE_ADDRESS];

	server_address(clone, address);
	if (options->json)
		printf("%s{\"domain\":%u,\"name\":\"%s\",\"address\":\"%s\",\"mac\":\"%s\",\"ms\":%.3f,"
		       "\"answers_ms\":%.3f}",
		       first ? "" : ",", clone->who.domain, clone->who.name, address, clone->who.mac, clone->made_ms,
		       clone->answers_ms);
	else
		printf("domain %u: %s at %s (%s), cloned in %.1f ms", clone->who.domain, clone->who.name, address,
		       clone->who.mac, clone->made_ms);
	if (!options->json && options->port)
		printf(", answers %.1f ms later", clone->answers_ms);
	if (!options->json)
		putchar('\n');
}

static int make_clones(const struct xen_options *options, struct server *server, char *error)
{
	uint64_t before = free_kib(server_cloner(server)), after;
	int err = 0;

	show_parent(options, server);
	while (!err && clone_count < options->count && !interrupted) {
		struct server_clone *clone = &clones[clone_count++];

		err = server_clone(server, clone, error);
		if (!err)
			show_clone(options, clone, clone_count == 1);
		server_drain(server, clones, clone_count);
	}
	if (err || interrupted)
		return err;
	after = free_kib(server_cloner(server));
	if (options->json)
		printf("],\"xen_kib_per_clone\":%llu}\n", (unsigned long long)(before - after) / clone_count);
	else
		printf("each takes %llu KiB of Xen's memory\n", (unsigned long long)(before - after) / clone_count);
	return 0;
}

/* Somebody else may end a clone, and its server may end itself. */
static void look_at_clones(struct server *server)
{
	for (unsigned i = 0; i < clone_count; i++) {
		if (!clones[i].clone || clone_alive(clones[i].clone))
			continue;
		/* As long as its memory is mapped here it does not quite go. */
		server_clone_end(&clones[i]);
		fprintf(stderr, "saki-xen: domain %u has ended%s%s\n", clones[i].who.domain,
			*clones[i].console.last ? ": " : "", clones[i].console.last);
	}
	server_drain(server, clones, clone_count);
}

/* Until the command has ended, if it is one, or the time is over. 0, -1: xenstore is gone. */
static int keep(const struct xen_options *options, struct server *server, pid_t command, int *status)
{
	double end = wait_now_ms() + options->seconds * 1e3;

	while (!interrupted) {
		if (command && waitpid(command, status, WNOHANG) == command)
			command = 0;
		if (!command && wait_now_ms() >= end)
			break;
		look_at_clones(server);
		if (!server_is_known(server))
			return -1;
		usleep(LOOK_MS * 1000);
	}
	if (command)
		kill(-command, SIGTERM);
	return 0;
}

/* With the clones' addresses in $CLONES. */
static pid_t start_command(const char *command)
{
	char list[CLONES_MAX * 17] = "", address[STORE_ADDRESS];
	size_t len = 0;
	pid_t pid;

	for (unsigned i = 0; i < clone_count; i++) {
		server_address(&clones[i], address);
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? " " : "", address);
	}
	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	setenv("CLONES", list, 1);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void end_clones(void)
{
	for (unsigned i = 0; i < clone_count; i++)
		server_clone_end(&clones[i]);
	clone_count = 0;
}

int cmd_clone_program(const struct xen_options *options)
{
	char error[CLONER_ERROR] = "";
	struct server *server = open_server(options, error);
	int err = server ? make_clones(options, server, error) : -1, status = 0;

	if (!err && !interrupted) {
		err = keep(options, server, options->run ? start_command(options->run) : 0, &status);
		if (err)
			snprintf(error, sizeof(error), "xenstore does not answer any more; the clones are ended");
	}
	end_clones();
	server_close(server);
	if (interrupted)
		return EXIT_INTERRUPTED;
	if (err)
		return environment_error(error);
	return status ? EXIT_COMMAND : EXIT_DONE;
}

/* ---- bench ---- */

static struct server *measure_boots(const struct xen_options *options, struct row *row, char *error)
{
	struct server *server = NULL;

	for (unsigned i = 0; i < BOOTS && !interrupted; i++) {
		server_close(server);
		server = open_server(options, error);
		if (!server)
			return NULL;
		add(row, server_ready_ms(server));
	}
	return server;
}

static int measure_clones(const struct xen_options *options, struct server *server, struct row *rows, char *error)
{
	for (unsigned i = 0; i < options->count && !interrupted; i++) {
		double start = wait_now_ms();
		int err = server_clone(server, &clones[0], error);

		if (!err) {
			add(&rows[0], clones[0].made_ms);
			add(&rows[1], clones[0].made_ms + clones[0].answers_ms);
		}
		server_clone_end(&clones[0]);
		if (err)
			return err;
		add(&rows[2], wait_now_ms() - start);
	}
	return 0;
}

int cmd_bench_program(const struct xen_options *options)
{
	static struct row boots = { .what = "boot to ready" };
	static struct row rows[] = { { .what = "clone" }, { .what = "clone to answer" }, { .what = "clone+destroy" } };
	char error[CLONER_ERROR] = "";
	struct server *server = measure_boots(options, &boots, error);
	int err = server ? measure_clones(options, server, rows, error) : -1;

	server_close(server);
	if (interrupted)
		return EXIT_INTERRUPTED;
	if (err)
		return environment_error(error);
	if (options->json)
		putchar('{');
	row_show(options, &boots, false);
	row_show(options, &rows[0], false);
	if (options->port)
		row_show(options, &rows[1], false);
	row_show(options, &rows[2], true);
	return EXIT_DONE;
}
