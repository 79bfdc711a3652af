/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Traps and interrupts in C: the gates, where a frame may stay, and what each vector means. entry.S calls
 * trap_place() on an interrupt stack, then trap_handle() on the stack it chose, both with interrupts off.
 */
#include "arch_internal.h"
#include "asm.h"
#include "trap_internal.h"

#include <instrumentation/shadowstack/place.h>
#include <instrumentation/shadowstack/shadowstack.h>
#include <instrumentation/trace/trace.h>
#include <kernel/crash.h>
#include <kernel/page.h>
#include <kernel/process.h>
#include <kernel/signal.h>
#include <kernel/thread.h>
#include <kernel/user.h>

/* A handler needs this much of a stack to be worth starting on it; with less it is an overflow. */
#define STACK_ROOM_MIN 768
#define RED_ZONE 128
#define GATE_PRESENT 0x80u
#define ERROR_EXTERNAL 1u	/* of an error code that holds a selector: no instruction did it */
#define ERROR_GATE 2u		/* it is a vector's number */

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
};

static SEALED struct gate gates[256] ALIGNED(16);
static SEALED x86_irq_handler_t *irq_handlers[256];
static SEALED uint8_t vector_by_fault;	/* 0: none */

static enum x86_ist stack_of_vector(unsigned vector)
{
	switch (vector) {
	case X86_TRAP_PAGE_FAULT:
		return X86_IST_PAGE_FAULT;
	case X86_TRAP_NMI:
		return X86_IST_NMI;
	case X86_TRAP_DOUBLE_FAULT:
		return X86_IST_DOUBLE_FAULT;
	case X86_TRAP_MACHINE_CHECK:
		return X86_IST_MACHINE_CHECK;
	default:
		return X86_IST_OTHER;
	}
}

void trap_table_init(void)
{
	for (unsigned i = 0; i < 256; i++) {
		uint64_t stub = (uint64_t)trap_stubs + i * 16;

		gates[i] = (struct gate){
			.offset_low = (uint16_t)stub,
			.selector = ASM_CODE_SELECTOR,
			.ist = (uint8_t)(stack_of_vector(i) + 1),
			.type = GATE_PRESENT | 0xe, /* interrupt gate: interrupts off on entry */
			.offset_middle = (uint16_t)(stub >> 16),
			.offset_high = (uint32_t)(stub >> 32),
		};
	}
}

void trap_table_load(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} PACKED pointer = { sizeof(gates) - 1, (uint64_t)gates };

	__asm__ volatile("lidt %0" ::"m"(pointer));
}

void x86_irq_set_handler(unsigned vector, x86_irq_handler_t *handler)
{
	irq_handlers[vector & 255] = handler;
}

void x86_irq_by_fault(unsigned vector)
{
	vector_by_fault = (uint8_t)vector;
	gates[vector & 255].type &= (uint8_t)~GATE_PRESENT;
}

/*
 * The fault of a gate that is not there is that gate's interrupt. In long mode QEMU's emulation gives the gate's offset
 * in place of the selector, twice as much, and does not say that no instruction did it.
 */
static void tell_interrupt(struct arch_regs *regs)
{
	if (vector_by_fault && regs->vector == X86_TRAP_SEGMENT &&
	    (regs->error == (vector_by_fault * 8u | ERROR_GATE | ERROR_EXTERNAL) ||
	     regs->error == (vector_by_fault * 16u | ERROR_GATE))) {
		regs->vector = vector_by_fault;
		regs->error = 0;
	}
}

/*
 * Programs run below USER_END. A jump of theirs to an address that is not theirs is still theirs: the fault is then
 * on the fetch, and the stack is a program's. The kernel calling a NULL pointer looks alike, but for its stack.
 */
bool trap_from_program(const struct arch_regs *regs)
{
	struct thread *thread = arch_thread();

	if (!thread || !thread->process)
		return false;
	if (regs->rip >= USER_START && regs->rip < USER_END)
		return true;
	return regs->rsp < USER_END && regs->vector == X86_TRAP_PAGE_FAULT && (regs->error & X86_FAULT_FETCH);
}

static bool within(uint64_t sp, uint64_t low, uint64_t high)
{
	return sp > low && sp <= high && sp - low >= RED_ZONE + sizeof(struct arch_regs) + STACK_ROOM_MIN;
}

/* True when there is room for a handler below sp on the stack that the running code should be on. */
static bool stack_has_room(uint64_t sp)
{
	struct cpu *cpu = arch_cpu();
	struct thread *thread = cpu->thread;
	const struct arch_context *context = thread ? &thread->context : &cpu->arch.boot_context;
	uint64_t base = thread ? (uint64_t)thread->stack_base : 0;

	return (thread && within(sp, base, base + thread->stack_size)) ||
	       within(sp, context->alt_low, context->alt_high) ||
	       (cpu->id == 0 && within(sp, (uint64_t)boot_stack, (uint64_t)boot_stack + ASM_BOOT_STACK_SIZE));
}

