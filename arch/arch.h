/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPU contract: everything the portable kernel asks of a CPU, and what a CPU may ask of the kernel.
 *
 * Each arch/<cpu>/ implements all of it: arch/<cpu>/include/arch/cpu.h (types and inline parts; included below) and
 * .c/.S files. arch/host implements it inside a Linux process: contexts are switched by our own code, page tables are
 * a software radix tree, interrupts are a flag; only arch/host/os/ sees libc.
 *
 * arch/<cpu>/include/arch/cpu.h gives, besides the inline functions marked (inline) below:
 *
 *	struct arch_cpu		per-CPU parts (descriptor tables, interrupt stacks), embedded in struct cpu
 *	struct arch_context	what a thread keeps of the CPU while it does not run, embedded in struct thread
 *	struct arch_regs	registers of an interrupted or calling program or kernel
 *	struct arch_pagetable	an address space's tables, embedded in struct aspace
 *	KERNEL_BASE, DIRECT_MAP_BASE, DIRECT_MAP_SIZE, STACK_AREA_BASE, STACK_AREA_SIZE	the kernel's own address ranges;
 *				STACK_AREA_SIZE 0: kernel stacks cannot be mapped and lie in the direct map
 *	SHADOW_AREA_BASE, SHADOW_AREA_SIZE	where shadow stacks are (option SHADOW_STACK): kernel/mm/stack.c
 */
#pragma once

#include <kernel/types.h>

/* One leaf of the page tables: a 4 KiB page (see "seeing writes" below). */
struct arch_mapping {
	uint64_t *entry;	/* in the alias */
	uint64_t virt;
	phys_t phys;
	bool writable;
};

/* A page that holds page tables, and what its first entry maps. */
struct arch_table {
	phys_t phys;
	int level;		/* 1: its entries are leaves */
	uint64_t virt;
};

#include <arch/cpu.h>

struct cpu;
struct thread;
struct crash;

/* ---- start ---- */

/**
 * Brings up the CPU it runs on: descriptor tables, traps, system-call entry, FPU. Called once on each CPU, first thing,
 * with interrupts off; afterwards arch_cpu() works and a fault is a report instead of a reset.
 */
void arch_cpu_init(struct cpu *cpu);

/**
 * Completes the kernel's page tables: maps all of RAM at DIRECT_MAP_BASE in 4 KiB pages, gives the image its final
 * permissions (text read-execute, constants read-only, data read-write; nothing writable and executable) and drops
 * the boot mappings. Boot CPU, once, after page_init(); allocates table pages.
 */
int arch_memory_init(void);

/* ---- this CPU ---- */

/* (inline) The CPU this code runs on; meaningful while preemption or interrupts are off. */
static inline struct cpu *arch_cpu(void);
/*
 * (inline) The running thread: one instruction, so it is right even with preemption on. Never NULL after
 * arch_cpu_init().
 */
static inline struct thread *arch_thread(void);

/*
 * (inline) Adds to this CPU's preempt_count (struct cpu), in one step: the thread may be moved to another CPU before
 * and after, not in between.
 */
static inline void arch_preempt_add(int n);
/*
 * *at becomes desired if it is *expected; else that becomes what it is. One step for interrupts of this CPU, NMIs too;
 * other CPUs are not to write it.
 */
static inline bool arch_local_compare_exchange(uint64_t *at, uint64_t *expected, uint64_t desired);
/* (inline) Interrupts on this CPU. arch_irq_save() returns the former state for arch_irq_restore(). */
static inline unsigned long arch_irq_save(void);
static inline void arch_irq_restore(unsigned long flags);
static inline void arch_irq_enable(void);
static inline void arch_irq_disable(void);
static inline bool arch_irq_enabled(void);
/* Enables interrupts and waits for one, without a window in which it could be missed; returns with them enabled. */
void arch_irq_wait(void);
/* (inline) In a busy loop. */
static inline void arch_relax(void);
/* (inline) The cycle counter: monotonic on one CPU; its unit is the CPU's own. */
static inline uint64_t arch_cycles(void);
/* (inline) What that was at the kernel's first instruction; 0: not known. */
static inline uint64_t arch_first_cycles(void);
/* True and a random word when the CPU has an entropy instruction and it answered. */
bool arch_random(uint64_t *value);
/* The same from the CPU's noise itself, for seeding; slower, and it may have run out. */
bool arch_random_seed(uint64_t *value);
/* One line of text: vendor, model; for /proc and reports. */
const char *arch_cpu_name(void);

/*
 * What a non-maskable interrupt calls on the CPU that gets it, when no crash is being handled. It may come anywhere, so
 * handler takes no lock, faults on nothing, and calls nothing that does.
 */
