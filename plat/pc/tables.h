/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a PC's firmware tells of its CPUs and devices: ACPI 6.5, or the older table of the MultiProcessor Specification
 * 1.4. Tables are untrusted: sums are checked, lengths bounded by what can be read.
 */
#pragma once

#include <kernel/compiler.h>

/*
 * Reads the machine's memory: len bytes at phys, or NULL when they are not all there. What it returns stays readable.
 */
typedef const void *tables_at_t(phys_t phys, size_t len);

/* The ids of the local APICs of usable CPUs, at most max; 0 when there is no such table, or none that is right. */
unsigned madt_cpus(tables_at_t *at, phys_t rsdp, uint32_t *ids, unsigned max);
unsigned mptable_cpus(tables_at_t *at, uint32_t *ids, unsigned max);

/* True when the bytes add up to 0. */
bool table_sum_is_right(const void *table, size_t len);
/* Where a text stands in [start, end), on a multiple of 16; 0: nowhere. */
phys_t table_find(tables_at_t *at, phys_t start, phys_t end, const char *text);
/* The extended BIOS data area, by its segment in the BIOS data area; 0: unknown. */
phys_t table_ebda(tables_at_t *at);

/* ---- ACPI (5.2.6); rsdp: where the root pointer is, 0: it is looked for ---- */

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem[6], oem_table[8];
	uint32_t oem_revision, creator, creator_revision;
} PACKED;

/* The first table with that signature, whole and its sum checked; NULL. */
const struct acpi_header *acpi_table(tables_at_t *at, phys_t rsdp, const char *signature);
/* The DSDT, which the FADT leads to. */
const struct acpi_header *acpi_dsdt(tables_at_t *at, phys_t rsdp);

/* The MADT's I/O APICs, at most max: where each is, and the global number of its first line. */
struct madt_ioapic {
	phys_t address;
	unsigned first_line;
};
unsigned madt_ioapics(tables_at_t *at, phys_t rsdp, struct madt_ioapic *ioapics, unsigned max);

/*
 * Where the configuration space of PCI's segment 0 is in memory (PCI Firmware Specification 3.3, 4.1.2), and how many
 * buses it has from 0 on; 0: nowhere.
 */
phys_t mcfg_find(tables_at_t *at, phys_t rsdp, unsigned *buses);

/* Virtio devices in memory, which the DSDT has under the id LNRO0005; at most max. */
struct plat_mmio;
unsigned dsdt_virtio(tables_at_t *at, phys_t rsdp, struct plat_mmio *places, unsigned max);