static bool stays_on_own_stack(uint64_t vector)
{
	return vector == X86_TRAP_NMI || vector == X86_TRAP_DOUBLE_FAULT || vector == X86_TRAP_MACHINE_CHECK;
}

/*
 * STI's shadow should cover the jump behind it. Under Xen in QEMU's emulation of SVM interrupts came there all the
 * same, it seems where the hypervisor got in between. The jump is all that was left to do of a system call.
 */
static void jump_to_program(struct arch_regs *regs)
{
	if (regs->rip == (uint64_t)syscall_last || regs->rip == (uint64_t)quick_last)
		regs->rip = regs->rcx;
}

/* Moves a frame from its interrupt stack to where its handler can be preempted and interrupted; returns where it is. */
struct arch_regs *trap_place(struct arch_regs *regs)
{
	struct arch_regs *place;

	tell_interrupt(regs);
	if (regs->vector == X86_TRAP_PAGE_FAULT)
		regs->cr2 = X86_READ_CR(2);
	if (stays_on_own_stack(regs->vector))
		return regs;
	if (regs->vector >= X86_VECTOR_FIRST_IRQ)
		jump_to_program(regs);
	if (trap_from_program(regs))
		place = (struct arch_regs *)arch_cpu()->kernel_stack_top - 1;
	else if (stack_has_room(regs->rsp))
		place = (struct arch_regs *)align_down(regs->rsp - RED_ZONE, 16) - 1;
	else
		return regs;
	*place = *regs;
	return place;
}

static bool on_interrupt_stack(const struct arch_regs *regs)
{
	struct arch_cpu *arch = &arch_cpu()->arch;

	return (char *)regs >= (char *)arch->ist && (char *)regs < (char *)(arch->ist + X86_ISTS);
}

static void interrupt(struct arch_regs *regs)
{
	struct cpu *cpu = arch_cpu();
	x86_irq_handler_t *handler = irq_handlers[regs->vector];
	uint64_t start;

	cpu->irq_depth++;
	cpu->irq_regs = regs;
	start = TRACE_START(irq_exit);
	TRACE(irq_enter, regs->vector);
	if (handler)
		handler((unsigned)regs->vector);
	TRACE(irq_exit, regs->vector, start);
	cpu->irq_regs = NULL;
	cpu->irq_depth--;
	if (cpu->need_resched && !cpu->irq_depth && !cpu->preempt_count)
		thread_preempt();
}

/*
 * Where the kernel was interrupted is a return address too (option SHADOW_STACK). Pages that are not there may make it
 * go on elsewhere, and a program that was interrupted runs at this level anyway.
 */
static bool is_kept(const struct arch_regs *regs)
{
	return IS_ENABLED(CONFIG_SHADOW_STACK) && regs->vector != X86_TRAP_PAGE_FAULT && !trap_from_program(regs);
}

static void keep(const struct arch_regs *regs)
{
	uint64_t at = 8;

	__asm__ volatile("xaddq %0, %%gs:%c1" : "+r"(at) : "i"(SHADOW_STACK_POINTER) : "memory", "cc");
	*(uint64_t *)at = regs->rip;
}

static void compare(const struct arch_regs *regs)
{
	uint64_t kept = ((uint64_t *)arch_cpu()->shadow_sp)[-1];

	if (kept != regs->rip)
		shadow_stack_report(regs->rip, kept);
	__asm__ volatile("subq $8, %%gs:%c0" ::"i"(SHADOW_STACK_POINTER) : "memory", "cc");
}

static void handle(struct arch_regs *regs)
{
	if (on_interrupt_stack(regs) && !stays_on_own_stack(regs->vector))
		crash_raise(CRASH_STACK_OVERFLOW, regs, regs->cr2,
			    "%s with the stack pointer %lx outside of the thread's stack",
			    regs->vector < 32 ? "trap" : "interrupt", regs->rsp);
	if (regs->vector >= X86_VECTOR_FIRST_IRQ && irq_handlers[regs->vector])
		interrupt(regs);
	else if (regs->vector == X86_TRAP_PAGE_FAULT)
		trap_page_fault(regs);
	else
		trap_exception(regs);
	if (!stays_on_own_stack(regs->vector) && trap_from_program(regs))
		process_before_program(regs);
}

void trap_handle(struct arch_regs *regs)
{
	bool kept = is_kept(regs);

	/* A program may have set it, and has it again in the end. */
	if (view_is_on() && unlikely(regs->rflags & X86_RFLAGS_AC))
		x86_clear_ac();
	if (kept)
		keep(regs);
	handle(regs);
	if (kept)
		compare(regs);
}
