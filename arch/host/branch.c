/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Branches that are chosen at boot.
 */
#include <arch/arch.h>

bool arch_host_branches[ARCH_BRANCHES_MAX];

void arch_branch_take(unsigned key)
{
	arch_host_branches[key] = true;
}
