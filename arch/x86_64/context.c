/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads as the CPU sees them: switching, running on another stack, jump points, starting a program, walking frames.
 */
#include "arch_internal.h"
#include "asm.h"
#include "trap_internal.h"

#include <kernel/harness_profile.h>
#include <kernel/page.h>
#include <kernel/process.h>
#include <kernel/stack_guard.h>
#include <kernel/string.h>
#include <kernel/thread.h>

_Static_assert(offsetof(struct thread, context) == 0 && offsetof(struct arch_context, sp) == 0,
	       "context_swap() uses it");
_Static_assert(offsetof(struct arch_jump, rip) == 56 && offsetof(struct arch_jump, rflags) == 64, "switch.S uses them");
_Static_assert(sizeof(struct arch_regs) == ASM_REGS_SIZE, "entry.S pushes it");
_Static_assert(offsetof(struct arch_regs, r11) == ASM_REGS_R11 && offsetof(struct arch_regs, rcx) == ASM_REGS_RCX,
	       "entry.S");
_Static_assert(offsetof(struct arch_regs, r10) == ASM_REGS_R10 && offsetof(struct arch_regs, r9) == ASM_REGS_R9 &&
		       offsetof(struct arch_regs, r8) == ASM_REGS_R8 && offsetof(struct arch_regs, rax) == ASM_REGS_RAX,
	       "entry.S");
_Static_assert(offsetof(struct arch_regs, rdx) == ASM_REGS_RDX && offsetof(struct arch_regs, rsi) == ASM_REGS_RSI &&
		       offsetof(struct arch_regs, rdi) == ASM_REGS_RDI,
	       "entry.S");
_Static_assert(offsetof(struct arch_regs, vector) == ASM_REGS_VECTOR && offsetof(struct arch_regs, rip) == ASM_REGS_RIP,
	       "entry.S");
_Static_assert(offsetof(struct arch_regs, rflags) == ASM_REGS_RFLAGS && offsetof(struct arch_regs, rsp) == ASM_REGS_RSP,
	       "entry.S");

/* What the top of each kernel stack is kept free for: the registers of the thread's program. */
#define STACK_RESERVED (sizeof(struct arch_regs) + 64)

struct arch_context *context_current(void)
{
	struct thread *thread = arch_thread();

	return thread ? &thread->context : &arch_cpu()->arch.boot_context;
}

/* switch.S calls it. */
void context_begin(void (*entry)(void *), void *arg) NORETURN;
void context_begin(void (*entry)(void *), void *arg)
{
	entry(arg);
	__builtin_unreachable();
}

void arch_context_init(struct arch_context *context, void *stack_base, size_t stack_size, void (*entry)(void *),
		       void *arg)
{
	uint64_t *sp = (uint64_t *)((char *)stack_base + stack_size - STACK_RESERVED);

	memset(context, 0, sizeof(*context));
	if (IS_ENABLED(CONFIG_STACK_PROTECTOR))
		context->stack_guard = stack_guard_draw();
	fpu_context_init(context);
	context->shadow_base = context->shadow_sp = (uint64_t)stack_shadow(stack_base);
	*--sp = 0;    /* where a caller's frame would be: ends backtraces */
	*--sp = (uint64_t)context_start;
	*--sp = 0;    /* rbp */
	*--sp = (uint64_t)entry;  /* rbx */
	*--sp = (uint64_t)arg;   /* r12 */
	*--sp = 0;    /* r13 */
	*--sp = 0;    /* r14 */
	*--sp = 0;    /* r15 */
	context->sp = (uint64_t)sp;
}

/* Where there is no program's code, nothing changes these registers. */
static bool has_program_state(const struct thread *thread)
{
	return thread->process && (!IS_ENABLED(CONFIG_FUZZ) || thread->process->has_code);
}

static void program_state_save(struct arch_context *context)
{
	context->fs_base = arch_get_tls();
	fpu_save(context);
}

static void program_state_load(const struct arch_context *context)
{
	arch_set_tls(context->fs_base);
	fpu_load(context);
}

