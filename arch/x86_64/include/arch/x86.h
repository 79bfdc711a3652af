/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * x86_64 only: instructions and registers by name, and the interrupt vectors, for arch/x86_64 and the platforms that
 * are PCs. Register numbers and bits: Intel SDM volume 3 (MSRs: volume 4).
 */
#pragma once

#include <kernel/compiler.h>

#define MSR_APIC_BASE 0x1b
#define MSR_TSC_DEADLINE 0x6e0
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_TSC_AUX 0xc0000103
#define MSR_GS_BASE 0xc0000101

#define EFER_SCE (1u << 0)
#define EFER_NXE (1u << 11)

#define CR0_MP (UINT64_C(1) << 1)
#define CR0_EM (UINT64_C(1) << 2)
#define CR0_TS (UINT64_C(1) << 3)
#define CR0_NE (UINT64_C(1) << 5)
#define CR0_WP (UINT64_C(1) << 16)

#define CR4_PGE (UINT64_C(1) << 7)
#define CR4_OSFXSR (UINT64_C(1) << 9)
#define CR4_OSXMMEXCPT (UINT64_C(1) << 10)
#define CR4_FSGSBASE (UINT64_C(1) << 16)
#define CR4_OSXSAVE (UINT64_C(1) << 18)

struct x86_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct x86_cpuid x86_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct x86_cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t x86_read_msr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void x86_write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint8_t x86_in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void x86_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

static inline void x86_out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

static inline uint32_t x86_in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void x86_out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

#define X86_READ_CR(n)                                                                                                 \
	({                                                                                                             \
		uint64_t cr_value;                                                                                     \
		__asm__ volatile("movq %%cr" #n ", %0" : "=r"(cr_value)::"memory");                                    \
		cr_value;                                                                                              \
	})
#define X86_WRITE_CR(n, value) __asm__ volatile("movq %0, %%cr" #n ::"r"((uint64_t)(value)) : "memory")

static inline void x86_invalidate_page(uint64_t virt)
{
	__asm__ volatile("invlpg (%0)" ::"r"(virt) : "memory");
}

/* EFLAGS.AC: pages of the user's may be used by the supervisor. On a CPU that has SMAP. */
static inline void x86_set_ac(void)
{
	__asm__ volatile("stac" ::: "memory");
}

static inline void x86_clear_ac(void)
{
	__asm__ volatile("clac" ::: "memory");
}

#define X86_VECTOR_FIRST_IRQ 32

/* Called with interrupts off, inside the interrupt; the handler acknowledges its controller. */
typedef void x86_irq_handler_t(unsigned vector);
/* One handler a vector (32..255), set before the source is enabled. */
void x86_irq_set_handler(unsigned vector, x86_irq_handler_t *handler);
/*
 * One vector's interrupts come as faults, since its gate is said not to be there: for whoever delivers interrupts
 * twice, but not faults. Before anything is sealed. (AMD64 Architecture Programmer's Manual volume 2, 8.2.12, 8.4.2)
 */
void x86_irq_by_fault(unsigned vector);
