/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers for crash reports: as words, and as text.
 */
#include <arch/arch.h>
#include <kernel/crash_abi.h>
#include <kernel/log.h>

void arch_regs_export(const struct arch_regs *r, uint64_t *words, size_t max)
{
	const uint64_t order[CRASH_REGS] = { r->rax, r->rbx, r->rcx, r->rdx,    r->rsi, r->rdi,  r->rbp,
					     r->rsp, r->r8,  r->r9,  r->r10,    r->r11, r->r12,  r->r13,
					     r->r14, r->r15, r->rip, r->rflags, r->cr2, r->error };

	for (size_t i = 0; i < max; i++)
		words[i] = i < CRASH_REGS ? order[i] : 0;
}

void arch_regs_dwarf(const struct arch_regs *r, uint64_t *words)
{
	const uint64_t order[] = { r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi, r->rbp, r->rsp, r->r8,
				   r->r9,  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15, r->rip };

	for (size_t i = 0; i < array_size(order); i++)
		words[i] = order[i];
}

void arch_regs_print(const struct arch_regs *r)
{
	log_printf("rip %016lx rsp %016lx rbp %016lx flags %08lx\n", r->rip, r->rsp, r->rbp, r->rflags);
	log_printf("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", r->rax, r->rbx, r->rcx, r->rdx);
	log_printf("rsi %016lx rdi %016lx r8  %016lx r9  %016lx\n", r->rsi, r->rdi, r->r8, r->r9);
	log_printf("r10 %016lx r11 %016lx r12 %016lx r13 %016lx\n", r->r10, r->r11, r->r12, r->r13);
	log_printf("r14 %016lx r15 %016lx cr2 %016lx vector %lu error %lx\n", r->r14, r->r15, r->cr2, r->vector,
		   r->error);
}
