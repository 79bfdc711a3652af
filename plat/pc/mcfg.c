/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where PCI's configuration space is in memory: MCFG (PCI Firmware Specification 3.3, 4.1.2).
 */
#include "tables.h"

#define BUSES_MAX 256u

struct entry {
	uint64_t base;
	uint16_t segment;
	uint8_t first_bus, last_bus;
	uint32_t reserved;
} PACKED;

struct mcfg {
	struct acpi_header header;
	uint64_t reserved;
	struct entry entries[];
} PACKED;

phys_t mcfg_find(tables_at_t *at, phys_t rsdp, unsigned *buses)
{
	const struct mcfg *mcfg = (const struct mcfg *)acpi_table(at, rsdp, "MCFG");
	size_t count = mcfg && mcfg->header.length > sizeof(*mcfg)
			       ? (mcfg->header.length - sizeof(*mcfg)) / sizeof(mcfg->entries[0])
			       : 0;

	for (size_t i = 0; i < count; i++) {
		const struct entry *e = &mcfg->entries[i];

		/* A bus has a megabyte. */
		if (e->segment || e->first_bus || !e->base || e->base % MIB || e->base > UINT64_MAX - BUSES_MAX * MIB)
			continue;
		*buses = e->last_bus + 1u;
		return e->base;
	}
	return 0;
}