void arch_set_nmi(void (*handler)(const struct arch_regs *regs));

/*
 * This CPU calls reached() when it is about to execute what is at address, a program's or the kernel's: once, in an
 * exception, with interrupts off. It is the same for all CPUs that are asked, each by itself, and lasts until then.
 * -ENOSYS where CPUs cannot.
 */
int arch_break_once(uint64_t address, void (*reached)(void));

/* ---- branches that are chosen at boot (option TRACE) ---- */

/*
 * (inline) False, by one instruction that does nothing, until arch_branch_take() was called for the key, a constant
 * below ARCH_BRANCHES_MAX: then true, by a jump. In the host world it is a look at a table, and a jump.
 */
#define ARCH_BRANCHES_MAX 256
static ALWAYS_INLINE bool arch_branch(unsigned key);
/*
 * Boot CPU, while it is the only one and the kernel's code can still be written: before arch_memory_init().
 */
void arch_branch_take(unsigned key);

/*
 * Functions that can be traced (option TRACE_FUNCTIONS): how many; makes the n-th one, in the order of the image's
 * section __patchable_function_entries, call function_entered() first, or function_entered_exits() with exits, when the
 * same holds as above; and what such a function returns to, which calls function_left() for where it really does
 * (instrumentation/trace/function.h).
 */
size_t arch_functions(void);
void arch_function_patch(size_t n, bool exits);
uint64_t arch_function_return(void);

/* ---- other CPUs (option SMP) ---- */

/* What the interrupt controllers call the CPU it runs on. */
uint32_t arch_cpu_hardware_id(void);
/**
 * The physical address at which the platform has other CPUs begin, and which is made ready for that: each finds its
 * struct cpu in cpus[] by its hardware_id, takes the stack that ends at kernel_stack_top and the kernel's page tables,
 * and calls arch_cpu_init() and cpu_main() (kernel/smp.h). On x86 a page below 1 MiB. Boot CPU.
 */
phys_t arch_cpu_entry(void);
/* Stops the running CPU for good. */
void arch_cpu_halt(void) NORETURN;
/*
 * (inline) What is changed in tables in between costs less where each change has to unlock them first: for a few pages,
 * with interrupts off where that is so, and without waiting. They nest. The result is what the end wants.
 */
static inline unsigned long arch_pagetable_edit(void);
static inline void arch_pagetable_edited(unsigned long irq);
/**
 * What SEALED variables hold is final: where options READ_ONLY_AFTER_INIT and PROTECTION_KEYS want it, nobody can
 * write them any more. Called once on each CPU, by any first; nothing to do where the CPU does not map the kernel.
 */
void arch_memory_seal(void);
/* Forgets the running CPU's cached translations of a range of the program's addresses. */
void arch_pagetable_forget(uint64_t start, uint64_t end);

/* ---- threads ---- */

/**
 * Prepares a context that, when first switched to, calls entry(arg) on the given stack with interrupts disabled.
 * stack_top is 16-byte aligned; entry never returns.
 */
void arch_context_init(struct arch_context *context, void *stack_base, size_t stack_size, void (*entry)(void *),
		       void *arg);
/**
 * Saves the running context in prev and continues next, FPU included where one of them is a program's. Interrupts are
 * off. Returns when somebody switches back to prev. The callee-saved registers are all that code may keep across it.
 */
void arch_context_switch(struct thread *prev, struct thread *next);
/* Called on thread exit instead of a switch back: prev's stack is never used again (sanitizers must know). */
void arch_context_exit(struct thread *prev, struct thread *next) NORETURN;

/**
 * Runs fn(arg) on another stack and returns its result there; the stack is the caller's to keep alive.
 * Used for code that must not live on a stack under snapshot.
 */
long arch_call_on_stack(void *stack_base, size_t stack_size, long (*fn)(void *), void *arg);

/**
 * A jump point for one CPU, like setjmp/longjmp: arch_jump_set() returns 0, and again with the given non-zero value
 * when arch_jump() is called for it, from any deeper frame, another stack, or a trap handler. Only valid while the
 * function that set it has not returned. The harness loop uses it to end a crashed or hanging input.
 */
int arch_jump_set(struct arch_jump *jump) __attribute__((returns_twice));
void arch_jump(struct arch_jump *jump, int value) NORETURN;

/* ---- programs ---- */

/**
 * Starts the calling thread's program: registers from regs, on the program's own stack; never returns. The program
 * comes back through system calls and traps. Host world: there are no programs, it panics.
 */
void arch_user_start(const struct arch_regs *regs) NORETURN;
/**
 * Prepares a thread that has not run yet to continue the running thread's program as after the call it is in: same
 * registers, FPU state and thread pointer, but for the result 0, stack pointer sp (0: the same) and *tls (NULL: the
 * same). child->process is set already. It continues with arch_user_continue().
 */
