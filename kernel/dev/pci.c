/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The PCI bus: PCI Local Bus Specification 3.0. What configuration space says is a device's word: base addresses,
 * capability lists and tables are taken for what can be.
 */
#include <kernel/pci.h>

#include <instrumentation/trace/boot.h>
#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/mutex.h>
#include <plat/plat.h>

#define DEVICES_PER_BUS 32
#define FUNCTIONS_PER_DEVICE 8

#define HEADER_MULTI 0x80u
#define BAR_IO 1u
#define BAR_64 4u
#define BAR_MEMORY_MASK UINT64_C(0xfffffffffffffff0)
#define BAR_IO_MASK UINT64_C(0xfffffffc)

LINKSET_DECLARE(pci_driver);

static struct mutex lock = MUTEX_INIT(lock);
static struct list functions = LIST_INIT(functions);

uint32_t pci_read(const struct pci_device *device, unsigned offset, unsigned bytes)
{
	return device->host->read(device->host, device->function, offset, bytes);
}

void pci_write(const struct pci_device *device, unsigned offset, unsigned bytes, uint32_t value)
{
	device->host->write(device->host, device->function, offset, bytes, value);
}

unsigned pci_capability(const struct pci_device *device, uint8_t kind, unsigned after)
{
	unsigned at = pci_read(device, PCI_CAPABILITIES, 1) & ~3u;
	bool found_after = !after;

	if (!(pci_read(device, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
		return 0;
	for (int i = 0; i < PCI_CAPABILITIES_MAX && at >= 0x40; i++) {
		if (found_after && pci_read(device, at, 1) == kind)
			return at;
		found_after |= at == after;
		at = pci_read(device, at + 1, 1) & ~3u;
	}
	return 0;
}

/* ---- base addresses ---- */

/* What a base address register keeps of all ones tells its size (6.2.5.1). */
static uint32_t bar_mask(const struct pci_device *device, unsigned n)
{
	uint32_t old = pci_read(device, PCI_BAR(n), 4), mask;

	pci_write(device, PCI_BAR(n), 4, UINT32_MAX);
	mask = pci_read(device, PCI_BAR(n), 4);
	pci_write(device, PCI_BAR(n), 4, old);
	return mask;
}

/* Fills one; @return how many registers it takes. */
static unsigned bar_read(struct pci_device *device, unsigned n)
{
	struct pci_bar *bar = &device->bars[n];
	uint64_t address = pci_read(device, PCI_BAR(n), 4), mask = bar_mask(device, n);
	bool wide = !(address & BAR_IO) && (address & 6) == BAR_64 && n + 1 < PCI_BARS;

	bar->is_io = address & BAR_IO;
	if (wide) {
		address |= (uint64_t)pci_read(device, PCI_BAR(n + 1), 4) << 32;
		mask |= (uint64_t)bar_mask(device, n + 1) << 32;
	} else {
		mask |= UINT64_C(0xffffffff) << 32;
	}
	mask &= bar->is_io ? BAR_IO_MASK | UINT64_C(0xffffffff) << 32 : BAR_MEMORY_MASK;
	bar->address = address & (bar->is_io ? BAR_IO_MASK : BAR_MEMORY_MASK);
	bar->size = (uint32_t)mask ? ~mask + 1 : 0;
	if (wide && mask >> 32 && !(uint32_t)mask)
		bar->size = ~mask + 1;
	/* A size is a power of two, and an address a multiple of it. */
	if ((bar->size & (bar->size - 1)) || (bar->address & (bar->size - 1)))
		bar->size = 0;
	return wide ? 2 : 1;
}

static void bars_read(struct pci_device *device)
{
	uint32_t command = pci_read(device, PCI_COMMAND, 2);

	pci_write(device, PCI_COMMAND, 2, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	for (unsigned n = 0; n < PCI_BARS;)
		n += bar_read(device, n);
	pci_write(device, PCI_COMMAND, 2, command);
}

int pci_map(const struct pci_device *device, unsigned n, uint64_t offset, uint64_t size, struct regs *regs)
{
	const struct pci_bar *bar = n < PCI_BARS ? &device->bars[n] : NULL;

	if (!bar || bar->is_io || !bar->address || !size || offset > bar->size || size > bar->size - offset)
		return -EINVAL;
	if (device->host->map)
		return device->host->map(device->host, regs, bar->address + offset, size);
	return regs_map(regs, bar->address + offset, size);
}

void pci_enable(const struct pci_device *device)
{
	pci_write(device, PCI_COMMAND, 2,
		  pci_read(device, PCI_COMMAND, 2) | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_NO_INTX);
}

void pci_disable(const struct pci_device *device)
{
	pci_write(device, PCI_COMMAND, 2, pci_read(device, PCI_COMMAND, 2) & ~PCI_COMMAND_MASTER);
}

/* ---- MSI-X (6.8.2) ---- */

#define MSIX_CONTROL 2
#define MSIX_TABLE 4
#define MSIX_ENTRY_SIZE 16u
#define MSIX_ENABLE 0x8000u
#define MSIX_MASK_ALL 0x4000u
#define MSIX_SIZE_MASK 0x7ffu
#define MSIX_MASKED 1u

int pci_msix_enable(struct pci_device *device)
{
	unsigned at = pci_capability(device, PCI_CAP_MSIX, 0);
	uint32_t control, table;
	int err;

	if (!at)
		return -ENODEV;
	control = pci_read(device, at + MSIX_CONTROL, 2);
	table = pci_read(device, at + MSIX_TABLE, 4);
	device->msix_count = (control & MSIX_SIZE_MASK) + 1;
	err = pci_map(device, table & 7, table & ~7u, device->msix_count * MSIX_ENTRY_SIZE, &device->msix_table);
	if (err)
		return err;
	device->msix_capability = at;
	for (unsigned i = 0; i < device->msix_count; i++)
		regs_write32(&device->msix_table, i * MSIX_ENTRY_SIZE + 12, MSIX_MASKED);
	pci_write(device, at + MSIX_CONTROL, 2, (control | MSIX_ENABLE) & ~MSIX_MASK_ALL);
	return 0;
}

void pci_msix_disable(struct pci_device *device)
{
	if (device->msix_capability)
		pci_write(device, device->msix_capability + MSIX_CONTROL, 2, 0);
	device->msix_capability = 0;
}

int pci_msix_set(struct pci_device *device, unsigned index, irq_handler_t *handler, void *arg)
{
	struct irq_message message;
	size_t entry = index * MSIX_ENTRY_SIZE;
	int irq;

	if (!device->msix_capability || index >= device->msix_count)
		return -EINVAL;
	irq = device->host->message ? device->host->message(device->host, handler, arg, &message)
				    : irq_message(handler, arg, &message);
	if (irq < 0)
		return irq;
	regs_write32(&device->msix_table, entry, (uint32_t)message.address);
	regs_write32(&device->msix_table, entry + 4, (uint32_t)(message.address >> 32));
	regs_write32(&device->msix_table, entry + 8, message.data);
	regs_write32(&device->msix_table, entry + 12, 0);
	return irq;
}

/* ---- lines (6.2.4) ---- */

#define LINE_NONE 0xff

int pci_intx_set(struct pci_device *device, irq_handler_t *handler, void *arg)
{
	unsigned line = pci_read(device, PCI_INTERRUPT_LINE, 1);
	int irq;

	if (!pci_read(device, PCI_INTERRUPT_PIN, 1) || line == LINE_NONE)
		return -ENODEV;
	irq = device->host->line ? device->host->line(device->host, line, handler, arg) : irq_line(line, handler, arg);
	if (irq >= 0)
		pci_write(device, PCI_COMMAND, 2, pci_read(device, PCI_COMMAND, 2) & ~PCI_COMMAND_NO_INTX);
	return irq;
}

void pci_intx_release(struct pci_device *device, int irq)
{
	pci_write(device, PCI_COMMAND, 2, pci_read(device, PCI_COMMAND, 2) | PCI_COMMAND_NO_INTX);
	if (!device->host->line)
		irq_release(irq);
}

/* ---- finding ---- */

static int pci_probe(struct pci_device *device, const struct pci_driver *driver)
{
	uint64_t start = boot_step_start();
	int err = driver->probe(device);

	boot_step_end(BOOT_PROBE, start, driver->name);
	return err;
}

static void find_driver(struct pci_device *device)
{
	LINKSET_FOREACH(pci_driver, const struct pci_driver, driver) {
		int err;

		if (!driver->matches(device))
			continue;
		device->device.driver = driver->name;
		err = pci_probe(device, driver);
		if (!err) {
			device->driver = driver;
			return;
		}
		device->device.driver = NULL;
		if (err != -ENODEV)
			log_warning("%s (%s): it does not start: %s", device->device.name, driver->name,
				    errno_name(-err) ?: "unknown error");
	}
}

static int function_add(const struct pci_host *host, unsigned function)
{
	struct pci_device *device = heap_zalloc(sizeof(*device));

	if (!device)
		return -ENOMEM;
	device->host = host;
	device->function = function;
	device->vendor = (uint16_t)pci_read(device, PCI_VENDOR, 2);
	device->id = (uint16_t)pci_read(device, PCI_DEVICE, 2);
	device->class = pci_read(device, PCI_REVISION, 4) >> 8;
	device_add(&device->device, "pci %02x:%02x.%x", function >> 8, function >> 3 & 31, function & 7);
	if (!(pci_read(device, PCI_HEADER_TYPE, 1) & 0x7f))
		bars_read(device);
	list_append(&functions, &device->node);
	find_driver(device);
	return 0;
}

static bool is_there(const struct pci_host *host, unsigned function)
{
	uint16_t vendor = (uint16_t)host->read(host, function, PCI_VENDOR, 2);

	return vendor != 0xffff && vendor != 0;
}

static int scan_device(const struct pci_host *host, unsigned bus, unsigned device)
{
	unsigned first = PCI_FUNCTION(bus, device, 0), count = 1;
	int err = 0;

	if (!is_there(host, first))
		return 0;
	if (host->read(host, first, PCI_HEADER_TYPE, 1) & HEADER_MULTI)
		count = FUNCTIONS_PER_DEVICE;
	for (unsigned i = 0; i < count && !err; i++)
		if (is_there(host, first + i))
			err = function_add(host, first + i);
	return err;
}

/* Every bus is looked at, so bridges need not be understood. */
int pci_scan(const struct pci_host *host)
{
	int err = 0;

	mutex_lock(&lock);
	for (unsigned bus = 0; bus < host->buses && !err; bus++)
		for (unsigned device = 0; device < DEVICES_PER_BUS && !err; device++)
			err = scan_device(host, bus, device);
	mutex_unlock(&lock);
	return err;
}

void pci_remove_all(const struct pci_host *host)
{
	mutex_lock(&lock);
	list_foreach_safe(&functions, struct pci_device, node, device) {
		if (device->host != host)
			continue;
		if (device->driver)
			device->driver->remove(device);
		list_remove(&device->node);
		device_remove(&device->device);
		heap_free(device);
	}
	mutex_unlock(&lock);
}

static int pci_init(void)
{
	const struct pci_host *host = plat->pci_host ? plat->pci_host() : NULL;

	return host ? pci_scan(host) : 0;
}
INIT_CALL(INIT_DEVICE, pci_init);
