/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts of devices on a PC: the I/O APICs' lines (Intel 82093AA), and messages, which are writes to the local
 * APICs' addresses (Intel SDM volume 3, 11.11). All go to the boot CPU.
 */
#include "apic.h"
#include "pc_internal.h"
#include "tables.h"

#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/irq.h>
#include <kernel/regs.h>
#include <plat/plat.h>

#define VECTOR_FIRST 0x50u /* up to this and PLAT_IRQS */

#define MESSAGE_ADDRESS 0xfee00000u

/* The I/O APIC, where every chip set has the first one. */
#define IOAPIC_PHYS 0xfec00000u
#define IOAPIC_SIZE 0x20
#define IOAPIC_SELECT 0x00
#define IOAPIC_WINDOW 0x10
#define IOAPIC_VERSION 1
#define IOAPIC_ENTRY(line) (0x10 + 2 * (line))
#define IOAPICS_MAX 4

#define EVERYBODY 0xffu
#define ENTRY_LEVEL 0x8000u
#define ENTRY_MASKED 0x10000u

static struct ioapic {
	struct regs regs;
	unsigned first_line, lines;
} ioapics[IOAPICS_MAX];
static unsigned ioapic_count;

static uint32_t ioapic_read(const struct ioapic *ioapic, unsigned reg)
{
	regs_write32(&ioapic->regs, IOAPIC_SELECT, reg);
	return regs_read32(&ioapic->regs, IOAPIC_WINDOW);
}

static void ioapic_write(const struct ioapic *ioapic, unsigned reg, uint32_t value)
{
	regs_write32(&ioapic->regs, IOAPIC_SELECT, reg);
	regs_write32(&ioapic->regs, IOAPIC_WINDOW, value);
}

/* A line that is still active when its interrupt ends comes again. */
static void fired(unsigned vector)
{
	irq_handle(vector - VECTOR_FIRST);
	apic_write(&apic, APIC_EOI, 0);
}

static void ioapic_add(phys_t address, unsigned first_line)
{
	struct ioapic *ioapic = &ioapics[ioapic_count];
	uint32_t version;

	if (regs_map(&ioapic->regs, address, IOAPIC_SIZE))
		return;
	version = ioapic_read(ioapic, IOAPIC_VERSION);
	if (version == UINT32_MAX)
		return;
	ioapic->first_line = first_line;
	ioapic->lines = (version >> 16 & 0xff) + 1;
	ioapic_count++;
}

/* Those that the firmware tells of; or the one that is always there. */
static void ioapics_find(void)
{
	struct madt_ioapic found[IOAPICS_MAX];
	unsigned count = madt_ioapics(pc_memory_at, boot_info->rsdp, found, IOAPICS_MAX);

	for (unsigned i = 0; i < count; i++)
		ioapic_add(found[i].address, found[i].first_line);
	if (!count)
		ioapic_add(IOAPIC_PHYS, 0);
}

static const struct ioapic *ioapic_of(unsigned line)
{
	if (!ioapic_count)
		ioapics_find();
	for (unsigned i = 0; i < ioapic_count; i++)
		if (line >= ioapics[i].first_line && line - ioapics[i].first_line < ioapics[i].lines)
			return &ioapics[i];
	return NULL;
}

int irq_line_on(unsigned irq, unsigned line)
{
	const struct ioapic *ioapic = ioapic_of(line);

	if (!ioapic)
		return -ENODEV;
	line -= ioapic->first_line;
	x86_irq_set_handler(VECTOR_FIRST + irq, fired);
	ioapic_write(ioapic, IOAPIC_ENTRY(line) + 1, cpus[0]->hardware_id << 24);
	ioapic_write(ioapic, IOAPIC_ENTRY(line), (VECTOR_FIRST + irq) | ENTRY_LEVEL);
	return 0;
}

int irq_line_nmi(unsigned line)
{
	const struct ioapic *ioapic = ioapic_of(line);

	if (!ioapic)
		return -ENODEV;
	line -= ioapic->first_line;
	ioapic_write(ioapic, IOAPIC_ENTRY(line) + 1, EVERYBODY << 24);
	ioapic_write(ioapic, IOAPIC_ENTRY(line), APIC_NMI);
	return 0;
}

void irq_line_off(unsigned line)
{
	const struct ioapic *ioapic = ioapic_of(line);

	if (ioapic)
		ioapic_write(ioapic, IOAPIC_ENTRY(line - ioapic->first_line), ENTRY_MASKED);
}

int irq_message_on(unsigned irq, struct irq_message *message)
{
	/* An address has room for eight bits of a CPU's id. */
	if (cpus[0]->hardware_id > 0xff)
		return -ENODEV;
	x86_irq_set_handler(VECTOR_FIRST + irq, fired);
	message->address = MESSAGE_ADDRESS | cpus[0]->hardware_id << 12;
	message->data = VECTOR_FIRST + irq;
	return 0;
}
