/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-meddler: does to a domain what its toolstack does not expect, by the number that Xen has for it; for the suite
 * fuzz/xen/domains. Needs no xenstore.
 *	saki-meddler count			domains that there are, with dom0
 *	saki-meddler pause DOMAIN
 *	saki-meddler shutdown DOMAIN REASON	as if the domain had ended itself by that reason, known or not
 *	saki-meddler take DOMAIN PAGES		every other one of so many pages, as a balloon does
 *	saki-meddler destroy DOMAIN
 *	saki-meddler hoard MIB			makes a domain that has all memory but so much; prints its number
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenctrl.h>

#define PAGES_PER_MIB 256
#define LARGE_ORDER 9
#define LARGE_PAGES (1u << LARGE_ORDER)

static int count(xc_interface *xc)
{
	xc_dominfo_t info;
	uint32_t next = 0;
	int found = 0;

	for (; xc_domain_getinfo(xc, next, 1, &info) == 1; next = info.domid + 1)
		found += !info.dying;
	printf("%d\n", found);
	return 0;
}

static int take(xc_interface *xc, uint32_t domain, xen_pfn_t pages)
{
	int err = 0;

	/* Some are holes already. */
	for (xen_pfn_t page = 1; page < pages; page += 2)
		err |= xc_domain_decrease_reservation(xc, domain, 1, 0, &page) < 0;
	return err;
}

static uint64_t free_pages(xc_interface *xc)
{
	xc_physinfo_t info;

	return xc_physinfo(xc, &info) ? 0 : info.free_pages;
}

/* Large pages, and small ones where no large one is left. */
static int hoard(xc_interface *xc, uint64_t leave)
{
	struct xen_domctl_createdomain create = {
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
		.max_vcpus = 1,
		.max_evtchn_port = 1023,
		.max_grant_frames = 1,
		.grant_opts = XEN_DOMCTL_GRANT_version(1),
		.arch.emulation_flags = XEN_X86_EMU_LAPIC,
	};
	unsigned order = LARGE_ORDER;
	uint32_t domain = 0;
	xen_pfn_t next = 0;

	if (xc_domain_create(xc, &domain, &create) || xc_domain_setmaxmem(xc, domain, UINT64_MAX >> 20))
		return -1;
	while (free_pages(xc) > leave) {
		xen_pfn_t page = next;

		if (order && free_pages(xc) < leave + LARGE_PAGES)
			order = 0;
		if (!xc_domain_populate_physmap_exact(xc, domain, 1, order, 0, &page))
			next += 1u << order;
		else if (order)
			order = 0;
		else
			break;
	}
	printf("%u\n", domain);
	return free_pages(xc) > leave ? -1 : 0;
}

static int meddle(xc_interface *xc, const char *what, uint32_t domain, unsigned long value)
{
	if (!strcmp(what, "pause"))
		return xc_domain_pause(xc, domain);
	if (!strcmp(what, "shutdown"))
		return xc_domain_shutdown(xc, domain, (int)value);
	if (!strcmp(what, "take"))
		return take(xc, domain, value);
	if (!strcmp(what, "destroy"))
		return xc_domain_destroy(xc, domain);
	if (!strcmp(what, "hoard"))
		return hoard(xc, (uint64_t)domain * PAGES_PER_MIB);
	fprintf(stderr, "saki-meddler: it cannot %s\n", what);
	return 2;
}

int main(int argc, char **argv)
{
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);
	int err;

	if (!xc || argc < 2)
		return 2;
	if (!strcmp(argv[1], "count"))
		return count(xc);
	if (argc < 3)
		return 2;
	err = meddle(xc, argv[1], (uint32_t)strtoul(argv[2], NULL, 10), argc > 3 ? strtoul(argv[3], NULL, 10) : 0);
	if (err)
		perror("saki-meddler");
	return err ? 1 : 0;
}
