/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPUs beside the first (option SMP): where they begin, and what they are called.
 */
#include "arch_internal.h"

#include <kernel/smp.h>
#include <kernel/string.h>

/* In low memory, which nobody else uses (page_init.c). */
#define START_PAGE 0x8000

/* secondary_entry.S */
extern const char secondary_start[], secondary_start_end[];

_Static_assert(CPUS_MAX == 64, "secondary_entry.S knows it");

uint32_t arch_cpu_hardware_id(void)
{
	struct x86_cpuid r;

	if (x86_cpuid(0, 0).eax >= 0xb) {
		r = x86_cpuid(0xb, 0);
		if (r.ebx)
			return r.edx;
	}
	return x86_cpuid(1, 0).ebx >> 24;
}

phys_t arch_cpu_entry(void)
{
	memcpy(arch_phys_to_virt(START_PAGE), secondary_start, (size_t)(secondary_start_end - secondary_start));
	return START_PAGE;
}

void arch_cpu_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* secondary_entry.S calls it on the CPU's own stack, on the kernel's page tables, with interrupts off. */
void secondary_main(struct cpu *cpu) NORETURN;
NO_INSTRUMENT void secondary_main(struct cpu *cpu)
{
	/* Nobody waits for it any more, and what it would have to write is read-only. */
	if (memory_is_sealed)
		arch_cpu_halt();
	arch_cpu_init(cpu);
	cpu_main(cpu);
}
