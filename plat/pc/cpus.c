/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPUs of this machine: what the firmware's tables say.
 */
#include "pc_internal.h"
#include "tables.h"

unsigned cpus_find(const struct boot_info *info, uint32_t *ids, unsigned max)
{
	unsigned count = madt_cpus(pc_memory_at, info->rsdp, ids, max);

	return count ? count : mptable_cpus(pc_memory_at, ids, max);
}
