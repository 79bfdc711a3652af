/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which CPUs a PC has, as its firmware tells: ACPI's MADT (ACPI 6.5, 5.2.12) or the older table of the MultiProcessor
 * Specification 1.4. Tables are untrusted: sums are checked, lengths bounded by what can be read.
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
