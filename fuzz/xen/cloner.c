/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cloner itself: its handles, its end. See cloner.h.
 */
#include "internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int cloner_fail(char *error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error, CLONER_ERROR, fmt, args);
	va_end(args);
	return -1;
}

uint64_t cloner_now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Xen says what a domain may do: xenfs has a file for it. */
bool cloner_possible(void)
{
	char text[64] = "";
	FILE *file = fopen("/proc/xen/capabilities", "re");

	if (!file)
		return false;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	return strstr(text, "control_d") != NULL;
}

static int open_handles(struct cloner *cloner, char *error)
{
	cloner->log = (xentoollog_logger *)xtl_createlogger_stdiostream(
		stderr, cloner->options.verbose ? XTL_DETAIL : XTL_CRITICAL, 0);
	cloner->xc = xc_interface_open(cloner->log, cloner->log, 0);
	cloner->foreign = xenforeignmemory_open(cloner->log, 0);
	cloner->call = xencall_open(cloner->log, 0);
	if (!cloner->log || !cloner->xc || !cloner->foreign || !cloner->call)
		return cloner_fail(error, "Xen does not answer: %s", strerror(errno));
	return 0;
}

static void close_handles(struct cloner *cloner)
{
	if (cloner->call)
		xencall_close(cloner->call);
	if (cloner->foreign)
		xenforeignmemory_close(cloner->foreign);
	if (cloner->xc)
		xc_interface_close(cloner->xc);
	if (cloner->log)
		xtl_logger_destroy(cloner->log);
	cloner->call = NULL;
	cloner->foreign = NULL;
	cloner->xc = NULL;
	cloner->log = NULL;
}

struct cloner *cloner_open(const struct cloner_options *options, char *error)
{
	struct cloner *cloner = calloc(1, sizeof(*cloner));
	static unsigned count;

	if (!cloner) {
		cloner_fail(error, "out of memory");
		return NULL;
	}
	cloner->options = *options;
	snprintf(cloner->name, sizeof(cloner->name), "saki-parent-%d-%u", getpid(), count++);
	cloner->options.kernel = cloner->kernel = strdup(options->kernel);
	cloner->options.command_line = cloner->command_line = strdup(options->command_line);
	if (!cloner->kernel || !cloner->command_line) {
		cloner_fail(error, "out of memory");
		goto err_close;
	}
	if (open_handles(cloner, error))
		goto err_close;
	if (guardian_start(cloner)) {
		cloner_fail(error, "no process to watch over domains: %s", strerror(errno));
		goto err_close;
	}
	if (!(options->way == CLONER_CLONE ? parent_start(cloner, error) : fresh_prepare(cloner, error)))
		return cloner;
err_close:
	cloner_close(cloner);
	return NULL;
}

/* Xen's libraries are not for use across a fork, and what they have mapped is not here. */
int cloner_forked(struct cloner *cloner, char *error)
{
	cloner->memory = NULL;
	cloner->guardian_pid = 0;
	close_handles(cloner);
	if (open_handles(cloner, error))
		return -1;
	return parent_map(cloner) ? cloner_fail(error, "the parent's memory cannot be mapped: %s", strerror(errno)) : 0;
}

void cloner_close(struct cloner *cloner)
{
	if (!cloner)
		return;
	parent_end(cloner);
	fresh_end(cloner);
	/* Destroys what there is, the parent too; in a fork, once all are gone. */
	guardian_end(cloner);
	close_handles(cloner);
	free(cloner->kernel);
	free(cloner->command_line);
	free(cloner);
}

void cloner_yield(struct cloner *cloner)
{
	xencall2(cloner->call, __HYPERVISOR_sched_op, SCHEDOP_yield, 0);
}