void arch_user_clone(struct thread *child, user_ptr_t sp, const uint64_t *tls);
void arch_user_continue(void) NORETURN;
/* Sets *regs up for a program that starts at pc with stack pointer sp, all else zero. */
void arch_regs_init_user(struct arch_regs *regs, user_ptr_t pc, user_ptr_t sp);
/* The registers with which the running thread's program entered the kernel; NULL for a kernel thread. */
struct arch_regs *arch_user_regs(struct thread *thread);
/* (inline) The parts that portable code needs. */
static inline uint64_t arch_regs_pc(const struct arch_regs *regs);
static inline void arch_regs_set_pc(struct arch_regs *regs, uint64_t pc);
static inline uint64_t arch_regs_sp(const struct arch_regs *regs);
static inline uint64_t arch_regs_fp(const struct arch_regs *regs);
/* Copies them in the order that kernel/crash_abi.h gives for this CPU, at most max words; fills the rest with 0. */
void arch_regs_export(const struct arch_regs *regs, uint64_t *words, size_t max);
/* Copies 17 of them in the order of DWARF's numbers for this CPU, the program counter last (x86-64 psABI, 3.6.2). */
void arch_regs_dwarf(const struct arch_regs *regs, uint64_t *words);
/* One line a register group, through log_printf(). */
void arch_regs_print(const struct arch_regs *regs);
/*
 * (inline, but for the last) A system call's number and arguments, as the program passed them; its result; and that
 * the program makes it again.
 */
static inline uint64_t arch_syscall_args(const struct arch_regs *regs, uint64_t args[6]);
static inline void arch_syscall_set_result(struct arch_regs *regs, long result);
void arch_syscall_restart(struct arch_regs *regs);

/* What the auxiliary vector tells a program of its CPU: AT_HWCAP and AT_PLATFORM. */
uint64_t arch_hwcap(void);
const char *arch_platform(void);
/* True when a program can ask the CPU for its number. */
bool arch_cpu_is_told(void);
/* The shared object that programs are given (kernel/vdso.h), an ELF file; NULL: none. */
const void *arch_vdso(size_t *size);

struct abi_stack;
struct arch_signal;	/* what a handler is told: kernel/signal.h */
/**
 * Puts a frame onto the program's stack that remembers regs, FPU and mask, as Linux lays it out, and makes regs run the
 * handler. Of the running thread. -EFAULT: the stack cannot be written; regs are as before.
 */
int arch_signal_push(struct arch_regs *regs, const struct arch_signal *signal);
/*
 * Takes the frame off again that lies at the program's stack pointer. What it holds is the program's: it is
 * checked. -EFAULT.
 */
int arch_signal_pop(struct arch_regs *regs, uint64_t *mask, struct abi_stack *stack);
/* The thread pointer of a program (FS on x86): of the running thread. */
void arch_set_tls(uint64_t value);
uint64_t arch_get_tls(void);

/**
 * Walks frame pointers from (pc, fp) upwards: pc first, then return addresses. Never faults: it stops at the first
 * frame that is not in the stack given by [stack_low, stack_high).
 *
 * @return the number of entries written, at most max.
 */
size_t arch_backtrace(uint64_t pc, uint64_t fp, uint64_t stack_low, uint64_t stack_high, uint64_t *pcs, size_t max);

/*
 * True when the outermost return address of a backtrace says that the kernel was entered by the thread's program, so
 * that arch_user_regs() are where that was.
 */
bool arch_is_entry(uint64_t pc);

/* ---- memory ---- */

/* (inline) Direct map. virt must lie in it (or, for arch_virt_to_phys only, in the kernel image). */
static inline void *arch_phys_to_virt(phys_t phys);
static inline phys_t arch_virt_to_phys(const void *virt);

/* In how many places the image and the direct map may be (option LAYOUT_IMAGE). */
#if CONFIG_LAYOUT_IMAGE
uint64_t arch_image_places(void);
uint64_t arch_direct_map_places(void);
#else
static inline uint64_t arch_image_places(void)
{
	return 1;
}
static inline uint64_t arch_direct_map_places(void)
{
	return 1;
}
#endif

/* Access rights of a mapping. */
#define ARCH_PAGE_READ 1u
#define ARCH_PAGE_WRITE 2u
#define ARCH_PAGE_EXEC 4u
#define ARCH_PAGE_DEVICE 8u	/* uncached */

/* The kernel's own tables: what every address space shares above the program's range. */
extern struct arch_pagetable arch_kernel_pagetable;

