/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtio devices in ACPI's DSDT. What is there is a program (ACPI 6.5, chapter 20), which we do not run: of it only
 * devices are looked at that say the id LNRO0005 and their resources (_CRS) as plain data, as QEMU writes them. Package
 * lengths: 20.2.4; resource descriptors: 6.4.2 and 6.4.3.
 */
#include "tables.h"

#include <kernel/string.h>
#include <plat/plat.h>

#define OP_EXTENDED 0x5b
#define OP_DEVICE 0x82	/* behind OP_EXTENDED */
#define OP_NAME 0x08
#define OP_BUFFER 0x11
#define OP_BYTE 0x0a
#define OP_WORD 0x0b
#define OP_STRING 0x0d
#define ITEM_MEMORY32 0x86	/* Memory32Fixed */
#define ITEM_INTERRUPTS 0x89	/* Extended Interrupt */
#define ITEM_END 0x0f		/* of the small items' type */

struct bytes {
	const uint8_t *at;
	size_t len;
};

static bool take(struct bytes *b, size_t len)
{
	if (len > b->len)
		return false;
	b->at += len;
	b->len -= len;
	return true;
}

/* A package: its length, which counts itself, comes first. *inside: what it holds. */
static bool package(struct bytes b, struct bytes *inside)
{
	size_t more, len;

	if (!b.len)
		return false;
	more = b.at[0] >> 6;
	if (more + 1 > b.len)
		return false;
	len = more ? b.at[0] & 15 : b.at[0] & 63;
	for (size_t i = 0; i < more; i++)
		len |= (size_t)b.at[1 + i] << (4 + 8 * i);
	if (len < more + 1 || len > b.len)
		return false;
	*inside = (struct bytes){ b.at + more + 1, len - more - 1 };
	return true;
}

/* What follows the first place where these bytes are. */
static bool after(struct bytes b, const void *what, size_t len, struct bytes *rest)
{
	for (; b.len >= len; take(&b, 1)) {
		if (!memcmp(b.at, what, len)) {
			take(&b, len);
			*rest = b;
			return true;
		}
	}
	return false;
}

/* A buffer of constant size: its bytes. */
static bool buffer(struct bytes b, struct bytes *inside)
{
	if (!b.len || b.at[0] != OP_BUFFER || !take(&b, 1) || !package(b, inside) || !inside->len)
		return false;
	/* The size itself is one more term. */
	return inside->at[0] == OP_BYTE ? take(inside, 2) : inside->at[0] == OP_WORD && take(inside, 3);
}

static uint32_t word_at(const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static bool read_resources(struct bytes b, struct plat_mmio *place)
{
	bool memory = false, line = false;

	while (b.len >= 3) {
		const uint8_t *item = b.at;
		size_t len = item[0] & 0x80 ? 3u + item[1] + ((size_t)item[2] << 8) : 1u + (item[0] & 7);

		if ((item[0] & 0x80 ? 0 : item[0] >> 3) == ITEM_END || !take(&b, len))
			break;
		if (item[0] == ITEM_MEMORY32 && len >= 12) {
			place->base = word_at(item + 4);
			place->size = word_at(item + 8);
			memory = true;
		} else if (item[0] == ITEM_INTERRUPTS && len >= 9 && item[4]) {
			place->line = word_at(item + 5);
			line = true;
		}
	}
	return memory && line;
}

static bool read_device(struct bytes b, struct plat_mmio *place)
{
	static const uint8_t id[] = { OP_STRING, 'L', 'N', 'R', 'O', '0', '0', '0', '5', 0 };
	static const uint8_t resources[] = { OP_NAME, '_', 'C', 'R', 'S' };
	struct bytes rest, items;

	return after(b, id, sizeof(id), &rest) && after(b, resources, sizeof(resources), &rest) &&
	       buffer(rest, &items) && read_resources(items, place);
}

unsigned dsdt_virtio(tables_at_t *at, phys_t rsdp, struct plat_mmio *places, unsigned max)
{
	static const uint8_t device[] = { OP_EXTENDED, OP_DEVICE };
	const struct acpi_header *dsdt = acpi_dsdt(at, rsdp);
	struct bytes b, inside;
	unsigned count = 0;

	if (!dsdt)
		return 0;
	b = (struct bytes){ (const uint8_t *)(dsdt + 1), dsdt->length - sizeof(*dsdt) };
	while (count < max && after(b, device, sizeof(device), &b))
		if (package(b, &inside) && read_device(inside, &places[count]))
			count++;
	return count;
}
