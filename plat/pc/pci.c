/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuration space of a PC's PCI through its two ports: PCI Local Bus Specification 3.0, 3.2.2.3.2. They reach the
 * first 256 bytes of each function, which is all that our drivers look at.
 */
#include "pc_internal.h"

#include <arch/x86.h>
#include <kernel/pci.h>
#include <kernel/spinlock.h>

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

const struct pci_host *pci_ports_host(void)
{
	return &ports_host;
}
