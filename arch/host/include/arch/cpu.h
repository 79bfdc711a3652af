/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host "CPU": a Linux process seen as one CPU of a machine. Types and inline parts of arch/arch.h.
 *
 * There is one CPU. The interrupt flag is a variable, and the timer interrupt is delivered at the interrupt points of
 * this world, which are arch_irq_wait(), arch_relax() and a reading of the machine's clock. Only while the clock is
 * virtual, when the timer serves nothing but the deadline of an input, it comes at any point, from a signal that
 * ticks every 10 ms. No function here makes a host system call, except arch_irq_wait() when there is nothing to do.
 */
#pragma once

#include <kernel/compiler.h>

/* Where the linker puts the process image (saki.host is not position independent). */
#define KERNEL_BASE UINT64_C(0x50000000)
/* Where the machine's memory file is mapped: high application memory in ASan's layout, far from its shadow. */
#define DIRECT_MAP_BASE UINT64_C(0x200000000000)
#define DIRECT_MAP_SIZE UINT64_C(0x1000000000)
/* Kernel stacks lie in the direct map: mapping them elsewhere would take host system calls, and a second shadow. */
#define STACK_AREA_BASE UINT64_C(0)
#define STACK_AREA_SIZE UINT64_C(0)
#define SHADOW_AREA_BASE UINT64_C(0)
#define SHADOW_AREA_SIZE UINT64_C(0)

struct cpu;
struct thread;

/* A stack that code may run on. */
struct arch_stack {
	void *base;
	size_t size;
};

/* In the order of struct crash_record's regs. */
struct arch_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags, cr2, error;
};

struct arch_context {
	void *sp;   /* saved registers and the return address lie there */
	struct arch_stack stack; /* the one it was on when it was switched from */
	uint64_t tls;   /* what arch_set_tls() was told */
};

struct arch_jump {
	uint64_t rbx, rbp, r12, r13, r14, r15; /* offsets 0 to 40, used by switch.S */
	uint64_t rsp, rip;   /* offsets 48, 56 */
	struct arch_stack stack;
};

struct arch_pagetable {
	phys_t root;  /* the top table's frame; 0 when there is none */
};

/* A cached translation of one page of the active tables. */
struct arch_translation {
	uint64_t virt;  /* page address; 1 (no page address) when the entry is empty */
	void *page;
	unsigned rights;
};

struct arch_cpu {
	bool irq_enabled;
	uint64_t timer_ns;  /* when the timer interrupt is due, by plat->clock_ns(); UINT64_MAX: not armed */
	struct arch_stack stack; /* the one that this CPU runs on */
	struct arch_pagetable *tables; /* active; NULL: the kernel's */
	struct arch_translation cached;
};

/* The one CPU, from arch_cpu_init() on; and its arch part. */
extern struct cpu *arch_host_cpu;
extern struct arch_cpu *arch_host_state;
/* The image's share of the machine's memory: virtual bounds, and where it lies in the file. */
extern char __start_saki_image[], __stop_saki_image[];
extern phys_t arch_host_image_phys;

/* Arms the timer interrupt; UINT64_MAX disarms. For the platform. */
void arch_host_timer_arm(uint64_t deadline_ns);
/* Delivers the timer interrupt when it is due at now_ns and interrupts are enabled. For the platform. */
void arch_host_timer_poll(uint64_t now_ns);
/* arch_relax() with an armed timer. */
void arch_host_relax(void);
static inline struct cpu *arch_cpu(void)
{
	return arch_host_cpu;
}

static inline struct thread *arch_thread(void)
{
	/* struct cpu's second field, see kernel/cpu.h. */
	return arch_host_cpu ? ((struct thread **)arch_host_cpu)[1] : NULL;
}

static inline void arch_preempt_add(int n)
{
	/* struct cpu's preempt_count, see kernel/cpu.h. */
	((uint32_t *)arch_host_cpu)[8] += (uint32_t)n;
}

static inline bool arch_local_compare_exchange(uint64_t *at, uint64_t *expected, uint64_t desired)
{
	return __atomic_compare_exchange_n(at, expected, desired, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

static inline bool arch_irq_enabled(void)
{
	return arch_host_state->irq_enabled;
}

static inline void arch_irq_enable(void)
{
	__asm__ volatile("" ::: "memory");
	arch_host_state->irq_enabled = true;
}

static inline void arch_irq_disable(void)
{
	arch_host_state->irq_enabled = false;
	__asm__ volatile("" ::: "memory");
}

static inline unsigned long arch_irq_save(void)
{
	unsigned long flags = arch_host_state->irq_enabled;

	arch_irq_disable();
	return flags;
}

static inline void arch_irq_restore(unsigned long flags)
{
	__asm__ volatile("" ::: "memory");
	arch_host_state->irq_enabled = flags;
}

/* The code of this process cannot be written: a compare with a table (branch.c), which no sanitizer looks at. */
static ALWAYS_INLINE bool arch_branch(unsigned key)
{
	__asm__ goto("	cmpb $0, arch_host_branches + %c0\n"
		     "	jne %l[taken]" ::"i"(key)
		     : "cc"
		     : taken);
	return false;
taken:
	return true;
}

static inline unsigned long arch_pagetable_edit(void)
{
	return 0;
}

static inline void arch_pagetable_edited(unsigned long irq UNUSED)
{
}

static inline void arch_relax(void)
{
	if (arch_host_state->timer_ns != UINT64_MAX && arch_host_state->irq_enabled)
		arch_host_relax();
	else
		__builtin_ia32_pause();
}

static inline uint64_t arch_cycles(void)
{
	return __builtin_ia32_rdtsc();
}

static inline uint64_t arch_first_cycles(void)
{
	return 0;
}

static inline uint64_t arch_regs_pc(const struct arch_regs *regs)
{
	return regs->rip;
}

static inline void arch_regs_set_pc(struct arch_regs *regs, uint64_t pc)
{
	regs->rip = pc;
}

static inline uint64_t arch_regs_sp(const struct arch_regs *regs)
{
	return regs->rsp;
}

static inline uint64_t arch_regs_fp(const struct arch_regs *regs)
{
	return regs->rbp;
}

/* No programs run here that could make a call. */
static inline uint64_t arch_syscall_args(const struct arch_regs *regs, uint64_t args[6])
{
	for (int i = 0; i < 6; i++)
		args[i] = 0;
	return regs->rax;
}

static inline void arch_syscall_set_result(struct arch_regs *regs, long result)
{
	regs->rax = (uint64_t)result;
}

/* On real CPUs twice as fast as any loop of 64-bit moves. */
static inline void arch_copy_page(void *dst, const void *src)
{
	uint64_t count = PAGE_SIZE;

	__asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(count) : : "memory");
}

static inline void *arch_phys_to_virt(phys_t phys)
{
	return (void *)(uintptr_t)(DIRECT_MAP_BASE + phys);
}

static inline phys_t arch_virt_to_phys(const void *virt)
{
	uintptr_t address = (uintptr_t)virt;

	if (address >= DIRECT_MAP_BASE)
		return address - DIRECT_MAP_BASE;
	return address - (uintptr_t)__start_saki_image + arch_host_image_phys;
}
