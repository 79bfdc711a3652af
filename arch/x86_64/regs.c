/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Printing registers, for crash reports.
 */
#include <arch/arch.h>
#include <kernel/log.h>

void arch_regs_print(const struct arch_regs *r)
{
	log_printf("rip %016lx rsp %016lx rbp %016lx flags %08lx\n", r->rip, r->rsp, r->rbp, r->rflags);
	log_printf("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", r->rax, r->rbx, r->rcx, r->rdx);
	log_printf("rsi %016lx rdi %016lx r8  %016lx r9  %016lx\n", r->rsi, r->rdi, r->r8, r->r9);
	log_printf("r10 %016lx r11 %016lx r12 %016lx r13 %016lx\n", r->r10, r->r11, r->r12, r->r13);
	log_printf("r14 %016lx r15 %016lx cr2 %016lx vector %lu error %lx\n", r->r14, r->r15, r->cr2, r->vector, r->error);
}