/* An interrupt that nothing masks uses the next one's from here on, above what is there. */
static void shadow_switch(struct arch_context *prev, const struct arch_context *next)
{
	struct cpu *cpu = arch_cpu();

	if (!IS_ENABLED(CONFIG_SHADOW_STACK))
		return;
	prev->shadow_sp = cpu->shadow_sp;
	cpu->shadow_sp = next->shadow_sp;
}

/* The stack protector's guard changes with the stack. */
static void guard_switch(struct arch_context *prev, const struct arch_context *next)
{
	struct cpu *cpu = arch_cpu();

	if (!IS_ENABLED(CONFIG_STACK_PROTECTOR))
		return;
	prev->stack_guard = cpu->stack_guard;
	cpu->stack_guard = next->stack_guard;
}

NO_STACK_PROTECTOR void arch_context_switch(struct thread *prev, struct thread *next)
{
	harness_phase_switch(prev, next);
	shadow_switch(&prev->context, &next->context);
	if (has_program_state(prev))
		program_state_save(&prev->context);
	if (has_program_state(next))
		program_state_load(&next->context);
	guard_switch(&prev->context, &next->context);
	context_swap(&prev->context.sp, next->context.sp);
}

NO_STACK_PROTECTOR void arch_context_exit(struct thread *prev, struct thread *next)
{
	harness_phase_switch(prev, next);
	shadow_switch(&prev->context, &next->context);
	if (has_program_state(next))
		program_state_load(&next->context);
	guard_switch(&prev->context, &next->context);
	context_swap(&prev->context.sp, next->context.sp);
	__builtin_unreachable();
}

struct stack_call_args {
	long (*fn)(void *);
	void *arg;
	unsigned long irq;
};

long stack_call_body(void *data);
long stack_call_body(void *data)
{
	struct stack_call_args *args = data;
	long result;

	arch_irq_restore(args->irq);
	result = args->fn(args->arg);
	arch_irq_disable();
	return result;
}

/*
 * A stack brings its shadow along, so that what is under a snapshot and what is not stay apart: that of stack_alloc(),
 * or else its own lowest eighth. The boot's thread has its own from the first one that it is called on.
 */
static uint64_t shadow_of(struct arch_context *context, void *stack_base)
{
	uint64_t shadow = (uint64_t)stack_shadow(stack_base);

	if (!context->shadow_base)
		context->shadow_base = shadow;
	return shadow ?: (uint64_t)stack_base;
}

/* Interrupts are off while the stack pointer and the recorded bounds disagree: trap_place() goes by the bounds. */
long arch_call_on_stack(void *stack_base, size_t stack_size, long (*fn)(void *), void *arg)
{
	struct arch_context *context = context_current();
	struct stack_call_args args = { fn, arg, arch_irq_save() };
	uint64_t old_low = context->alt_low, old_high = context->alt_high, old_shadow = arch_cpu()->shadow_sp;
	long result;

	context->alt_low = (uint64_t)stack_base;
	context->alt_high = (uint64_t)stack_base + stack_size;
	arch_cpu()->shadow_sp = shadow_of(context, stack_base);
	result = stack_call((void *)(align_down(context->alt_high, 16) - STACK_RESERVED), &args);
	context->alt_low = old_low;
	context->alt_high = old_high;
	arch_cpu()->shadow_sp = old_shadow;
	arch_irq_restore(args.irq);
	return result;
}

/* The second half of arch_jump_set(). */
int jump_save(struct arch_jump *jump);
int jump_save(struct arch_jump *jump)
{
	struct cpu *cpu = arch_cpu();
	struct arch_context *context = context_current();

	jump->rflags = 2 | (arch_irq_enabled() ? X86_RFLAGS_IF : 0);
	jump->thread = cpu->thread;
	jump->kernel_stack_top = cpu->kernel_stack_top;
	jump->alt_low = context->alt_low;
	jump->alt_high = context->alt_high;
	jump->preempt_count = cpu->preempt_count;
	jump->irq_depth = cpu->irq_depth;
	jump->shadow_sp = cpu->shadow_sp;
	jump->stack_guard = cpu->stack_guard;
	return 0;
}

