/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The local APICs: the timer of each is its CPU's one-shot timer, LINT1 stays an NMI, and CPUs start and interrupt each
 * other through them. The old interrupt controllers (8259) are masked for good.
 */
#include "apic.h"
#include "pc_internal.h"

#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>

#define APIC_BASE_X2APIC (1u << 10)
#define APIC_BASE_ENABLE (1u << 11)

#define LVT_MASKED 0x10000u
#define LVT_TSC_DEADLINE 0x40000u
#define DIVIDE_BY_16 0x3

#define VECTOR_TIMER 0x40
#define VECTOR_SPURIOUS 0xff

static uint64_t read_msr(uint32_t msr)
{
	return x86_read_msr(msr);
}

static void write_msr(uint32_t msr, uint64_t value)
{
	x86_write_msr(msr, value);
}

struct apic apic = { .msr_read = read_msr, .msr_write = write_msr };
static uint64_t ticks_per_ns_32; /* timer ticks a nanosecond, 32 bits of fraction */
static bool tsc_deadline;

static NO_INSTRUMENT void timer_fired(unsigned vector UNUSED)
{
	apic_write(&apic, APIC_EOI, 0); /* first: what the timer calls may not return here */
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
	apic.memory = (volatile uint32_t *)virt;
	return 0;
}

void lapic_enable(void)
{
	uint64_t mode = apic.memory ? APIC_BASE_ENABLE : APIC_BASE_ENABLE | APIC_BASE_X2APIC;

	x86_write_msr(MSR_APIC_BASE, x86_read_msr(MSR_APIC_BASE) | mode);
	apic_write(&apic, APIC_SPURIOUS, 0x100 | VECTOR_SPURIOUS);
	apic_write(&apic, APIC_TASK_PRIORITY, 0);
	apic_write(&apic, APIC_LVT_LINT0, LVT_MASKED);
	apic_write(&apic, APIC_LVT_LINT1, APIC_NMI);
	apic_write(&apic, APIC_TIMER_DIVIDE, DIVIDE_BY_16);
	apic_write(&apic, APIC_LVT_TIMER, LVT_MASKED);
}

int lapic_init(void)
{
	uint64_t base = x86_read_msr(MSR_APIC_BASE);
	int err = 0;

	pic_mask();
	if (!(base & APIC_BASE_X2APIC))
		err = registers_map(base);
	if (err)
		return err;
	lapic_enable();
	apic_write(&apic, APIC_TIMER_INITIAL, UINT32_MAX); /* counts from now on: clock.c measures it */
	return 0;
}

uint32_t lapic_ticks(void)
{
	return apic_read(&apic, APIC_TIMER_CURRENT);
}

static void spurious(unsigned vector UNUSED)
{
}

bool lapic_timer_counts_tsc(void)
{
	return x86_cpuid(1, 0).ecx & 1u << 24;
}

void lapic_timer_enable(void)
{
	apic_write(&apic, APIC_TIMER_INITIAL, 0);
	apic_write(&apic, APIC_LVT_TIMER, VECTOR_TIMER | (tsc_deadline ? LVT_TSC_DEADLINE : 0));
	if (tsc_deadline)
		memory_barrier(); /* the SDM wants one between this write and the MSR's */
}

void lapic_timer_init(uint64_t ticks_per_second)
{
	tsc_deadline = lapic_timer_counts_tsc();
	ticks_per_ns_32 = clock_per_ns_32(ticks_per_second);
	x86_irq_set_handler(VECTOR_TIMER, timer_fired);
	x86_irq_set_handler(VECTOR_SPURIOUS, spurious);
	lapic_timer_enable();
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
		apic_write(&apic, APIC_TIMER_INITIAL, off ? 0 : ticks_until(deadline_ns));
}
