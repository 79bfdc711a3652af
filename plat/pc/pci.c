/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuration space of a PC's PCI: in memory where the firmware says so (ECAM: PCI Express Base Specification 3.0,
 * 7.2.2), else through two ports (PCI Local Bus Specification 3.0, 3.2.2.3.2), which reach the first 256 bytes of each
 * function. Also virtio devices in memory, which are no bus's.
 */
#include "pc_internal.h"
#include "tables.h"

#include <arch/x86.h>
#include <kernel/log.h>
#include <kernel/pci.h>
#include <kernel/spinlock.h>
#include <plat/plat.h>

#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc
#define ENABLE 0x80000000u
#define BUSES 8 /* as many as QEMU's machines make without being asked for bridges, and more */

/* The address and the access are two steps. */
static struct spinlock lock = SPINLOCK_INIT;

static void select(unsigned function, unsigned offset)
{
	x86_out32(PORT_ADDRESS, ENABLE | function << 8 | (offset & 0xfc));
}

static uint32_t ports_read(const struct pci_host *host UNUSED, unsigned function, unsigned offset, unsigned bytes)
{
	unsigned long flags = spin_lock(&lock);
	uint32_t value;

	select(function, offset);
	value = x86_in32(PORT_DATA) >> 8 * (offset & 3);
	spin_unlock(&lock, flags);
	return bytes == 4 ? value : value & ((1u << 8 * bytes) - 1);
}

static void ports_write(const struct pci_host *host UNUSED, unsigned function, unsigned offset, unsigned bytes,
			uint32_t value)
{
	unsigned long flags = spin_lock(&lock);

	select(function, offset);
	if (bytes == 4)
		x86_out32(PORT_DATA, value);
	else if (bytes == 2)
		x86_out16((uint16_t)(PORT_DATA + (offset & 2)), (uint16_t)value);
	else
		x86_out8((uint16_t)(PORT_DATA + (offset & 3)), (uint8_t)value);
	spin_unlock(&lock, flags);
}

static const struct pci_host ports_host = { .read = ports_read, .write = ports_write, .buses = BUSES };

/* ---- in memory: a page for each function ---- */

#define FUNCTION_SIZE 4096u
#define FUNCTIONS_OF_BUS 256u

static phys_t ecam_base;
/* Those whose page is mapped: only buses are looked at that have something. */
static struct regs ecam_functions[BUSES * FUNCTIONS_OF_BUS];

static const struct regs *ecam_function(const struct pci_host *host, unsigned function)
{
	struct regs *regs = &ecam_functions[function];

	if (function >= host->buses * FUNCTIONS_OF_BUS)
		return NULL;
	if (!regs->size && regs_map(regs, ecam_base + (phys_t)function * FUNCTION_SIZE, FUNCTION_SIZE))
		return NULL;
	return regs;
}

static uint32_t ecam_read(const struct pci_host *host, unsigned function, unsigned offset, unsigned bytes)
{
	const struct regs *regs = ecam_function(host, function);

	if (!regs)
		return UINT32_MAX;
	return bytes == 4   ? regs_read32(regs, offset)
	       : bytes == 2 ? regs_read16(regs, offset)
			    : regs_read8(regs, offset);
}

static void ecam_write(const struct pci_host *host, unsigned function, unsigned offset, unsigned bytes, uint32_t value)
{
	const struct regs *regs = ecam_function(host, function);

	if (!regs)
		return;
	if (bytes == 4)
		regs_write32(regs, offset, value);
	else if (bytes == 2)
		regs_write16(regs, offset, (uint16_t)value);
	else
		regs_write8(regs, offset, (uint8_t)value);
}

static struct pci_host ecam_host = { .read = ecam_read, .write = ecam_write };

/* A table that is wrong shows what the ports do not: the first function, which all machines have, must be the same. */
const struct pci_host *pci_find_host(void)
{
	unsigned buses = 0;

	ecam_base = mcfg_find(pc_memory_at, boot_info->rsdp, &buses);
	ecam_host.buses = min(buses, (unsigned)BUSES);
	if (!ecam_base)
		return &ports_host;
	if (ecam_read(&ecam_host, 0, 0, 4) == ports_read(&ports_host, 0, 0, 4))
		return &ecam_host;
	log_warning("pci: no configuration space at %#llx, where the firmware says it is",
		    (unsigned long long)ecam_base);
	return &ports_host;
}

unsigned mmio_devices(struct plat_mmio *places, unsigned max)
{
	return dsdt_virtio(pc_memory_at, boot_info->rsdp, places, max);
}