NO_STACK_PROTECTOR void arch_jump(struct arch_jump *jump, int value)
{
	struct cpu *cpu = arch_cpu();
	struct arch_context *context;

	arch_irq_disable();
	tables_close();
	cpu->thread = cpu->running = jump->thread;
	cpu->kernel_stack_top = jump->kernel_stack_top;
	cpu->preempt_count = jump->preempt_count;
	cpu->irq_depth = jump->irq_depth;
	cpu->shadow_sp = jump->shadow_sp;
	cpu->stack_guard = jump->stack_guard;
	cpu->irq_regs = NULL;
	context = context_current();
	context->alt_low = jump->alt_low;
	context->alt_high = jump->alt_high;
	jump_resume(jump, value ? value : 1);
}

struct arch_regs *arch_user_regs(struct thread *thread)
{
	if (!thread->process)
		return NULL;
	return (struct arch_regs *)((char *)thread->stack_base + thread->stack_size - sizeof(struct arch_regs));
}

/* Of what the thread has called until now nothing returns. Interrupts are off. */
static NORETURN void to_program(const struct arch_regs *regs)
{
	arch_cpu()->shadow_sp = arch_thread()->context.shadow_base;
	user_resume(regs);
}

void arch_user_start(const struct arch_regs *regs)
{
	struct arch_regs *place = arch_user_regs(arch_thread());

	arch_irq_disable();
	fpu_reset();
	if (place != regs)
		*place = *regs;
	process_before_program(place);
	to_program(place);
}

void arch_user_clone(struct thread *child, user_ptr_t sp, const uint64_t *tls)
{
	struct arch_regs *regs = arch_user_regs(child);

	*regs = *arch_user_regs(arch_thread());
	regs->rax = 0;
	regs->orig_rax = UINT64_MAX;
	if (sp)
		regs->rsp = sp;
	program_state_save(&child->context);
	if (tls)
		child->context.fs_base = *tls;
}

void arch_user_continue(void)
{
	struct arch_regs *regs = arch_user_regs(arch_thread());

	arch_irq_disable();
	process_before_program(regs);
	to_program(regs);
}

void arch_regs_init_user(struct arch_regs *regs, user_ptr_t pc, user_ptr_t sp)
{
	memset(regs, 0, sizeof(*regs));
	regs->orig_rax = UINT64_MAX;
	regs->rip = pc;
	regs->rsp = sp;
	regs->cs = ASM_CODE_SELECTOR;
	regs->ss = ASM_DATA_SELECTOR;
	regs->rflags = 2 | X86_RFLAGS_IF;
}

void arch_set_tls(uint64_t value)
{
	if (cpu_has_fsgsbase)
		__asm__ volatile("wrfsbase %0" ::"r"(value));
	else
		x86_write_msr(MSR_FS_BASE, value);
}

uint64_t arch_get_tls(void)
{
	uint64_t value;

	if (!cpu_has_fsgsbase)
		return x86_read_msr(MSR_FS_BASE);
	__asm__ volatile("rdfsbase %0" : "=r"(value));
	return value;
}

/* A frame is two words at fp: the caller's fp and the return address. */
/* The quick calls save no registers. */
bool arch_is_entry(uint64_t pc)
{
	return pc >= (uint64_t)trap_stubs && pc < (uint64_t)user_resume &&
	       !(pc >= (uint64_t)quick_first && pc <= (uint64_t)quick_last);
}

size_t arch_backtrace(uint64_t pc, uint64_t fp, uint64_t stack_low, uint64_t stack_high, uint64_t *pcs, size_t max)
{
	size_t n = 0;

	if (n < max)
		pcs[n++] = pc;
	while (n < max && fp >= stack_low && fp < stack_high && stack_high - fp >= 16 && fp % 8 == 0) {
		const uint64_t *frame = (const uint64_t *)fp;

		if (!frame[1])
			break;
		pcs[n++] = frame[1];
		if (frame[0] <= fp)
			break;
		fp = frame[0];
	}
	return n;
}
