/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Contexts, calls on other stacks and jumps. The CPU keeps track of the stack it is on, and the address sanitizer is
 * told of every change before it happens: between that and the change only code of this file runs, which is not
 * instrumented.
 */
#include <kernel/cpu.h>
#include <kernel/harness_profile.h>
#include <kernel/log.h>
#include <kernel/thread.h>

#include "host_internal.h"
#include "os/arch_host_abi.h"
#include <instrumentation/asan/asan.h>

void arch_host_switch(void **save_sp, void *load_sp);
void arch_host_start(void);
long arch_host_call(void *stack_top, long (*fn)(void *), void *arg);
void arch_host_jump(struct arch_jump *jump, int value) NORETURN;

/* A tick may jump away from anywhere but from inside this. */
static void stack_set(struct arch_stack stack)
{
	arch_host_signals_defer();
	arch_host_state->stack = stack;
	asan_stack_set(stack.base, stack.size);
	arch_host_signals_allow();
}

void arch_context_init(struct arch_context *context, void *stack_base, size_t stack_size, void (*entry)(void *),
		       void *arg)
{
	uint64_t *sp = (uint64_t *)((char *)stack_base + stack_size);

	*--sp = 0;    /* keeps rsp a multiple of 16 in arch_host_start */
	*--sp = 0;
	*--sp = (uint64_t)arch_host_start; /* return address */
	*--sp = 0;    /* rbp: ends call chains */
	*--sp = (uint64_t)entry;  /* rbx */
	*--sp = (uint64_t)arg;   /* r12 */
	*--sp = 0;    /* r13 */
	*--sp = 0;    /* r14 */
	*--sp = 0;    /* r15 */
	context->sp = sp;
	context->stack = (struct arch_stack){ stack_base, stack_size };
	context->tls = 0;
}

void arch_context_switch(struct thread *prev, struct thread *next)
{
	harness_phase_switch(prev, next);
	prev->context.stack = arch_host_state->stack;
	stack_set(next->context.stack);
	arch_host_switch(&prev->context.sp, next->context.sp);
}

void arch_context_exit(struct thread *prev, struct thread *next)
{
	struct arch_stack left = arch_host_state->stack;
	void *ignored;

	harness_phase_switch(prev, next);
	stack_set(next->context.stack);
	asan_stack_forget(left.base, left.size);
	arch_host_switch(&ignored, next->context.sp);
	__builtin_unreachable();
}

long arch_call_on_stack(void *stack_base, size_t stack_size, long (*fn)(void *), void *arg)
{
	struct arch_stack old = arch_host_state->stack;
	long result;

	stack_set((struct arch_stack){ stack_base, stack_size });
	result = arch_host_call((char *)stack_base + stack_size, fn, arg);
	stack_set(old);
	return result;
}

/* Called by arch_jump_set(). */
void arch_host_jump_stack(struct arch_jump *jump);
void arch_host_jump_stack(struct arch_jump *jump)
{
	jump->stack = arch_host_state->stack;
}

void arch_jump(struct arch_jump *jump, int value)
{
	/* The sanitizer's report holds locks, so it cannot be left. The crash is recorded; a new process goes on. */
	if (asan_is_reporting())
		os_exit(HOST_STATUS_CRASH);
	arch_host_signals_reset();
	stack_set(jump->stack);
	asan_stack_forget(jump->stack.base, jump->rsp - (uintptr_t)jump->stack.base);
	arch_host_jump(jump, value);
}

void arch_user_clone(struct thread *child, user_ptr_t sp, const uint64_t *tls)
{
	(void)child;
	(void)sp;
	(void)tls;
	panic("the host world has no programs");
}

void arch_user_continue(void)
{
	panic("the host world has no programs");
}

void arch_user_start(const struct arch_regs *regs)
{
	(void)regs;
	panic("the host world has no programs");
}
