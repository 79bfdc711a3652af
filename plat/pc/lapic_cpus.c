/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the CPUs of a PC start and interrupt each other, through their local APICs.
 */
#include "apic.h"
#include "pc_internal.h"

#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/clock.h>
#include <kernel/smp.h>

#define VECTOR_KICK 0x41

/*
 * Intel's protocol (SDM volume 3, 8.4.4) waits 10 ms after INIT, for CPUs of before 1996, and 200 us between the two
 * commands to start. An emulated CPU needs neither, and one that has begun ignores the second.
 */
#define INIT_WAIT_NS (10 * NSEC_PER_MSEC)
#define STARTUP_WAIT_NS (200 * NSEC_PER_USEC)

static void wait_ns(uint64_t ns)
{
	uint64_t until = clock_now_ns() + ns;

	while (clock_now_ns() < until)
		arch_relax();
}

static bool is_virtual_machine(void)
{
	return x86_cpuid(1, 0).ecx & 1u << 31;
}

static void command(uint32_t id, uint32_t what)
{
	unsigned long irq = arch_irq_save();

	apic_command(&apic, id, what);
	arch_irq_restore(irq);
}

static void command_all(const uint32_t *ids, unsigned count, uint32_t what)
{
	for (unsigned i = 0; i < count; i++)
		command(ids[i], what);
}

static void kicked(unsigned vector UNUSED)
{
	apic_write(&apic, APIC_EOI, 0);
	cpu_interrupt();
}

void lapic_cpus_start(const uint32_t *ids, unsigned count, uint64_t entry)
{
	uint32_t startup = APIC_STARTUP | APIC_ASSERT | (uint32_t)(entry >> PAGE_SHIFT);

	x86_irq_set_handler(VECTOR_KICK, kicked);
	command_all(ids, count, APIC_INIT | APIC_ASSERT);
	if (!is_virtual_machine())
		wait_ns(INIT_WAIT_NS);
	command_all(ids, count, startup);
	wait_ns(STARTUP_WAIT_NS);
	command_all(ids, count, startup);
}

void lapic_cpu_init(void)
{
	lapic_enable();
	lapic_timer_enable();
}

void lapic_cpu_interrupt(uint32_t id)
{
	command(id, APIC_FIXED | APIC_ASSERT | VECTOR_KICK);
}

void lapic_cpus_stop(void)
{
	if (cpu_count > 1)
		command(0, APIC_NMI | APIC_ASSERT | APIC_ALL_OTHERS);
}
