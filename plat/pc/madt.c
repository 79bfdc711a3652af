/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPUs and I/O APICs in ACPI's tables: MADT (ACPI 6.5, 5.2.12).
 */
#include "tables.h"

#include <kernel/string.h>

struct madt {
	struct acpi_header header;
	uint32_t lapic, flags;
	uint8_t entries[];
} PACKED;

enum { ENTRY_LAPIC = 0, ENTRY_IOAPIC = 1, ENTRY_X2APIC = 9 };

struct entry_lapic {
	uint8_t type, length, uid, id;
	uint32_t flags;
} PACKED;

struct entry_ioapic {
	uint8_t type, length, id, reserved;
	uint32_t address, first_line;
} PACKED;

struct entry_x2apic {
	uint8_t type, length;
	uint16_t reserved;
	uint32_t id, flags, uid;
} PACKED;

#define ENTRY_ENABLED 1u

/* True when the entry is a CPU that can be used. */
static bool entry_cpu(const uint8_t *entry, uint32_t *id)
{
	const struct entry_x2apic *x2apic = (const struct entry_x2apic *)entry;
	const struct entry_lapic *lapic = (const struct entry_lapic *)entry;

	if (lapic->type == ENTRY_LAPIC && lapic->length >= sizeof(*lapic)) {
		*id = lapic->id;
		return lapic->flags & ENTRY_ENABLED;
	}
	if (x2apic->type == ENTRY_X2APIC && x2apic->length >= sizeof(*x2apic)) {
		*id = x2apic->id;
		return x2apic->flags & ENTRY_ENABLED;
	}
	return false;
}

/* The entry after one (NULL: the first); NULL at the end, or where a length makes no sense. */
static const uint8_t *next_entry(const struct madt *madt, const uint8_t *entry)
{
	const uint8_t *end = (const uint8_t *)madt + madt->header.length;

	entry = entry ? entry + entry[1] : madt->entries;
	return end - entry >= 2 && entry[1] >= 2 && entry[1] <= end - entry ? entry : NULL;
}

static const struct madt *find_madt(tables_at_t *at, phys_t rsdp)
{
	const struct madt *madt = (const struct madt *)acpi_table(at, rsdp, "APIC");

	return madt && madt->header.length >= sizeof(*madt) ? madt : NULL;
}

unsigned madt_cpus(tables_at_t *at, phys_t rsdp, uint32_t *ids, unsigned max)
{
	const struct madt *madt = find_madt(at, rsdp);
	unsigned count = 0;

	for (const uint8_t *e = NULL; madt && (e = next_entry(madt, e));)
		if (count < max && entry_cpu(e, &ids[count]))
			count++;
	return count;
}

unsigned madt_ioapics(tables_at_t *at, phys_t rsdp, struct madt_ioapic *ioapics, unsigned max)
{
	const struct madt *madt = find_madt(at, rsdp);
	unsigned count = 0;

	for (const uint8_t *e = NULL; madt && (e = next_entry(madt, e));) {
		const struct entry_ioapic *ioapic = (const struct entry_ioapic *)e;

		if (ioapic->type == ENTRY_IOAPIC && ioapic->length >= sizeof(*ioapic) && count < max)
			ioapics[count++] = (struct madt_ioapic){ ioapic->address, ioapic->first_line };
	}
	return count;
}
