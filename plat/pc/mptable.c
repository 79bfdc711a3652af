/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPUs in the table of Intel's MultiProcessor Specification 1.4: floating pointer 4.1, header 4.2, entries 4.3.
 */
#include "tables.h"

#include <kernel/string.h>

struct pointer {
	char signature[4];
	uint32_t table;
	uint8_t length, revision, checksum, features[5];
} PACKED;

struct header {
	char signature[4];
	uint16_t length;
	uint8_t revision, checksum;
	char oem[8], product[12];
	uint32_t oem_table;
	uint16_t oem_size, entry_count;
	uint32_t lapic;
	uint16_t extended_length;
	uint8_t extended_checksum, reserved;
	uint8_t entries[];
} PACKED;

struct processor {
	uint8_t type, id, version, flags;
	uint32_t signature, features, reserved[2];
} PACKED;

#define ENTRY_PROCESSOR 0
#define ENTRY_SIZE 8 /* of all others */
#define PROCESSOR_ENABLED 1u

/* Where the floating pointer may be. */
static phys_t find_pointer(tables_at_t *at)
{
	phys_t ebda = table_ebda(at), phys = ebda ? table_find(at, ebda, ebda + KIB, "_MP_") : 0;

	if (!phys)
		phys = table_find(at, 639 * KIB, 640 * KIB, "_MP_");
	return phys ? phys : table_find(at, 0xf0000, 0x100000, "_MP_");
}

static const struct header *find_table(tables_at_t *at)
{
	phys_t phys = find_pointer(at);
	const struct pointer *pointer = phys ? at(phys, sizeof(*pointer)) : NULL;
	const struct header *header;

	if (!pointer || !pointer->table || !table_sum_is_right(pointer, sizeof(*pointer)))
		return NULL;
	header = at(pointer->table, sizeof(*header));
	if (!header || memcmp(header->signature, "PCMP", 4) || header->length < sizeof(*header))
		return NULL;
	header = at(pointer->table, header->length);
	return header && table_sum_is_right(header, header->length) ? header : NULL;
}

unsigned mptable_cpus(tables_at_t *at, uint32_t *ids, unsigned max)
{
	const struct header *header = find_table(at);
	const uint8_t *entry, *end;
	unsigned count = 0;

	if (!header)
		return 0;
	end = (const uint8_t *)header + header->length;
	/* By length: qboot, the firmware of microvms, leaves the count of entries 0. */
	for (entry = header->entries; entry < end;) {
		const struct processor *processor = (const struct processor *)entry;
		size_t size = *entry == ENTRY_PROCESSOR ? sizeof(*processor) : ENTRY_SIZE;

		if ((size_t)(end - entry) < size)
			break;
		if (*entry == ENTRY_PROCESSOR && (processor->flags & PROCESSOR_ENABLED) && count < max)
			ids[count++] = processor->id;
		entry += size;
	}
	return count;
}
