/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts of devices on a PC: the I/O APIC's lines (Intel 82093AA), and messages, which are writes to the local
 * APICs' addresses (Intel SDM volume 3, 11.11). All go to the boot CPU.
 */
#include "apic.h"
#include "pc_internal.h"

#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/irq.h>
#include <plat/plat.h>

#define VECTOR_FIRST 0x50u /* up to this and PLAT_IRQS */

#define MESSAGE_ADDRESS 0xfee00000u

/* The I/O APIC, where every chip set has the first one. */
#define IOAPIC_PHYS 0xfec00000u
#define IOAPIC_SELECT 0x00
#define IOAPIC_WINDOW 0x10
#define IOAPIC_VERSION 1
#define IOAPIC_ENTRY(line) (0x10 + 2 * (line))

#define ENTRY_LEVEL 0x8000u
#define ENTRY_MASKED 0x10000u

static volatile uint32_t *ioapic;
static unsigned lines;

static uint32_t ioapic_read(unsigned reg)
{
	ioapic[IOAPIC_SELECT / 4] = reg;
	return ioapic[IOAPIC_WINDOW / 4];
}

static void ioapic_write(unsigned reg, uint32_t value)
{
	ioapic[IOAPIC_SELECT / 4] = reg;
	ioapic[IOAPIC_WINDOW / 4] = value;
}

/* A line that is still active when its interrupt ends comes again. */
static void fired(unsigned vector)
{
	irq_handle(vector - VECTOR_FIRST);
	apic_write(&apic, APIC_EOI, 0);
}

static int ioapic_map(void)
{
	uint64_t virt = (uint64_t)arch_phys_to_virt(IOAPIC_PHYS);
	uint32_t version;
	int err = arch_pagetable_map(&arch_kernel_pagetable, virt, IOAPIC_PHYS,
				     ARCH_PAGE_READ | ARCH_PAGE_WRITE | ARCH_PAGE_DEVICE);

	if (err && err != -EEXIST)
		return err;
	ioapic = (volatile uint32_t *)virt;
	version = ioapic_read(IOAPIC_VERSION);
	lines = version == UINT32_MAX ? 0 : (version >> 16 & 0xff) + 1;
	return 0;
}

int irq_line_on(unsigned irq, unsigned line)
{
	int err = ioapic ? 0 : ioapic_map();

	if (err || line >= lines)
		return err ?: -ENODEV;
	x86_irq_set_handler(VECTOR_FIRST + irq, fired);
	ioapic_write(IOAPIC_ENTRY(line) + 1, cpus[0]->hardware_id << 24);
	ioapic_write(IOAPIC_ENTRY(line), (VECTOR_FIRST + irq) | ENTRY_LEVEL);
	return 0;
}

void irq_line_off(unsigned line)
{
	ioapic_write(IOAPIC_ENTRY(line), ENTRY_MASKED);
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
