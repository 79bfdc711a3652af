/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds out which machine this is: the platform whose probe() is most certain.
 */
#include <kernel/errno.h>
#include <plat/plat.h>

LINKSET_DECLARE(platform);

SEALED const struct platform *plat;

int plat_select(const struct boot_info *boot)
{
	int best = 0;

	LINKSET_FOREACH(platform, const struct platform, candidate) {
		int score = candidate->probe(boot);

		if (score > best) {
			best = score;
			plat = candidate;
		}
	}
	return plat ? 0 : -ENODEV;
}

int plat_init(const struct boot_info *boot)
{
	return plat->init(boot);
}
