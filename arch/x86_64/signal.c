/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System-call registers, and the frame of a signal handler: what Linux puts on the stack, byte for byte (its
 * arch/x86/include/uapi/asm/{ucontext,sigcontext}.h), since unwinders and runtimes read it.
 */
#include "arch_internal.h"

#include <arch/x86.h>

#include <kernel/errno.h>
#include <kernel/process.h>
#include <kernel/signal.h>
#include <kernel/thread.h>
#include <kernel/user.h>

#define RED_ZONE 128
#define SYSCALL_SIZE 2 /* bytes of the instruction */

#define RFLAGS_PROGRAM 0x50dd5u /* what a program may set: CF PF AF ZF SF TF DF OF RF AC */
#define RFLAGS_HANDLER_CLEARS 0x10500u /* TF DF RF */

#define UC_FP_XSTATE 1u
#define UC_SIGCONTEXT_SS 2u
#define UC_STRICT_RESTORE_SS 4u

struct sigcontext {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	uint16_t cs, gs, fs, ss;
	uint64_t error, vector, oldmask, cr2;
	uint64_t fpstate;
	uint64_t reserved[8];
};

struct frame {
	uint64_t restorer;
	uint64_t uc_flags, uc_link;
	struct abi_stack stack;
	struct sigcontext context;
	uint64_t mask;
	struct abi_siginfo info;
};

void arch_syscall_restart(struct arch_regs *regs)
{
	regs->rax = regs->orig_rax;
	regs->rip -= SYSCALL_SIZE;
}

uint64_t arch_hwcap(void)
{
	return x86_cpuid(1, 0).edx;
}

const char *arch_platform(void)
{
	return "x86_64";
}

static void context_fill(struct sigcontext *c, const struct arch_regs *r, uint64_t mask)
{
	*c = (struct sigcontext){
		.r8 = r->r8,
		.r9 = r->r9,
		.r10 = r->r10,
		.r11 = r->r11,
		.r12 = r->r12,
		.r13 = r->r13,
		.r14 = r->r14,
		.r15 = r->r15,
		.rdi = r->rdi,
		.rsi = r->rsi,
		.rbp = r->rbp,
		.rbx = r->rbx,
		.rdx = r->rdx,
		.rax = r->rax,
		.rcx = r->rcx,
		.rsp = r->rsp,
		.rip = r->rip,
		.rflags = r->rflags,
		/* What a program of Linux would see: it must not learn, or depend on, where it really runs. */
		.cs = 0x33,
		.ss = 0x2b,
		.error = r->error,
		.vector = r->vector < 32 ? r->vector : 0,
		.oldmask = mask,
		.cr2 = r->cr2,
	};
}

static void context_apply(const struct sigcontext *c, struct arch_regs *r)
{
	r->r8 = c->r8;
	r->r9 = c->r9;
	r->r10 = c->r10;
	r->r11 = c->r11;
	r->r12 = c->r12;
	r->r13 = c->r13;
	r->r14 = c->r14;
	r->r15 = c->r15;
	r->rdi = c->rdi;
	r->rsi = c->rsi;
	r->rbp = c->rbp;
	r->rbx = c->rbx;
	r->rdx = c->rdx;
	r->rax = c->rax;
	r->rcx = c->rcx;
	r->rsp = c->rsp;
	r->rip = c->rip;
	r->rflags = (c->rflags & RFLAGS_PROGRAM) | X86_RFLAGS_IF | 2;
	r->orig_rax = UINT64_MAX;
}

static bool on_stack(uint64_t sp, const struct abi_stack *stack)
{
	return !(stack->flags & SS_DISABLE) && sp > stack->sp && sp - stack->sp <= stack->size;
}

/* Where the FPU state goes, and below it the frame; 0 when the alternate stack is too small. */
static uint64_t place(const struct arch_regs *regs, const struct arch_signal *signal, uint64_t *fpstate)
{
	bool switches = (signal->action.flags & SA_ONSTACK) && !(signal->stack.flags & SS_DISABLE) &&
			!on_stack(regs->rsp, &signal->stack);
	uint64_t sp = switches ? signal->stack.sp + signal->stack.size : regs->rsp - RED_ZONE;

	*fpstate = align_down(sp - X86_SIGNAL_FPU_SIZE, 64);
	sp = align_down(*fpstate - sizeof(struct frame), 16) - 8;
	if (switches && !on_stack(sp, &signal->stack))
		return 0;
	return sp;
}

int arch_signal_push(struct arch_regs *regs, const struct arch_signal *signal)
{
	struct frame frame = {
		.restorer = signal->action.restorer, .stack = signal->stack, .mask = signal->mask, .info = signal->info
	};
	uint8_t fpu[X86_SIGNAL_FPU_SIZE];
	uint64_t fpstate, sp = place(regs, signal, &fpstate);

	if (!sp || !(signal->action.flags & SA_RESTORER))
		return -EFAULT;
	fpu_signal_save(arch_thread(), fpu);
	frame.uc_flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	context_fill(&frame.context, regs, signal->mask);
	frame.context.fpstate = fpstate;
	if (!user_ok(sp, fpstate + sizeof(fpu) - sp) || process_copy_out(fpstate, fpu, sizeof(fpu)) ||
	    process_copy_out(sp, &frame, sizeof(frame)))
		return -EFAULT;
	/* So that no exception that is pending there, and allowed, comes again in the handler. */
	fpu_reset();
	regs->rdi = (uint64_t)(uint32_t)signal->info.signo;
	regs->rsi = sp + offsetof(struct frame, info);
	regs->rdx = sp + offsetof(struct frame, uc_flags);
	regs->rax = 0;
	regs->rsp = sp;
	regs->rip = signal->action.handler;
	regs->rflags &= ~(uint64_t)RFLAGS_HANDLER_CLEARS;
	regs->orig_rax = UINT64_MAX;
	return 0;
}

int arch_signal_pop(struct arch_regs *regs, uint64_t *mask, struct abi_stack *stack)
{
	struct frame frame;
	uint8_t fpu[X86_SIGNAL_FPU_SIZE];

	/* The handler's return has taken the restorer's address off. */
	if (user_read(&frame, regs->rsp - 8))
		return -EFAULT;
	if (!user_ok(frame.context.rip, 1))
		return -EFAULT;
	if (frame.context.fpstate) {
		if (user_copy_in(fpu, frame.context.fpstate, sizeof(fpu)))
			return -EFAULT;
		fpu_signal_load(arch_thread(), fpu);
	}
	context_apply(&frame.context, regs);
	*mask = frame.mask;
	*stack = frame.stack;
	return 0;
}
