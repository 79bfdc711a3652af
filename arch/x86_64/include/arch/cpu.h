/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * x86_64: the types and inline functions that arch/arch.h promises. GS is the kernel's (its base is the running CPU's
 * struct cpu, whose first fields have fixed offsets), FS is the program's. Nothing here needs another kernel header.
 */
#pragma once

#include <kernel/compiler.h>

/* Where things are. The image is linked at KERNEL_BASE plus its physical address; option LAYOUT_IMAGE moves it up. */
#define KERNEL_BASE UINT64_C(0xffffffff80000000)
#define X86_IMAGE_PHYS UINT64_C(0x100000)
#define X86_KERNEL_HALF UINT64_C(0xffff800000000000)
#define DIRECT_MAP_SIZE (UINT64_C(1) << 39)
#define X86_DIRECT_MAP_AREA (UINT64_C(1) << 46) /* from the start of the kernel's half on, for the direct map */
#if CONFIG_LAYOUT_IMAGE
/* Each instruction that asks holds the answer: image_move() changes them all. The symbol is kernel.ld's. */
static ALWAYS_INLINE uint64_t x86_direct_map(void)
{
	uint64_t base;

	__asm__("movabsq $direct_map_linked, %0" : "=r"(base));
	return base;
}
#define DIRECT_MAP_BASE x86_direct_map()
#else
#define DIRECT_MAP_BASE X86_KERNEL_HALF
#endif
#define STACK_AREA_BASE UINT64_C(0xffffc90000000000)
#define STACK_AREA_SIZE (UINT64_C(1) << (IS_ENABLED(CONFIG_LAYOUT_STACKS) ? 39 : 30))
/* Shadow stacks: as many as there are slots in STACK_AREA (option SHADOW_STACK). */
#define SHADOW_AREA_BASE UINT64_C(0xffffca0000000000)
#define SHADOW_AREA_SIZE STACK_AREA_SIZE
#define X86_ALIAS_AREA UINT64_C(0xffffd00000000000) /* 512 GiB for arch_alias() */

/* Values of arch_regs.vector: 0-31 exceptions, 32-255 interrupts, and a system call. */
#define X86_VECTOR_SYSCALL 256

/* Saved by every entry into the kernel, in this order in memory; entry.S pushes it. */
struct arch_regs {
	uint64_t cr2;  /* of a page fault, else 0 */
	uint64_t orig_rax; /* a system call's number; all ones otherwise */
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector;
	uint64_t error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* x87, SSE and AVX state in XSAVE's standard form (64 bytes aligned), and room to align it. */
#define X86_FPU_SIZE 832

struct arch_context {
	uint64_t sp;   /* must be first: switch.S uses it */
	uint64_t fs_base;  /* of a thread with a program, while it does not run */
	uint64_t alt_low, alt_high; /* the stack of arch_call_on_stack(), 0 when on none */
	uint64_t shadow_base, shadow_sp; /* its shadow stack, and where that ends while it does not run */
	uint64_t stack_guard; /* struct cpu's, while it does not run */
	uint8_t fpu[X86_FPU_SIZE + 64];
};

struct arch_jump {
	uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip; /* switch.S uses these */
	uint64_t rflags;
	struct thread *thread;
	uint64_t kernel_stack_top, alt_low, alt_high, shadow_sp, stack_guard;
	uint32_t preempt_count, irq_depth;
};

struct arch_pagetable {
	phys_t root;  /* the level-4 table */
};

/* Interrupt stacks (the TSS's IST): every vector starts on one of these and then moves its frame. */
enum x86_ist { X86_IST_PAGE_FAULT, X86_IST_NMI, X86_IST_DOUBLE_FAULT, X86_IST_MACHINE_CHECK, X86_IST_OTHER, X86_ISTS };

#define X86_IST_SIZE (8 * KIB)

struct x86_ist_stack {
	uint8_t room[X86_IST_SIZE - 16];
	struct cpu *cpu; /* at the address the stack starts at: from here NMI and #MC restore GS */
	uint64_t unused;
} ALIGNED(16);

struct arch_cpu {
	unsigned tables_open; /* arch_pagetable_edit() without its end */
	struct arch_context boot_context; /* for code that runs before there are threads */
	struct x86_ist_stack ist[X86_ISTS];
};

#define X86_RFLAGS_IF UINT64_C(0x200)
#define X86_RFLAGS_AC UINT64_C(0x40000)

static inline struct cpu *arch_cpu(void)
{
	struct cpu *cpu;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

static inline struct thread *arch_thread(void)
{
	struct thread *thread;

	__asm__ volatile("movq %%gs:8, %0" : "=r"(thread));
	return thread;
}

static inline void arch_preempt_add(int n)
{
	__asm__ volatile("addl %0, %%gs:0x20" ::"ri"(n) : "memory", "cc");
}

static inline bool arch_local_compare_exchange(uint64_t *at, uint64_t *expected, uint64_t desired)
{
	bool equal;

	__asm__ volatile("cmpxchgq %3, %1" : "=@ccz"(equal), "+m"(*at), "+a"(*expected) : "r"(desired) : "memory");
	return equal;
}

static inline bool arch_irq_enabled(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags)::"memory");
	return flags & X86_RFLAGS_IF;
}

