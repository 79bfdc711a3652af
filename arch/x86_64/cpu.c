/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Brings a CPU up: segments, task state with the interrupt stacks, control registers, the system-call entry, FPU; and
 * what can be asked of a CPU (entropy, name).
 */
#include "arch_internal.h"
#include "asm.h"

#include <instrumentation/shadowstack/place.h>
#include <kernel/stack_guard.h>

_Static_assert(offsetof(struct cpu, self) == 0x00, "arch_cpu() reads it");
_Static_assert(offsetof(struct cpu, thread) == 0x08, "arch_thread() reads it");
_Static_assert(offsetof(struct cpu, kernel_stack_top) == ASM_CPU_KERNEL_STACK_TOP, "entry.S reads it");
_Static_assert(offsetof(struct cpu, user_sp) == ASM_CPU_USER_SP, "entry.S writes it");
_Static_assert(offsetof(struct cpu, preempt_count) == 0x20, "arch_preempt_add() writes it");
_Static_assert(offsetof(struct cpu, hardware_id) == ASM_CPU_HARDWARE_ID, "secondary_entry.S reads it");
_Static_assert(offsetof(struct cpu, stack_guard) == 0x28, "the compiler reads it");
_Static_assert(offsetof(struct cpu, shadow_sp) == SHADOW_STACK_POINTER, "instrumentation/shadowstack's filter");
_Static_assert(offsetof(struct x86_ist_stack, cpu) == X86_IST_SIZE - 16, "entry.S reads it above the frame");

#define GDT_CODE UINT64_C(0x00af9b000000ffff)
#define GDT_DATA UINT64_C(0x00cf93000000ffff)
struct x86_tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map_base;
} PACKED;

#define GDT_TSS 4 /* of the first CPU; two entries each */

/* Those of all CPUs, beside each other, so that they can be sealed. */
static uint64_t gdt[GDT_TSS + 2 * CPUS_MAX] SEALED;
static struct x86_tss tasks[CPUS_MAX] SEALED;

/* Program flags that are cleared at a system call: TF, IF, DF, NT, AC. */
#define SYSCALL_FLAGS_MASK 0x44700

SEALED bool cpu_has_fsgsbase;
static SEALED bool has_rdrand, has_rdseed, has_rdtscp;
static SEALED char name[49];

NO_INSTRUMENT static void segments_load(const struct cpu *cpu)
{
	struct x86_tss *task = &tasks[cpu->id];
	uint64_t *entry = &gdt[GDT_TSS + 2 * cpu->id];
	struct {
		uint16_t limit;
		uint64_t base;
	} PACKED pointer = { sizeof(gdt) - 1, (uint64_t)gdt };
	uint64_t tss = (uint64_t)task;

	gdt[1] = GDT_CODE;
	gdt[2] = GDT_DATA;
	entry[0] = (sizeof(*task) - 1) | (tss & 0xffffff) << 16 | UINT64_C(0x89) << 40 | (tss >> 24 & 0xff) << 56;
	entry[1] = tss >> 32;
	task->io_map_base = sizeof(*task);
	__asm__ volatile("lgdt %0" ::"m"(pointer) : "memory");
	__asm__ volatile("ltr %w0" ::"r"((GDT_TSS + 2 * cpu->id) * sizeof(*gdt)) : "memory");
}

NO_INSTRUMENT static void interrupt_stacks_init(struct cpu *cpu)
{
	for (int i = 0; i < X86_ISTS; i++) {
		struct x86_ist_stack *stack = &cpu->arch.ist[i];

		stack->cpu = cpu;
		tasks[cpu->id].ist[i] = (uint64_t)&stack->cpu;
	}
}

static void features_init(void)
{
	struct x86_cpuid basic = x86_cpuid(1, 0);

	has_rdrand = basic.ecx & 1u << 30;
	has_rdseed = x86_cpuid(0, 0).eax >= 7 && (x86_cpuid(7, 0).ebx & 1u << 18);
	if (x86_cpuid(0, 0).eax >= 7 && (x86_cpuid(7, 0).ebx & 1)) {
		X86_WRITE_CR(4, X86_READ_CR(4) | CR4_FSGSBASE);
		cpu_has_fsgsbase = true;
	}
	X86_WRITE_CR(4, X86_READ_CR(4) | CR4_PGE);
	X86_WRITE_CR(0, X86_READ_CR(0) | CR0_WP);
	tables_init();
}

static void syscall_init(void)
{
	x86_write_msr(MSR_EFER, x86_read_msr(MSR_EFER) | EFER_SCE | EFER_NXE);
	x86_write_msr(MSR_STAR, (uint64_t)ASM_CODE_SELECTOR << 32);
	x86_write_msr(MSR_LSTAR, (uint64_t)syscall_stub);
	x86_write_msr(MSR_SFMASK, SYSCALL_FLAGS_MASK);
}

/* RDTSCP gives programs what is put here. (Intel SDM volume 2, RDTSCP) */
static void number_init(uint32_t id)
{
	if (x86_cpuid(0x80000000, 0).eax < 0x80000001 || !(x86_cpuid(0x80000001, 0).edx & 1u << 27))
		return;
	x86_write_msr(MSR_TSC_AUX, id);
	has_rdtscp = true;
}

bool arch_cpu_is_told(void)
{
	return has_rdtscp;
}

/* The brand string, without the spaces that pad it on the left. */
static void name_init(void)
{
	static char brand[49];
	const char *p = brand;

	if (x86_cpuid(0x80000000, 0).eax < 0x80000004)
		return;
	for (uint32_t i = 0; i < 3; i++) {
		struct x86_cpuid r = x86_cpuid(0x80000002 + i, 0);

		__builtin_memcpy(brand + i * 16, &r, 16);
	}
	while (*p == ' ')
		p++;
	__builtin_memcpy(name, p, sizeof(brand) - (size_t)(p - brand));
}

/* Before the entropy source is up: what the CPU has. Its thread keeps it for as long as it has frames from before. */
NO_INSTRUMENT static void guard_init(struct cpu *cpu)
{
	uint64_t word = 0;

	if (!IS_ENABLED(CONFIG_STACK_PROTECTOR))
		return;
	arch_random(&word);
	cpu->stack_guard = (word ^ arch_cycles() * UINT64_C(0x9e3779b97f4a7c15)) & STACK_GUARD_MASK;
}

NO_INSTRUMENT void arch_cpu_init(struct cpu *cpu)
{
	cpu->self = cpu;
	interrupt_stacks_init(cpu);
	segments_load(cpu);
	x86_write_msr(MSR_GS_BASE, (uint64_t)cpu);
	if (cpu->id == 0)
		trap_table_init();
	trap_table_load();
	features_init();
	guard_init(cpu);
	number_init(cpu->id);
	syscall_init();
	fpu_init();
	if (cpu->id == 0)
		name_init();
}

void arch_irq_wait(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}

bool arch_random(uint64_t *value)
{
	bool ok = false;

	if (!has_rdrand)
		return false;
	for (int tries = 0; tries < 10 && !ok; tries++)
		__asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(ok));
	return ok;
}

bool arch_random_seed(uint64_t *value)
{
	bool ok = false;

	if (!has_rdseed)
		return false;
	for (int tries = 0; tries < 100 && !ok; tries++)
		__asm__ volatile("rdseed %0" : "=r"(*value), "=@ccc"(ok));
	return ok;
}

const char *arch_cpu_name(void)
{
	return name[0] ? name : "x86_64";
}
