/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a PC's firmware says of its CPUs, right and wrong, in a piece of memory that stands for the first 64 KiB and the
 * BIOS's last.
 */
#include <kernel/string.h>
#include <kernel/test.h>

#include "../tables.h"

#include <plat/plat.h>

#define LOW_SIZE 0x8000
#define HIGH_START 0xf0000
#define IDS 8

static uint8_t low[LOW_SIZE], high[0x1000];
static uint32_t ids[IDS];

static const void *at(phys_t phys, size_t len)
{
	if (phys < LOW_SIZE && len <= LOW_SIZE - phys)
		return low + phys;
	if (phys >= HIGH_START && phys - HIGH_START < sizeof(high) && len <= sizeof(high) - (phys - HIGH_START))
		return high + (phys - HIGH_START);
	return NULL;
}

/* Makes the bytes add up to 0 with the one at offset. */
static void seal(uint8_t *table, size_t len, size_t offset)
{
	uint8_t sum = 0;

	table[offset] = 0;
	for (size_t i = 0; i < len; i++)
		sum += table[i];
	table[offset] = (uint8_t)-sum;
}

static void put32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
}

/* ---- ACPI: root pointer at 0xf0020, RSDT at 0x1000, a table in between, MADT at 0x2000 ---- */

#define RSDP (high + 0x20)
#define RSDT (low + 0x1000)
#define OTHER (low + 0x1800)
#define MADT (low + 0x2000)
#define RSDT_SIZE (36 + 8)

static void header(uint8_t *table, const char *signature, uint32_t len)
{
	memcpy(table, signature, 4);
	put32(table + 4, len);
	seal(table, len, 9);
}

static const uint8_t entries[] = {
	0, 8, 0, 0, 1, 0, 0, 0,	/* local APIC 0, enabled */
	1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 24, 0, 0, 0, /* an I/O APIC */
	0, 8, 1, 4, 1, 0, 0, 0,	/* 4, enabled */
	0, 8, 2, 6, 0, 0, 0, 0,	/* 6, not */
	9, 16, 0, 0, 0x39, 0x30, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, /* x2APIC 12345 */
};

static void acpi_make(void)
{
	memset(low, 0, sizeof(low));
	memset(high, 0, sizeof(high));
	memset(ids, 0, sizeof(ids));
	memcpy(RSDP, "RSD PTR ", 8);
	put32(RSDP + 16, 0x1000);
	seal(RSDP, 20, 8);
	put32(RSDT + 36, 0x1800);
	put32(RSDT + 40, 0x2000);
	header(RSDT, "RSDT", RSDT_SIZE);
	header(OTHER, "FACP", 40);
	memcpy(MADT + 44, entries, sizeof(entries));
	header(MADT, "APIC", 44 + sizeof(entries));
}

TEST(madt_tells_enabled_cpus)
{
	acpi_make();
	CHECK_EQ(madt_cpus(at, 0, ids, IDS), 3);
	CHECK_EQ(ids[0], 0);
	CHECK_EQ(ids[1], 4);
	CHECK_EQ(ids[2], 12345);
	CHECK_EQ(madt_cpus(at, HIGH_START + 0x20, ids, IDS), 3);
	CHECK_EQ(madt_cpus(at, 0, ids, 2), 2);
}

TEST(madt_tells_ioapics)
{
	struct madt_ioapic ioapics[2];

	acpi_make();
	CHECK_EQ(madt_ioapics(at, 0, ioapics, 2), 1);
	CHECK_EQ(ioapics[0].address, 0xfec00000);
	CHECK_EQ(ioapics[0].first_line, 24);
	CHECK_EQ(madt_ioapics(at, 0, ioapics, 0), 0);
}

TEST(madt_by_xsdt)
{
	acpi_make();
	RSDP[15] = 2;
	put32(RSDP + 24, 0x3000);
	seal(RSDP, 20, 8);
	put32(low + 0x3000 + 36, 0x2000);
	header(low + 0x3000, "XSDT", 36 + 8);
	put32(RSDT + 40, 0);
	CHECK_EQ(madt_cpus(at, 0, ids, IDS), 3);
}

