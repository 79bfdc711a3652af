/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ways to a fresh machine that a clone saves: a boot, or what xl has saved of one.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenguest.h>

#define RESUME_AS_IT_IS 1 /* it learns that its suspension did not come about */

static int boot(struct clone *clone, char *error)
{
	struct cloner *cloner = clone->cloner;

	clone->domain = xl_create(cloner, error);
	if (!clone->domain || domain_wait_for_suspension(cloner, clone->domain, error))
		return -1;
	if (!xc_domain_resume(cloner->xc, clone->domain, RESUME_AS_IT_IS))
		return 0;
	return cloner_fail(error, "domain %u does not go on", clone->domain);
}

int fresh_start(struct clone *clone, char *error)
{
	int err;

	clone->by_xl = true;
	if (clone->cloner->options.way == CLONER_RESTORE) {
		clone->domain = xl_restore(clone->cloner, clone->cloner->saved, error);
		err = clone->domain ? 0 : -1;
	} else {
		err = boot(clone, error);
	}
	clone->last_domain = clone->domain;
	return err;
}

int fresh_prepare(struct cloner *cloner, char *error)
{
	uint32_t domain;
	int fd;

	cloner->low_count = (size_t)cloner->options.memory_mib * PAGES_PER_MIB;
	if (cloner->options.way == CLONER_BOOT)
		return 0;
	strcpy(cloner->saved, "/tmp/saki-saved-XXXXXX");
	fd = mkstemp(cloner->saved);
	if (fd < 0)
		return cloner_fail(error, "cannot write %s: %s", cloner->saved, strerror(errno));
	close(fd);
	domain = xl_create(cloner, error);
	if (!domain || domain_wait_for_suspension(cloner, domain, error))
		return -1;
	return xl_save(cloner, domain, cloner->saved, error);
}

void fresh_end(struct cloner *cloner)
{
	/* In a fork it is another process's. */
	if (cloner->saved[0] && cloner->guardian_pid)
		unlink(cloner->saved);
}
