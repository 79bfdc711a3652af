/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cloner itself: its handles, its end. See cloner.h.
 */
#include "internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cloner_fail(char *error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error, CLONER_ERROR, fmt, args);
	va_end(args);
	return -1;
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

static int open_handles(struct cloner *cloner, const struct cloner_options *options, char *error)
{
	cloner->log = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr,
									options->verbose ? XTL_DETAIL : XTL_CRITICAL,
									0);
	cloner->xc = xc_interface_open(cloner->log, cloner->log, 0);
	cloner->foreign = xenforeignmemory_open(cloner->log, 0);
	cloner->call = xencall_open(cloner->log, 0);
	if (!cloner->log || !cloner->xc || !cloner->foreign || !cloner->call)
		return cloner_fail(error, "Xen does not answer: %s", strerror(errno));
	if (guardian_start(cloner))
		return cloner_fail(error, "no process to watch over domains: %s", strerror(errno));
	return 0;
}

struct cloner *cloner_open(const struct cloner_options *options, char *error)
{
	struct cloner *cloner = calloc(1, sizeof(*cloner));
	static unsigned count;

	if (!cloner) {
		cloner_fail(error, "out of memory");
		return NULL;
	}
	cloner->hooks = options->hooks;
	snprintf(cloner->name, sizeof(cloner->name), "saki-parent-%d-%u", getpid(), count++);
	if (!open_handles(cloner, options, error) && !parent_start(cloner, options, error))
		return cloner;
	cloner_close(cloner);
	return NULL;
}

void cloner_close(struct cloner *cloner)
{
	if (!cloner)
		return;
	parent_end(cloner);
	/* Destroys what there is, the parent too. */
	guardian_end(cloner);
	if (cloner->call)
		xencall_close(cloner->call);
	if (cloner->foreign)
		xenforeignmemory_close(cloner->foreign);
	if (cloner->xc)
		xc_interface_close(cloner->xc);
	if (cloner->log)
		xtl_logger_destroy(cloner->log);
	free(cloner);
}

void cloner_yield(struct cloner *cloner)
{
	xencall2(cloner->call, __HYPERVISOR_sched_op, SCHEDOP_yield, 0);
}