/* Tables for one program: empty below USER_END, the kernel's above. -ENOMEM. */
int arch_pagetable_create(struct arch_pagetable *table);
/* Frees the table pages, not what they map. The tables are not in use on any CPU. */
void arch_pagetable_destroy(struct arch_pagetable *table);
/* Makes them the running CPU's tables. */
void arch_pagetable_activate(struct arch_pagetable *table);
bool arch_pagetable_is_active(const struct arch_pagetable *table);
/* Maps one page; replaces nothing: -EEXIST when there is a mapping; -ENOMEM. rights: ARCH_PAGE_*. */
int arch_pagetable_map(struct arch_pagetable *table, uint64_t virt, phys_t phys, unsigned rights);
/* Removes one page's mapping and its cached translation; returns its frame in *phys when phys is given. -ENOENT. */
int arch_pagetable_unmap(struct arch_pagetable *table, uint64_t virt, phys_t *phys);
/* Changes the rights of one page, its cached translation included. -ENOENT. */
int arch_pagetable_protect(struct arch_pagetable *table, uint64_t virt, unsigned rights);
/* Looks one page up: frame and rights. -ENOENT. */
int arch_pagetable_lookup(const struct arch_pagetable *table, uint64_t virt, phys_t *phys, unsigned *rights);
/**
 * Maps what from has in [start, end) in to as well, which has nothing there, with the same rights; read_only: without
 * that to write, in both. Calls visit for each frame. Cached translations of from are dropped on this CPU.
 * -ENOMEM: some of it is there.
 */
int arch_pagetable_share(struct arch_pagetable *from, struct arch_pagetable *to, uint64_t start, uint64_t end,
			 bool read_only, void (*visit)(phys_t phys, void *context), void *context);
/*
 * The first mapped page in [virt, end), or end when there is none; skips absent tables, so that huge holes cost
 * little.
 */
uint64_t arch_pagetable_next(const struct arch_pagetable *table, uint64_t virt, uint64_t end);

/**
 * Copies between the kernel and the program in the active tables; the range was checked with user_ok() already. A page
 * that is absent or protected is first offered to aspace_handle_fault().
 *
 * @return the number of bytes NOT copied: 0 is success.
 */
size_t arch_user_copy_in(void *dst, user_ptr_t src, size_t len);
size_t arch_user_copy_out(user_ptr_t dst, const void *src, size_t len);
size_t arch_user_zero(user_ptr_t dst, size_t len);
/*
 * Copies up to and including a NUL, at most size bytes. @return bytes copied with the NUL; size when there was none;
 * -EFAULT.
 */
ssize_t arch_user_copy_string(char *dst, user_ptr_t src, size_t size);

/* (inline) Copies a page past every check: of sanitizers, of poison, of instrumentation. */
static inline void arch_copy_page(void *dst, const void *src);

/* ---- seeing writes (option FUZZ; booted CPUs) ---- */

/**
 * Makes the alias: a second mapping of all machine memory, by tables of its own, outside what arch_mapping_foreach()
 * visits. What is written through it leaves no trace in any other mapping's dirty bit. alloc gives zeroed pages for
 * its tables.
 */
int arch_alias_init(void *(*alloc)(void));
void *arch_alias(phys_t phys);

/* Visits every leaf of a table, the kernel's part included; and, through table_page, every page that holds tables. */
void arch_mapping_foreach(const struct arch_pagetable *table,
			  void (*visit)(const struct arch_mapping *mapping, void *context),
			  void (*table_page)(const struct arch_table *table, void *context), void *context);
/*
 * Sets the accessed bit in every entry of a table, and the dirty bit in every leaf: from then on the CPU itself
 * writes to the tables only where arch_mapping_clean() has asked for it.
 */
void arch_mapping_settle(const struct arch_pagetable *table);
/* (inline) True when the page was written through this mapping since it was cleaned. */
static inline bool arch_mapping_is_dirty(const struct arch_mapping *mapping);
/* (inline) The same for any of count mappings, a constant, whose entries follow each other from this one on. */
static inline bool arch_mapping_any_dirty(const uint64_t *entries, int count);
/* (inline) Forgets it. The cached translation may stay: what is written through that is not seen. */
static inline void arch_mapping_clear(const struct arch_mapping *mapping);
/* Forgets it, the cached translation included: the next write is seen. */
void arch_mapping_clean(const struct arch_mapping *mapping);
/*
 * Gives a page of tables its content at the snapshot again, entry by entry through the alias, and drops the cached
 * translations of the leaves that this changes. @return true when all have to be dropped: an inner entry changed.
 */
bool arch_table_restore(const struct arch_table *table, const void *pristine);
/* Drops every cached translation. */
void arch_mapping_flush(void);
