/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPUs in ACPI's tables. ACPI 6.5: root pointer 5.2.5.3, headers 5.2.6, RSDT and XSDT 5.2.7 and 5.2.8, MADT 5.2.12.
 */
#include "tables.h"

#include <kernel/string.h>

#define TABLE_MAX (64 * KIB)

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum, reserved[3];
} PACKED;

#define RSDP_OLD_SIZE 20 /* of revision 0, and what the first checksum covers */

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem[6], oem_table[8];
	uint32_t oem_revision, creator, creator_revision;
} PACKED;

struct madt {
	struct header header;
	uint32_t lapic, flags;
	uint8_t entries[];
} PACKED;

enum { ENTRY_LAPIC = 0, ENTRY_X2APIC = 9 };

struct entry_lapic {
	uint8_t type, length, uid, id;
	uint32_t flags;
} PACKED;

struct entry_x2apic {
	uint8_t type, length;
	uint16_t reserved;
	uint32_t id, flags, uid;
} PACKED;

#define ENTRY_ENABLED 1u

/* A whole table with that signature (NULL: any), its sum checked. */
static const struct header *table_at(tables_at_t *at, phys_t phys, const char *signature)
{
	const struct header *header = phys ? at(phys, sizeof(*header)) : NULL;

	if (!header || (signature && memcmp(header->signature, signature, sizeof(header->signature))))
		return NULL;
	if (header->length < sizeof(*header) || header->length > TABLE_MAX)
		return NULL;
	header = at(phys, header->length);
	return header && table_sum_is_right(header, header->length) ? header : NULL;
}

static const struct rsdp *find_rsdp(tables_at_t *at, phys_t phys)
{
	phys_t ebda = table_ebda(at);
	const struct rsdp *rsdp;

	if (!phys && ebda)
		phys = table_find(at, ebda, ebda + KIB, "RSD PTR ");
	if (!phys)
		phys = table_find(at, 0xe0000, 0x100000, "RSD PTR ");
	rsdp = phys ? at(phys, sizeof(*rsdp)) : NULL;
	return rsdp && table_sum_is_right(rsdp, RSDP_OLD_SIZE) ? rsdp : NULL;
}

/* The n-th address in the root table, whose entries have 4 or 8 bytes. */
static phys_t root_entry(const struct header *root, size_t width, size_t n)
{
	phys_t phys = 0;

	memcpy(&phys, (const char *)(root + 1) + n * width, width);
	return phys;
}

static const struct madt *find_madt(tables_at_t *at, const struct rsdp *rsdp)
{
	const struct header *root = rsdp->revision >= 2 ? table_at(at, rsdp->xsdt, "XSDT") : NULL;
	size_t width = root ? 8 : 4;

	if (!root)
		root = table_at(at, rsdp->rsdt, "RSDT");
	for (size_t n = 0; root && n < (root->length - sizeof(*root)) / width; n++) {
		const struct header *table = table_at(at, root_entry(root, width, n), "APIC");

		if (table && table->length >= sizeof(struct madt))
			return (const struct madt *)table;
	}
	return NULL;
}

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

unsigned madt_cpus(tables_at_t *at, phys_t rsdp_phys, uint32_t *ids, unsigned max)
{
	const struct rsdp *rsdp = find_rsdp(at, rsdp_phys);
	const struct madt *madt = rsdp ? find_madt(at, rsdp) : NULL;
	const uint8_t *entry, *end;
	unsigned count = 0;

	if (!madt)
		return 0;
	end = (const uint8_t *)madt + madt->header.length;
	for (entry = madt->entries; end - entry >= 2 && entry[1] >= 2 && entry[1] <= end - entry; entry += entry[1])
		if (count < max && entry_cpu(entry, &ids[count]))
			count++;
	return count;
}
