/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parent: booted by xl, as any other domain; ready when it has suspended itself. From then on it never runs again,
 * and its pages and CPU are only read.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define BOOT_SECONDS 30
#define SPECIAL_FIRST 0xfc000u	/* pages that the toolstack puts below 4 GiB: tables, console, xenstore */
#define SPECIAL_COUNT 0x4000u

int domain_wait_for_suspension(struct cloner *cloner, uint32_t domain, char *error)
{
	time_t start = time(NULL);
	xc_dominfo_t info;

	while (time(NULL) - start < BOOT_SECONDS) {
		if (xc_domain_getinfo(cloner->xc, domain, 1, &info) != 1 || info.domid != domain)
			return cloner_fail(error, "domain %u, which was started, is gone", domain);
		if (info.shutdown && info.shutdown_reason == SHUTDOWN_suspend)
			return 0;
		if (info.shutdown)
			return cloner_fail(error, "domain %u ended before it was ready (xen's reason %u)", domain,
					   info.shutdown_reason);
		if (cloner->options.interrupted && *cloner->options.interrupted)
			return cloner_fail(error, "interrupted");
		usleep(2000);
	}
	return cloner_fail(error, "domain %u was not ready in %u s", domain, BOOT_SECONDS);
}

/* Which pages there are, out of a range; errors of a mapping tell. */
static int find_pages(struct cloner *cloner, xen_pfn_t first, size_t count)
{
	xen_pfn_t *range = calloc(count, sizeof(*range));
	int *errors = calloc(count, sizeof(*errors));
	void *mapped = NULL;

	for (size_t i = 0; range && i < count; i++)
		range[i] = first + i;
	if (range && errors)
		mapped = xenforeignmemory_map(cloner->foreign, cloner->domain, PROT_READ, count, range, errors);
	for (size_t i = 0; mapped && i < count; i++)
		if (!errors[i])
			cloner->pages[cloner->page_count++] = first + i;
	if (mapped)
		xenforeignmemory_unmap(cloner->foreign, mapped, count);
	free(range);
	free(errors);
	return mapped ? 0 : -1;
}

int parent_map(struct cloner *cloner)
{
	cloner->memory = xenforeignmemory_map(cloner->foreign, cloner->domain, PROT_READ, cloner->page_count,
					      cloner->pages, NULL);
	return cloner->memory ? 0 : -1;
}

static int look_at_memory(struct cloner *cloner, unsigned memory_mib)
{
	cloner->low_count = (size_t)memory_mib * PAGES_PER_MIB;
	cloner->pages = calloc(cloner->low_count + SPECIAL_COUNT, sizeof(*cloner->pages));
	if (!cloner->pages || find_pages(cloner, 0, cloner->low_count) ||
	    find_pages(cloner, SPECIAL_FIRST, SPECIAL_COUNT))
		return -1;
	cloner->blank = calloc(cloner->page_count, sizeof(*cloner->blank));
	cloner->written = calloc(cloner->page_count, sizeof(*cloner->written));
	if (!cloner->blank || !cloner->written || parent_map(cloner))
		return -1;
	for (size_t i = 0; i < cloner->page_count; i++) {
		cloner->blank[i] = page_is_blank(cloner->memory + i * PAGE);
		if (!cloner->blank[i])
			cloner->written[cloner->written_count++] = cloner->pages[i];
	}
	return 0;
}

static int look_at_cpu(struct cloner *cloner)
{
	int size = xc_domain_hvm_getcontext(cloner->xc, cloner->domain, NULL, 0);

	if (size <= 0)
		return -1;
	cloner->context_size = (uint32_t)size;
	cloner->context = malloc(cloner->context_size);
	if (!cloner->context)
		return -1;
	size = xc_domain_hvm_getcontext(cloner->xc, cloner->domain, cloner->context, cloner->context_size);
	cloner->context_size = size > 0 ? (uint32_t)size : 0;
	return size > 0 ? 0 : -1;
}

int parent_start(struct cloner *cloner, char *error)
{
	const struct cloner_hooks *hooks = cloner->options.hooks;

	cloner->domain = xl_create(cloner, error);
	if (!cloner->domain || (hooks && hooks->prepare && hooks->prepare(hooks->context, cloner->domain, error)) ||
	    domain_wait_for_suspension(cloner, cloner->domain, error))
		return -1;
	if (look_at_memory(cloner, cloner->options.memory_mib))
		return cloner_fail(error, "the parent's memory cannot be mapped: %s", strerror(errno));
	if (look_at_cpu(cloner))
		return cloner_fail(error, "the parent's registers cannot be read: %s", strerror(errno));
	return 0;
}

void parent_end(struct cloner *cloner)
{
	if (cloner->memory)
		xenforeignmemory_unmap(cloner->foreign, cloner->memory, cloner->page_count);
	free(cloner->pages);
	free(cloner->blank);
	free(cloner->written);
	free(cloner->context);
}