TEST(madt_of_wrong_tables_is_none)
{
	acpi_make();
	RSDP[3] ^= 1;
	CHECK_EQ(madt_cpus(at, 0, ids, IDS), 0);
	acpi_make();
	RSDP[9] ^= 1; /* the sum */
	CHECK_EQ(madt_cpus(at, 0, ids, IDS), 0);
	acpi_make();
	RSDT[20] ^= 1;
	CHECK_EQ(madt_cpus(at, 0, ids, IDS), 0);
	acpi_make();
	MADT[50] ^= 1;
	CHECK_EQ(madt_cpus(at, 0, ids, IDS), 0);
	acpi_make();
	put32(RSDP + 16, 0xfffffff0); /* where nothing is */
	seal(RSDP, 20, 8);
	CHECK_EQ(madt_cpus(at, 0, ids, IDS), 0);
	CHECK_EQ(madt_cpus(at, 0x5000, ids, IDS), 0);
	acpi_make();
	put32(MADT + 4, 0x7fffffff);
	CHECK_EQ(madt_cpus(at, 0, ids, IDS), 0);
	acpi_make();
	header(MADT, "APIC", 40); /* shorter than itself */
	CHECK_EQ(madt_cpus(at, 0, ids, IDS), 0);
}

TEST(madt_entries_are_bounded)
{
	acpi_make();
	MADT[44 + 8 + 1] = 0; /* an entry of no length would be read for ever */
	header(MADT, "APIC", 44 + sizeof(entries));
	CHECK_EQ(madt_cpus(at, 0, ids, IDS), 1);
	acpi_make();
	header(MADT, "APIC", 44 + sizeof(entries) - 4); /* the last is cut */
	CHECK_EQ(madt_cpus(at, 0, ids, IDS), 2);
	acpi_make();
	MADT[44 + 1] = 4; /* an APIC too short to have flags */
	header(MADT, "APIC", 44 + sizeof(entries));
	CHECK(madt_cpus(at, 0, ids, IDS) <= 3);
}

/* ---- ACPI's devices: MCFG at 0x2000, and a DSDT at 0x2800, to which the FADT leads ---- */

#define MCFG (low + 0x2000)
#define DSDT (low + 0x2800)

TEST(mcfg_tells_where_pci_is)
{
	unsigned buses = 0;

	acpi_make();
	memset(MCFG, 0, 80);
	put32(MCFG + 44, 0xb0000000);
	MCFG[55] = 7;
	header(MCFG, "MCFG", 60);
	CHECK_EQ(mcfg_find(at, 0, &buses), 0xb0000000);
	CHECK_EQ(buses, 8);
	put32(MCFG + 44, 0xb0000001); /* no megabyte begins there */
	header(MCFG, "MCFG", 60);
	CHECK_EQ(mcfg_find(at, 0, &buses), 0);
	put32(MCFG + 44, 0xb0000000);
	MCFG[52] = 1; /* another segment */
	header(MCFG, "MCFG", 60);
	CHECK_EQ(mcfg_find(at, 0, &buses), 0);
	header(MCFG, "MCFG", 36); /* too short for any */
	CHECK_EQ(mcfg_find(at, 0, &buses), 0);
}

/* As QEMU's microvm writes it: Device(VR00) { _HID, _UID, _CCA, _CRS } inside of Scope(\_SB). */
static const uint8_t aml[] = {
	0x10, 0x44, 0x04, '\\', '_', 'S', 'B', '_',
	0x5b, 0x82, 0x4b, 0x03, 'V', 'R', '0', '0',
	0x08, '_', 'H', 'I', 'D', 0x0d, 'L', 'N', 'R', 'O', '0', '0', '0', '5', 0x00,
	0x08, '_', 'U', 'I', 'D', 0x00,
	0x08, '_', 'C', 'R', 'S', 0x11, 0x1a, 0x0a, 0x17,
	0x86, 0x09, 0x00, 0x01, 0x00, 0x0e, 0xb0, 0xfe, 0x00, 0x02, 0x00, 0x00,
	0x89, 0x06, 0x00, 0x01, 0x01, 0x17, 0x00, 0x00, 0x00,
	0x79, 0x00,
};

