/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Partitions of a disk: MBR with logical ones in extended ones, and GPT (UEFI Specification 2.10, chapter 5). A table
 * is data from somebody else: what does not lie on the disk is left out, a chain of logical ones is followed for a
 * while only, and a GPT whose checksums are wrong is none.
 */
#include <kernel/block.h>

#include <kernel/boot.h>
#include <kernel/crc32.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/linkset.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/string.h>

#define TABLE_AT 446
#define TYPE_EXTENDED 0x05
#define TYPE_EXTENDED_LBA 0x0f
#define TYPE_EXTENDED_LINUX 0x85
#define TYPE_PROTECTIVE 0xee
#define LOGICAL_FIRST 5
#define LOGICAL_MAX 60
#define GPT_ENTRIES_MAX 128

struct mbr_entry {
	uint8_t status, chs_first[3], type, chs_last[3];
	uint32_t start, sectors;
} PACKED;

struct gpt_header {
	char signature[8];
	uint32_t revision, header_size, header_crc, reserved;
	uint64_t this_lba, other_lba, first_usable, last_usable;
	uint8_t disk_guid[16];
	uint64_t entries_lba;
	uint32_t entry_count, entry_size, entries_crc;
} PACKED;

struct gpt_entry {
	uint8_t type[16], id[16];
	uint64_t first, last, attributes;
	uint8_t name[72];
} PACKED;

/* ---- MBR ---- */

static bool read_table(struct block_device *disk, uint64_t sector, uint8_t *room, struct mbr_entry entries[4])
{
	if (sector >= disk->sectors || block_read(disk, sector, room, BLOCK_SECTOR))
		return false;
	memcpy(entries, room + TABLE_AT, 4 * sizeof(*entries));
	return room[510] == 0x55 && room[511] == 0xaa;
}

static bool is_extended(const struct mbr_entry *entry)
{
	return entry->type == TYPE_EXTENDED || entry->type == TYPE_EXTENDED_LBA || entry->type == TYPE_EXTENDED_LINUX;
}

/* Each table of the chain has a partition, relative to itself, and where the next table is, relative to the first. */
static void scan_logical(struct block_device *disk, uint64_t first, uint8_t *room)
{
	struct mbr_entry entries[4];
	uint64_t at = first;

	for (unsigned i = 0; i < LOGICAL_MAX && read_table(disk, at, room, entries); i++) {
		if (entries[0].type && !is_extended(&entries[0]))
			block_add_partition(disk, LOGICAL_FIRST + i, at + entries[0].start, entries[0].sectors);
		if (!is_extended(&entries[1]) || !entries[1].start)
			return;
		at = first + entries[1].start;
	}
}

static void scan_mbr(struct block_device *disk, const struct mbr_entry entries[4], uint8_t *room)
{
	for (unsigned i = 0; i < 4; i++) {
		if (!entries[i].type || (entries[i].status & 0x7f))
			continue;
		if (is_extended(&entries[i]))
			scan_logical(disk, entries[i].start, room);
		else
			block_add_partition(disk, i + 1, entries[i].start, entries[i].sectors);
	}
}

/* ---- GPT ---- */

static bool header_is_valid(const struct block_device *disk, const uint8_t *block, struct gpt_header *header)
{
	uint8_t copy[sizeof(*header)];
	uint64_t blocks = disk->sectors / (disk->block_size / BLOCK_SECTOR);

	memcpy(header, block, sizeof(*header));
	if (memcmp(header->signature, "EFI PART", 8) || header->header_size < sizeof(*header) ||
	    header->header_size > disk->block_size)
		return false;
	memcpy(copy, block, sizeof(copy));
	memset(copy + offsetof(struct gpt_header, header_crc), 0, 4);
	if (crc32_more(crc32(copy, sizeof(copy)), block + sizeof(copy), header->header_size - sizeof(copy)) !=
	    header->header_crc)
		return false;
	return header->entry_size == sizeof(struct gpt_entry) && header->entry_count <= GPT_ENTRIES_MAX &&
	       header->entries_lba < blocks && blocks - header->entries_lba >= GPT_ENTRIES_MAX * 128 / disk->block_size;
}

static void add_gpt(struct block_device *disk, const struct gpt_header *header, const struct gpt_entry *entries)
{
	static const uint8_t unused[16];
	unsigned scale = disk->block_size / BLOCK_SECTOR;

	for (unsigned i = 0; i < header->entry_count; i++) {
		const struct gpt_entry *e = &entries[i];

		if (!memcmp(e->type, unused, 16) || e->first > e->last || e->last >= disk->sectors / scale)
			continue;
		block_add_partition(disk, i + 1, e->first * scale, (e->last - e->first + 1) * scale);
	}
}

static bool scan_gpt(struct block_device *disk, uint64_t lba, uint8_t *room)
{
	unsigned scale = disk->block_size / BLOCK_SECTOR;
	struct gpt_header header;
	size_t size = GPT_ENTRIES_MAX * sizeof(struct gpt_entry);
	uint8_t *entries;
	bool valid;

	if (lba >= disk->sectors / scale || block_read(disk, lba * scale, room, disk->block_size) ||
	    !header_is_valid(disk, room, &header) || header.this_lba != lba)
		return false;
	entries = heap_alloc(size);
	valid = entries && !block_read(disk, header.entries_lba * scale, entries, size) &&
		crc32(entries, (size_t)header.entry_count * header.entry_size) == header.entries_crc;
	if (valid)
		add_gpt(disk, &header, (const struct gpt_entry *)entries);
	heap_free(entries);
	return valid;
}

int block_scan(struct block_device *disk)
{
	struct mbr_entry entries[4];
	struct page *page;
	uint8_t *room;

	if (disk->block_size > PAGE_SIZE)
		return 0;
	page = page_alloc(0);
	if (!page)
		return -ENOMEM;
	room = page_virt(page);
	if (block_read(disk, 0, room, disk->block_size))
		log_warning("%s: its first sector cannot be read", disk->name);
	else if (room[510] == 0x55 && room[511] == 0xaa) {
		memcpy(entries, room + TABLE_AT, sizeof(entries));
		if (entries[0].type != TYPE_PROTECTIVE)
			scan_mbr(disk, entries, room);
		else if (!scan_gpt(disk, 1, room) &&
			 !scan_gpt(disk, disk->sectors / (disk->block_size / BLOCK_SECTOR) - 1, room))
			log_warning("%s: its partition table is damaged", disk->name);
	}
	page_put(page);
	return 0;
}

/* The list may not be held while a disk is read. */
static int next_disk(struct block_device *dev, void *context)
{
	if (dev->partition || dev->scanned)
		return 0;
	dev->scanned = true;
	*(struct block_device **)context = dev;
	return 1;
}

/* All disks that are there at boot, before anybody asks for names. */
static int block_scan_all(void)
{
	struct block_device *disk;

	while (block_foreach(next_disk, &disk))
		block_scan(disk);
	return 0;
}
INIT_CALL(INIT_FS, block_scan_all);
