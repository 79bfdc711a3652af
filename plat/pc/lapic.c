/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The local APIC of the boot CPU: its timer is the kernel's one-shot timer, LINT1 stays an NMI. Registers: Intel SDM
 * volume 3, chapter 11. The old interrupt controllers (8259) are masked for good.
 */
#include "pc_internal.h"

#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>

#define APIC_BASE_X2APIC (1u << 10)
#define APIC_BASE_ENABLE (1u << 11)

/* Registers, as byte offsets. */
#define LAPIC_TASK_PRIORITY 0x080
#define LAPIC_EOI 0x0b0
#define LAPIC_SPURIOUS 0x0f0
#define LAPIC_LVT_TIMER 0x320
#define LAPIC_LVT_LINT0 0x350
#define LAPIC_LVT_LINT1 0x360
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE 0x3e0

#define LVT_NMI 0x400u
#define LVT_MASKED 0x10000u
#define LVT_TSC_DEADLINE 0x40000u
#define DIVIDE_BY_16 0x3

#define VECTOR_TIMER 0x40
#define VECTOR_SPURIOUS 0xff

static volatile uint32_t *registers; /* NULL: x2APIC, by MSRs */
static uint64_t ticks_per_ns_32; /* timer ticks a nanosecond, 32 bits of fraction */
static bool tsc_deadline;

static void lapic_write(uint32_t reg, uint32_t value)
{
	if (registers)
		registers[reg / 4] = value;
	else
		x86_write_msr(0x800 + reg / 16, value);
}

static uint32_t lapic_read(uint32_t reg)
{
	return registers ? registers[reg / 4] : (uint32_t)x86_read_msr(0x800 + reg / 16);
}

static void timer_fired(void)
{
	lapic_write(LAPIC_EOI, 0); /* first: what the timer calls may not return here */
	timer_interrupt();
}

static void pic_mask(void)
{
	x86_out8(0x21, 0xff);
	x86_out8(0xa1, 0xff);
}

static int registers_map(uint64_t base)
{
	phys_t phys = base & UINT64_C(0x000ffffffffff000);
	uint64_t virt = (uint64_t)arch_phys_to_virt(phys);
	int err = arch_pagetable_map(&arch_kernel_pagetable, virt, phys,
				     ARCH_PAGE_READ | ARCH_PAGE_WRITE | ARCH_PAGE_DEVICE);

	if (err && err != -EEXIST)
		return err;
	registers = (volatile uint32_t *)virt;
	return 0;
}

int lapic_init(void)
{
	uint64_t base = x86_read_msr(MSR_APIC_BASE);
	int err = 0;

	pic_mask();
	x86_write_msr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	if (!(base & APIC_BASE_X2APIC))
		err = registers_map(base);
	if (err)
		return err;
	lapic_write(LAPIC_SPURIOUS, 0x100 | VECTOR_SPURIOUS);
	lapic_write(LAPIC_TASK_PRIORITY, 0);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, LVT_NMI);
	lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_16);
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
	lapic_write(LAPIC_TIMER_INITIAL, UINT32_MAX); /* counts from now on: clock.c measures it */
	return 0;
}

uint32_t lapic_ticks(void)
{
	return lapic_read(LAPIC_TIMER_CURRENT);
}

static void spurious(void)
{
}

bool lapic_timer_counts_tsc(void)
{
	return x86_cpuid(1, 0).ecx & 1u << 24;
}

void lapic_timer_init(uint64_t ticks_per_second)
{
	tsc_deadline = lapic_timer_counts_tsc();
	ticks_per_ns_32 = clock_per_ns_32(ticks_per_second);
	x86_irq_set_handler(VECTOR_TIMER, timer_fired);
	x86_irq_set_handler(VECTOR_SPURIOUS, spurious);
	lapic_write(LAPIC_TIMER_INITIAL, 0);
	lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER | (tsc_deadline ? LVT_TSC_DEADLINE : 0));
	if (tsc_deadline)
		memory_barrier(); /* the SDM wants one between this write and the MSR's */
}

/* A deadline beyond the counter's range fires early; timer_interrupt() then arms again. */
static uint32_t ticks_until(uint64_t deadline_ns)
{
	uint64_t now = clock_now_ns();
	unsigned __int128 ticks = deadline_ns > now ? (unsigned __int128)(deadline_ns - now) * ticks_per_ns_32 >> 32
						    : 0;

	return ticks >= UINT32_MAX ? UINT32_MAX : (uint32_t)ticks + 1;
}

void lapic_timer_arm(uint64_t deadline_ns)
{
	bool off = deadline_ns == UINT64_MAX;

	if (tsc_deadline)
		x86_write_msr(MSR_TSC_DEADLINE, off ? 0 : clock_to_tsc(deadline_ns));
	else
		lapic_write(LAPIC_TIMER_INITIAL, off ? 0 : ticks_until(deadline_ns));
}
