/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-meddler: does to a domain what its toolstack does not expect, by the number that Xen has for it; for the suite
 * fuzz/xen/domains. Needs no xenstore.
 *	saki-meddler count			domains that there are, with dom0
 *	saki-meddler pause DOMAIN
 *	saki-meddler shutdown DOMAIN REASON	as if the domain had ended itself by that reason, known or not
 *	saki-meddler take DOMAIN PAGES		every other one of so many pages, as a balloon does
 *	saki-meddler destroy DOMAIN
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenctrl.h>

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
