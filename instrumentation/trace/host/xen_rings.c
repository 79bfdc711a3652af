/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-rings: in a dom0, empties the rings of a domain into standard output while it runs, until standard input ends;
 * the domain must still be there then. saki-domain starts it. Of the domain's memory, only what it says its rings are
 * in is mapped, as far as that can be.
 */
#include "rings.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenforeignmemory.h>

#define PAGE 4096u
#define WINDOW (UINT64_C(1) << 40)	/* addresses that a domain's memory may have */
#define PIECES_MAX (TRACE_CPUS_MAX + 8)
#define PAGES_MAX (256u << 8)		/* 256 MiB: a domain that tells truths never wants so much */
#define POLL_MS 5			/* dom0 may have to share the domain's only CPU with it */
#define PATIENCE 10			/* polls after which also a little is taken */
#define STATUS_ENVIRONMENT 123

static const char usage[] =
	"usage: saki-rings DOMAIN-NUMBER\n"
	"\n"
	"Writes what the domain's trace rings tell to standard output, until standard input ends.\n";

/* What is mapped, as pages [first, end). It stays so: a domain that changes its mind comes to nothing. */
struct domain {
	xenforeignmemory_handle *foreign;
	uint32_t id;
	uint8_t *window;
	struct {
		uint64_t first, end;
	} pieces[PIECES_MAX];
	size_t piece_count;
	uint64_t page_count;
};

static bool map(struct domain *domain, uint64_t first, uint64_t end)
{
	xen_pfn_t *frames = calloc(end - first, sizeof(*frames));
	void *at = NULL;

	for (uint64_t i = first; frames && i < end; i++)
		frames[i - first] = i;
	if (frames)
		at = xenforeignmemory_map2(domain->foreign, domain->id, domain->window + first * PAGE,
					   PROT_READ | PROT_WRITE, MAP_FIXED, end - first, frames, NULL);
	free(frames);
	return at != NULL;
}

static bool reach(void *context, uint64_t address, uint64_t size)
{
	struct domain *domain = context;
	uint64_t first = address / PAGE, end = (address + size + PAGE - 1) / PAGE;

	for (size_t i = 0; i < domain->piece_count; i++)
		if (first >= domain->pieces[i].first && end <= domain->pieces[i].end)
			return true;
	if (domain->piece_count == PIECES_MAX || end - first > PAGES_MAX - domain->page_count ||
	    !map(domain, first, end))
		return false;
	domain->pieces[domain->piece_count].first = first;
	domain->pieces[domain->piece_count++].end = end;
	domain->page_count += end - first;
	return true;
}

/* Waits a little. True once the domain has ended. */
static bool has_ended(int timeout_ms)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&input, 1, timeout_ms) > 0;
}

static int drain(struct domain *domain)
{
	struct rings rings;
	bool ended = false, more = false;

	rings_init_reached(&rings, domain->window, WINDOW, reach, domain, STDOUT_FILENO);
	for (unsigned polls = 0; !ended; polls++) {
		ended = has_ended(more ? 0 : POLL_MS);
		more = rings_find(&rings) && rings_drain(&rings, ended || polls % PATIENCE == 0);
	}
	rings_finish_forward(&rings);
	if (rings.error)
		fprintf(stderr, "saki-rings: what the rings tell cannot be written: %s\n", strerror(rings.error));
	rings_free(&rings);
	return rings.error ? STATUS_ENVIRONMENT : 0;
}

int main(int argc, char **argv)
{
	struct domain domain = { 0 };
	char *end = NULL;
	int status;

	if (argc == 2)
		domain.id = (uint32_t)strtoul(argv[1], &end, 10);
	if (!end || end == argv[1] || *end) {
		fputs(usage, stderr);
		return 122;
	}
	domain.foreign = xenforeignmemory_open(NULL, 0);
	domain.window = mmap(NULL, WINDOW, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!domain.foreign || domain.window == MAP_FAILED) {
		fprintf(stderr, "saki-rings: no memory of a domain can be mapped: %s\n", strerror(errno));
		return STATUS_ENVIRONMENT;
	}
	status = drain(&domain);
	xenforeignmemory_close(domain.foreign);
	return status;
}