static inline void arch_irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}

static inline void arch_irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}

static inline unsigned long arch_irq_save(void)
{
	unsigned long enabled = arch_irq_enabled();

	if (enabled)
		arch_irq_disable();
	return enabled;
}

static inline void arch_irq_restore(unsigned long flags)
{
	if (flags)
		arch_irq_enable();
	else
		arch_irq_disable();
}

/* Where such a branch is, where it leads, and its key; both places as distances from the word itself. */
struct x86_branch_site {
	int32_t at, to;
	uint32_t key;
};

/* A no-op of five bytes, in the place of a jump of five bytes. */
static ALWAYS_INLINE bool arch_branch(unsigned key)
{
	__asm__ goto("1:	.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
		     "	.pushsection branch_sites, \"aR\"\n"
		     "	.balign 4\n"
		     "	.long 1b - ., %l[taken] - ., %c0\n"
		     "	.popsection" ::"i"(key)::taken);
	return false;
taken:
	return true;
}

/* tables.c */
unsigned long x86_tables_open(void);
void x86_tables_close(unsigned long irq);
#define X86_TABLES_LOCKED (IS_ENABLED(CONFIG_PROTECTION_KEYS) || IS_ENABLED(CONFIG_TABLE_VIEW))

static inline unsigned long arch_pagetable_edit(void)
{
	return X86_TABLES_LOCKED ? x86_tables_open() : 0;
}

static inline void arch_pagetable_edited(unsigned long irq)
{
	if (X86_TABLES_LOCKED)
		x86_tables_close(irq);
}

static inline void arch_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

static inline uint64_t arch_cycles(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

extern uint64_t first_cycles; /* pvh_entry.S */
static inline uint64_t arch_first_cycles(void)
{
	return first_cycles;
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

static inline uint64_t arch_syscall_args(const struct arch_regs *regs, uint64_t args[6])
{
	args[0] = regs->rdi;
	args[1] = regs->rsi;
	args[2] = regs->rdx;
	args[3] = regs->r10;
	args[4] = regs->r8;
	args[5] = regs->r9;
	return regs->orig_rax;
}

static inline void arch_syscall_set_result(struct arch_regs *regs, long result)
{
	regs->rax = (uint64_t)result;
}

/* In 64-bit moves: the fastest under TCG, where string instructions take five times as long. */
static inline void arch_copy_page(void *dst, const void *src)
{
	uint64_t *to = __builtin_assume_aligned(dst, 64);
	const uint64_t *from = __builtin_assume_aligned(src, 64);

	for (size_t i = 0; i < PAGE_SIZE / sizeof(*to); i += 16) {
		for (size_t j = 0; j < 16; j++)
			to[i + j] = from[i + j];
	}
}

#define PTE_DIRTY (UINT64_C(1) << 6)

static inline bool arch_mapping_is_dirty(const struct arch_mapping *mapping)
{
	return *(const volatile uint64_t *)mapping->entry & PTE_DIRTY;
}

/* Without a branch in between: it is the loop of every reset. */
static inline bool arch_mapping_any_dirty(const uint64_t *entries, int count)
{
	const volatile uint64_t *entry = entries;
	uint64_t any = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < count; i++)
		any |= entry[i];
	return any & PTE_DIRTY;
}

static inline void arch_mapping_clear(const struct arch_mapping *mapping)
{
	*mapping->entry &= ~PTE_DIRTY;
}

static inline void *arch_phys_to_virt(phys_t phys)
{
	return (void *)(DIRECT_MAP_BASE + phys);
}

extern char image_start[]; /* kernel.ld */

/* What the image's physical addresses are added to: KERNEL_BASE unless it was moved (option LAYOUT_IMAGE). */
static inline uint64_t x86_image_base(void)
{
	return (uint64_t)image_start - X86_IMAGE_PHYS;
}

static inline phys_t arch_virt_to_phys(const void *virt)
{
	uint64_t address = (uint64_t)virt;

	return address >= KERNEL_BASE ? address - x86_image_base() : address - DIRECT_MAP_BASE;
}
