/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How ACPI's tables are found. ACPI 6.5: root pointer 5.2.5.3, headers 5.2.6, RSDT and XSDT 5.2.7 and 5.2.8, FADT
 * 5.2.9.
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

#define FADT_DSDT 40	/* where the address of the DSDT is */
#define FADT_X_DSDT 140	/* and the longer one, in newer tables */

/* A whole table with that signature (NULL: any), its sum checked. */
static const struct acpi_header *table_at(tables_at_t *at, phys_t phys, const char *signature)
{
	const struct acpi_header *header = phys ? at(phys, sizeof(*header)) : NULL;

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
static phys_t root_entry(const struct acpi_header *root, size_t width, size_t n)
{
	phys_t phys = 0;

	memcpy(&phys, (const char *)(root + 1) + n * width, width);
	return phys;
}

const struct acpi_header *acpi_table(tables_at_t *at, phys_t rsdp_phys, const char *signature)
{
	const struct rsdp *rsdp = find_rsdp(at, rsdp_phys);
	const struct acpi_header *root = rsdp && rsdp->revision >= 2 ? table_at(at, rsdp->xsdt, "XSDT") : NULL;
	size_t width = root ? 8 : 4;

	if (!root && rsdp)
		root = table_at(at, rsdp->rsdt, "RSDT");
	for (size_t n = 0; root && n < (root->length - sizeof(*root)) / width; n++) {
		const struct acpi_header *table = table_at(at, root_entry(root, width, n), signature);

		if (table)
			return table;
	}
	return NULL;
}

const struct acpi_header *acpi_dsdt(tables_at_t *at, phys_t rsdp)
{
	const struct acpi_header *fadt = acpi_table(at, rsdp, "FACP");
	uint32_t address = 0;
	phys_t phys = 0;

	if (!fadt || fadt->length < FADT_DSDT + sizeof(address))
		return NULL;
	memcpy(&address, (const char *)fadt + FADT_DSDT, sizeof(address));
	if (fadt->length >= FADT_X_DSDT + sizeof(phys))
		memcpy(&phys, (const char *)fadt + FADT_X_DSDT, sizeof(phys));
	return table_at(at, phys ? phys : address, "DSDT");
}
