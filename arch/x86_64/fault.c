/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions: page faults are served from the program's address space, or continue at a fixup of the exception table,
 * or are somebody's bug: the program's (a signal ends it) or the kernel's (a crash).
 */
#include "arch_internal.h"
#include "trap_internal.h"

#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/crash.h>
#include <kernel/errno.h>
#include <kernel/harness_profile.h>
#include <kernel/page.h>
#include <kernel/process.h>
#include <kernel/signal.h>
#include <kernel/thread.h>
#include <kernel/user.h>

/* Offsets from the words that hold them (user_copy.S). */
struct exception_entry {
	int32_t fault, fixup;
};
extern const struct exception_entry __start_exception_table[], __stop_exception_table[];

/* Where to continue after a fault at pc; 0 when a fault there is a bug. */
static uint64_t exception_fixup(uint64_t pc)
{
	for (const struct exception_entry *e = __start_exception_table; e < __stop_exception_table; e++)
		if ((uint64_t)&e->fault + (uint64_t)(int64_t)e->fault == pc)
			return (uint64_t)&e->fixup + (uint64_t)(int64_t)e->fixup;
	return 0;
}

static unsigned access_of(const struct arch_regs *regs)
{
	if (regs->error & X86_FAULT_FETCH)
		return ASPACE_ACCESS_EXEC;
	return regs->error & X86_FAULT_WRITE ? ASPACE_ACCESS_WRITE : ASPACE_ACCESS_READ;
}

/* Offers a fault below USER_END to the address space, with interrupts as they were where it happened. */
static int fault_serve(const struct arch_regs *regs)
{
	uint32_t phase;
	int err;

	if (regs->cr2 < USER_START || regs->cr2 >= USER_END || !aspace_current())
		return -EFAULT;
	phase = harness_phase_enter(PHASE_FAULTS);
	if (regs->rflags & X86_RFLAGS_IF)
		arch_irq_enable();
	err = aspace_handle_fault(regs->cr2, access_of(regs));
	arch_irq_disable();
	harness_phase_leave(phase);
	return err;
}

/* A call of what has no type, by a caller that looks. */
static void check_call_of_nothing(const struct arch_regs *regs)
{
	uint64_t target;

	if (kcfi_fault_target(regs, &target))
		crash_raise(target < USER_START ? CRASH_NULL_DEREFERENCE : CRASH_CONTROL_FLOW, regs, target,
			    "call of %lx, which is no function", target);
}

/* What stood in the way of an access to the kernel's own memory. */
static enum crash_kind kind_of_fault(const struct arch_regs *regs)
{
	if (regs->cr2 < USER_START)
		return CRASH_NULL_DEREFERENCE;
	if (stack_is_guard(regs->cr2))
		return CRASH_STACK_OVERFLOW;
	if (regs->error & X86_FAULT_KEY)
		return CRASH_PROTECTION_KEY;
	if (tables_fault_is_attack(regs))
		return CRASH_PAGE_TABLE;
	if (!(regs->error & X86_FAULT_PRESENT))
		return CRASH_PAGE_FAULT;
	if (regs->error & X86_FAULT_FETCH)
		return CRASH_EXECUTION;
	return regs->cr2 >= DIRECT_MAP_BASE && (regs->error & X86_FAULT_WRITE) ? CRASH_READ_ONLY : CRASH_PAGE_FAULT;
}

static void kernel_page_fault(const struct arch_regs *regs) NORETURN;
static void kernel_page_fault(const struct arch_regs *regs)
{
	const char *what = regs->error & X86_FAULT_FETCH   ? "jump to"
			   : regs->error & X86_FAULT_WRITE ? "write to"
							   : "read of";

	/* Of a shadow that is full nothing that is called here can make any use. */
	if (IS_ENABLED(CONFIG_SHADOW_STACK) && regs->cr2 - SHADOW_AREA_BASE < SHADOW_AREA_SIZE)
		arch_cpu()->shadow_sp = (uint64_t)boot_shadow;
	if (IS_ENABLED(CONFIG_KCFI))
		check_call_of_nothing(regs);
	crash_raise(kind_of_fault(regs), regs, regs->cr2, "%s %s address %lx", what,
		    regs->error & X86_FAULT_PRESENT ? "protected" : "unmapped", regs->cr2);
}