static void dsdt_make(void)
{
	acpi_make();
	put32(OTHER + 40, 0x2800);
	header(OTHER, "FACP", 116);
	memcpy(DSDT + 36, aml, sizeof(aml));
	header(DSDT, "DSDT", 36 + sizeof(aml));
}

TEST(dsdt_tells_of_virtio_devices)
{
	struct plat_mmio places[2] = { 0 };

	dsdt_make();
	CHECK_EQ(dsdt_virtio(at, 0, places, 2), 1);
	CHECK_EQ(places[0].base, 0xfeb00e00);
	CHECK_EQ(places[0].size, 512);
	CHECK_EQ(places[0].line, 23);
	CHECK_EQ(dsdt_virtio(at, 0, places, 0), 0);
}

/* Cut anywhere, or with any byte turned over, it is read to no more than its end. */
TEST(dsdt_that_is_wrong_is_bounded)
{
	struct plat_mmio places[2];

	for (size_t len = 0; len <= sizeof(aml); len++) {
		dsdt_make();
		header(DSDT, "DSDT", (uint32_t)(36 + len));
		CHECK_EQ(dsdt_virtio(at, 0, places, 2), len >= sizeof(aml));
	}
	for (size_t i = 0; i < sizeof(aml); i++) {
		dsdt_make();
		DSDT[36 + i] ^= 0xff;
		header(DSDT, "DSDT", 36 + sizeof(aml));
		CHECK(dsdt_virtio(at, 0, places, 2) <= 1);
	}
}

/* ---- the MultiProcessor Specification's ---- */

#define POINTER (high + 0x100)
#define CONFIG (low + 0x4000)

static void mp_make(uint16_t entry_count)
{
	uint8_t *entry = CONFIG + 44;

	memset(low, 0, sizeof(low));
	memset(high, 0, sizeof(high));
	memcpy(POINTER, "_MP_", 4);
	put32(POINTER + 4, 0x4000);
	POINTER[8] = 1;
	seal(POINTER, 16, 10);
	memcpy(CONFIG, "PCMP", 4);
	for (uint8_t id = 0; id < 3; id++, entry += 20) {
		entry[1] = id * 2;
		entry[3] = id != 1; /* the second is not usable */
	}
	entry[0] = 1; /* a bus */
	entry += 8;
	CONFIG[4] = (uint8_t)(entry - CONFIG);
	CONFIG[34] = (uint8_t)entry_count;
	seal(CONFIG, (size_t)(entry - CONFIG), 7);
}

TEST(mptable_tells_enabled_cpus)
{
	mp_make(4);
	CHECK_EQ(mptable_cpus(at, ids, IDS), 2);
	CHECK_EQ(ids[0], 0);
	CHECK_EQ(ids[1], 4);
	CHECK_EQ(mptable_cpus(at, ids, 1), 1);
	mp_make(0); /* as qboot leaves it */
	CHECK_EQ(mptable_cpus(at, ids, IDS), 2);
}

TEST(mptable_in_the_extended_bios_data_area)
{
	mp_make(4);
	memcpy(low + 0x6010, POINTER, 16);
	memset(high, 0, sizeof(high));
	low[0x40f] = 0x06; /* segment 0x600 */
	CHECK_EQ(mptable_cpus(at, ids, IDS), 2);
}

TEST(mptable_of_wrong_bytes_is_none)
{
	mp_make(4);
	POINTER[9] ^= 1;
	CHECK_EQ(mptable_cpus(at, ids, IDS), 0);
	mp_make(4);
	CONFIG[60] ^= 1;
	CHECK_EQ(mptable_cpus(at, ids, IDS), 0);
	mp_make(4);
	CONFIG[4] = 10;
	CHECK_EQ(mptable_cpus(at, ids, IDS), 0);
	mp_make(4);
	put32(POINTER + 4, 0x40000000);
	seal(POINTER, 16, 10);
	CHECK_EQ(mptable_cpus(at, ids, IDS), 0);
	mp_make(4);
	put32(POINTER + 4, 0); /* a default configuration, which we do not know */
	seal(POINTER, 16, 10);
	CHECK_EQ(mptable_cpus(at, ids, IDS), 0);
}
