/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of arch/x86_64 share: symbols of assembly and of the linker script, and page-table bits.
 */
#pragma once

#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/cpu.h>

/* kernel.ld: areas of the image, page aligned. */
extern char text_start[], text_end[], rodata_end[], data_start[], sealed_start[], sealed_end[], image_end[];

/* pvh_entry.S */
extern char boot_stack[], boot_shadow[];
extern uint64_t boot_root[];

/* entry.S */
extern char trap_stubs[]; /* 256 of 16 bytes */
extern char syscall_stub[];
void user_resume(const struct arch_regs *regs) NORETURN;

/* switch.S */
void context_swap(uint64_t *save_sp, uint64_t new_sp);
void context_start(void);
long stack_call(void *top, void *arg);
void jump_resume(struct arch_jump *jump, long value) NORETURN;

/* user_copy.S */
size_t user_copy_raw(void *dst, const void *src, size_t len);
size_t user_zero_raw(void *dst, size_t len);
ssize_t user_string_raw(char *dst, const char *src, size_t size);

/* trap.c: builds the table of 256 gates, shared by all CPUs; loads it. */
void trap_table_init(void);
void trap_table_load(void);

/* context.c: the running thread's context, or this CPU's own before there are threads. */
struct arch_context *context_current(void);

/* fpu.c: once a CPU; then save and load a program's state, and give it the state a program starts with. */
void fpu_init(void);
void fpu_save(struct arch_context *context);
void fpu_load(const struct arch_context *context);
void fpu_reset(void);
/* FPE_*: what the running program's exception of the x87 or the SIMD unit was about. */
int fpu_exception_code(bool simd);
void fpu_context_init(struct arch_context *context);
/* The state in a signal frame: XSAVE's standard form and Linux's second magic number behind it. load changes frame. */
#define X86_SIGNAL_FPU_SIZE (X86_FPU_SIZE + 4)
void fpu_signal_save(struct thread *thread, uint8_t frame[X86_SIGNAL_FPU_SIZE]);
void fpu_signal_load(struct thread *thread, uint8_t frame[X86_SIGNAL_FPU_SIZE]);

/*
 * pagetable.c: the level-1 entry of a page, NULL when a table on the way is missing (with create: when there is no
 * memory); and what such an entry holds.
 */
uint64_t *pagetable_entry(const struct arch_pagetable *table, uint64_t virt, bool create);
uint64_t pagetable_make(uint64_t virt, phys_t phys, unsigned rights);
/* Where option NULL_GUARD is off: memory below USER_START. */
int pagetable_map_null(const struct arch_pagetable *table);

/*
 * tables.c: page tables that only few may write (options TABLE_VIEW, PROTECTION_KEYS). On each CPU; once there are
 * final tables, 0 or -ENOMEM. Who writes a table does it between arch_pagetable_edit() and arch_pagetable_edited(), at
 * pagetable_writable().
 */
void tables_init(void);
int tables_memory_init(void);
/* Whoever jumps out of whatever was open. */
void tables_close(void);
/* In an edit: a page becomes a table, or ordinary memory again; the page at an address gets a key, or loses it. */
void table_lock(phys_t table, bool locked);
void table_set_key(const void *virt, bool keyed);
/* A write to what has become ordinary memory again, which this CPU had not noticed: it is to be tried again. */
bool tables_fault_is_stale(const struct arch_regs *regs);
/* A write to a table that has a view, or a use of the view, not in an edit. */
bool tables_fault_is_attack(const struct arch_regs *regs);

/* keys.c: on each CPU; true where there are keys; pages that have one may be written, by this CPU. */
void keys_init(void);
bool keys_are_on(void);
void keys_allow(bool writing);

/* view.c: on each CPU; once there are final tables, 0 or -ENOMEM; a table is in the view, or ordinary memory again. */
void view_init(void);
int view_memory_init(void);
void view_table(phys_t table, bool shown);
extern bool view_is_there;

static inline bool view_is_on(void)
{
	return IS_ENABLED(CONFIG_TABLE_VIEW) && view_is_there;
}

/* Where an entry is written. */
static inline uint64_t *pagetable_writable(uint64_t *entry)
{
	return view_is_on() ? (uint64_t *)((uint64_t)entry - DIRECT_MAP_BASE + X86_ALIAS_AREA) : entry;
}

/* seal.c: arch_memory_seal() was called, where it does something. */
extern volatile bool memory_is_sealed;

/* cpu.c: the CPU has rdfsbase and wrfsbase, and we have enabled them. */
extern bool cpu_has_fsgsbase;

/* Page-table entries (Intel SDM volume 3, 4.5). */
#define PTE_PRESENT (UINT64_C(1) << 0)
#define PTE_WRITE (UINT64_C(1) << 1)
#define PTE_USER (UINT64_C(1) << 2)
#define PTE_WRITE_THROUGH (UINT64_C(1) << 3)
#define PTE_CACHE_DISABLE (UINT64_C(1) << 4)
#define PTE_ACCESSED (UINT64_C(1) << 5)
#define PTE_GLOBAL (UINT64_C(1) << 8)
#define PTE_TABLE (UINT64_C(1) << 10) /* ours: a page table, in the direct map */
#define PTE_KEY (UINT64_C(1) << 59) /* key 1 */
#define PTE_NO_EXECUTE (UINT64_C(1) << 63)
#define PTE_ADDRESS UINT64_C(0x000ffffffffff000)
