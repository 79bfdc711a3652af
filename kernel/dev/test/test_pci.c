/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The PCI bus, on functions that are bytes.
 */
#include <kernel/fake.h>
#include <kernel/heap.h>
#include <kernel/test.h>

static struct fake_pci *make(const uint8_t *bytes, size_t size)
{
	struct script script = script_open(bytes, size);
	struct fake_pci *fake = heap_alloc(sizeof(*fake));

	if (fake)
		fake_pci_init(fake, 1, &script);
	return fake;
}

TEST(pci_scan_finds_functions)
{
	struct fake_pci *fake = make(NULL, 0);

	CHECK(fake);
	CHECK_EQ(pci_scan(&fake->host), 0);
	pci_remove_all(&fake->host);
	heap_free(fake);
}

TEST(pci_capability_lists_end)
{
	/* Two capabilities that lead to each other. */
	static const uint8_t bytes[] = { 1, 2, 0x40, 2, 0x09, 0x44, 0x44, 2, 0x09, 0x40 };
	struct fake_pci *fake = make(bytes, sizeof(bytes));
	struct pci_device device = { 0 };

	CHECK(fake);
	device.host = &fake->host;
	CHECK_EQ(pci_capability(&device, PCI_CAP_VENDOR, 0), 0x40);
	CHECK_EQ(pci_capability(&device, PCI_CAP_VENDOR, 0x40), 0x44);
	CHECK_EQ(pci_capability(&device, PCI_CAP_MSIX, 0), 0);
	heap_free(fake);
}

TEST(pci_windows_stay_in_their_memory)
{
	struct fake_pci *fake = make(NULL, 0);
	struct pci_device device = { .bars = { { 0xfe000000, 4096, false }, { 0xc000, 64, true } } };
	struct regs regs;

	CHECK(fake);
	device.host = &fake->host;
	CHECK_EQ(pci_map(&device, 0, 0, 4096, &regs), 0);
	CHECK_EQ(regs.size, 4096);
	CHECK(pci_map(&device, 0, 1, 4096, &regs));
	CHECK(pci_map(&device, 0, UINT64_MAX, 2, &regs));
	CHECK(pci_map(&device, 1, 0, 4, &regs));
	CHECK(pci_map(&device, 2, 0, 4, &regs));
	CHECK(pci_map(&device, 99, 0, 4, &regs));
	heap_free(fake);
}