static void page_fault_signal(struct arch_regs *regs, int err)
{
	switch (err) {
	case -ENOMEM:
		if (!process_find_memory())
			process_fault(regs, SIGKILL, SI_KERNEL, regs->cr2);
		break;
	case -ENXIO: process_fault(regs, SIGBUS, BUS_ADRERR, regs->cr2); break;
	case -EACCES: process_fault(regs, SIGSEGV, SEGV_ACCERR, regs->cr2); break;
	default: process_fault(regs, SIGSEGV, SEGV_MAPERR, regs->cr2); break;
	}
}

void trap_page_fault(struct arch_regs *regs)
{
	bool program = trap_from_program(regs);
	uint64_t fixup = program ? 0 : exception_fixup(regs->rip);
	int err;

	if (tables_fault_is_stale(regs))
		return;
	if (!program && !(fixup && regs->cr2 < USER_END))
		kernel_page_fault(regs);
	err = fault_serve(regs);
	if (!err)
		return;
	if (!program) {
		regs->rip = fixup;
		return;
	}
	arch_irq_enable();
	page_fault_signal(regs, err);
	arch_irq_disable();
}

/* As Linux has it: some exceptions tell no address. */
static void exception_signal(struct arch_regs *regs)
{
	switch (regs->vector) {
	case X86_TRAP_DIVIDE: process_fault(regs, SIGFPE, FPE_INTDIV, regs->rip); break;
	case X86_TRAP_X87: process_fault(regs, SIGFPE, fpu_exception_code(false), regs->rip); break;
	case X86_TRAP_SIMD: process_fault(regs, SIGFPE, fpu_exception_code(true), regs->rip); break;
	case X86_TRAP_DEBUG: process_fault(regs, SIGTRAP, TRAP_TRACE, regs->rip); break;
	case X86_TRAP_BREAKPOINT: process_fault(regs, SIGTRAP, SI_KERNEL, 0); break;
	case X86_TRAP_INVALID_OPCODE: process_fault(regs, SIGILL, ILL_ILLOPN, regs->rip); break;
	case X86_TRAP_ALIGNMENT: process_fault(regs, SIGBUS, BUS_ADRALN, 0); break;
	case X86_TRAP_SEGMENT:
	case X86_TRAP_STACK: process_fault(regs, SIGBUS, SI_KERNEL, 0); break;
	default: process_fault(regs, SIGSEGV, SI_KERNEL, 0); break;
	}
}

static const char *const names[32] = {
	"divide error",
	"debug exception",
	"non-maskable interrupt",
	"breakpoint",
	"overflow",
	"bound range exceeded",
	"invalid opcode",
	"device not available",
	"double fault",
	"coprocessor segment overrun",
	"invalid task state",
	"segment not present",
	"stack fault",
	"general protection fault",
	"page fault",
	"vector 15",
	"x87 error",
	"alignment check",
	"machine check",
	"SIMD error",
	"virtualisation exception",
	"control protection exception",
};

static void (*nmi_handler)(const struct arch_regs *regs);

void arch_set_nmi(void (*handler)(const struct arch_regs *regs))
{
	atomic_store(&nmi_handler, handler);
}

static void check_call(const struct arch_regs *regs)
{
	uint64_t target;

	if (kcfi_trap_target(regs, &target))
		crash_raise(CRASH_CONTROL_FLOW, regs, target, "call of %lx, which is no function of the type", target);
}

void trap_exception(struct arch_regs *regs)
{
	if (regs->vector == X86_TRAP_NMI)
		crash_join();
	if (regs->vector == X86_TRAP_NMI && atomic_load(&nmi_handler)) {
		nmi_handler(regs);
		return;
	}
	if (regs->vector == X86_TRAP_NMI) /* the host sends one when nothing else stops an input */
		crash_raise(CRASH_HANG, regs, 0, "non-maskable interrupt");
	if (regs->vector == X86_TRAP_DOUBLE_FAULT)
		crash_raise(CRASH_STACK_OVERFLOW, regs, 0, "double fault");
	if (regs->vector == X86_TRAP_DEBUG && trap_is_breakpoint())
		return;
	if (trap_from_program(regs) && regs->vector != X86_TRAP_MACHINE_CHECK) {
		arch_irq_enable();
		exception_signal(regs);
		arch_irq_disable();
		return;
	}
	if (IS_ENABLED(CONFIG_KCFI) && regs->vector == X86_TRAP_INVALID_OPCODE)
		check_call(regs);
	if (regs->vector >= 32)
		crash_raise(CRASH_CPU_EXCEPTION, regs, 0, "unexpected interrupt %lu", regs->vector);
	crash_raise(CRASH_CPU_EXCEPTION, regs, 0, "%s, error code %lx", names[regs->vector] ?: "reserved exception",
		    regs->error);
}
