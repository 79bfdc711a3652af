/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-rings: in a dom0, empties the rings of a domain into standard output while it runs, until standard input ends;
 * the domain must still be there then. saki-domain starts it.
 */
#include "foreign.h"
#include "rings.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGES_MAX (UINT64_C(256) << 8) /* 256 MiB: a domain that tells truths never wants so much */
#define NAP_MAX_MS 16			/* dom0 may have to share the domain's only CPU with it */
#define PATIENCE_MS 100			/* after which also a little is taken */
#define STATUS_ENVIRONMENT 123

static const char usage[] =
	"usage: saki-rings DOMAIN-NUMBER\n"
	"\n"
	"Writes what the domain's trace rings tell to standard output, until standard input ends.\n";

/* Waits a little. True once the domain has ended. */
static bool has_ended(int timeout_ms)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&input, 1, timeout_ms) > 0;
}

/* As short as the domain is fast: an eighth of a ring at a time is enough. */
static int next_nap(int nap_ms, bool is_fast)
{
	int next = is_fast ? nap_ms / 2 : nap_ms * 2;

	return next < 1 ? 1 : next > NAP_MAX_MS ? NAP_MAX_MS : next;
}

static int drain(struct foreign *domain)
{
	struct rings rings;
	int nap_ms = 1, since_ms = 0;
	bool ended = false;

	rings_init_reached(&rings, foreign_memory(domain), FOREIGN_SIZE, foreign_reach, domain, STDOUT_FILENO);
	while (!ended) {
		uint64_t bytes = rings.bytes;
		bool is_time;

		ended = has_ended(nap_ms);
		since_ms += nap_ms;
		is_time = since_ms >= PATIENCE_MS;
		if (is_time)
			since_ms = 0;
		if (rings_find(&rings) && rings_drain(&rings, ended || is_time))
			nap_ms = 0;
		else
			nap_ms = next_nap(nap_ms, !is_time && rings.bytes > bytes);
	}
	rings_finish_forward(&rings);
	if (rings.error)
		fprintf(stderr, "saki-rings: what the rings tell cannot be written: %s\n", strerror(rings.error));
	return rings.error ? STATUS_ENVIRONMENT : 0;
}

int main(int argc, char **argv)
{
	struct foreign *domain;
	char *end = NULL;
	unsigned long number = argc == 2 ? strtoul(argv[1], &end, 10) : 0;
	int status;

	if (!end || end == argv[1] || *end) {
		fputs(usage, stderr);
		return 122;
	}
	domain = foreign_open((uint32_t)number, true, PAGES_MAX);
	if (!domain) {
		fprintf(stderr, "saki-rings: no memory of a domain can be mapped: %s\n", strerror(errno));
		return STATUS_ENVIRONMENT;
	}
	status = drain(domain);
	foreign_close(domain);
	return status;
}
