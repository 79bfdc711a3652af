/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU faults of the kernel, as the signal handlers in os/ hand them over, become crashes; ticks become the timer
 * interrupt that ends a hanging input. All of it runs on the signal stack.
 */
#include <kernel/clock.h>
#include <kernel/crash.h>
#include <kernel/cpu.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <plat/plat.h>

#include "host_internal.h"
#include "os/arch_host_abi.h"
#include <instrumentation/asan/asan.h>
#include <instrumentation/ubsan/trap.h>

/* Below this a bad address is taken for a NULL pointer with an offset. */
#define NULL_AREA (64 * KIB)

_Static_assert(sizeof(struct arch_regs) == HOST_REGS * sizeof(uint64_t), "one order of registers");
_Static_assert(HOST_MEMORY_BASE == DIRECT_MAP_BASE, "one place of the memory file");

static volatile bool deferred;
static unsigned faults;  /* that are being reported */

static void signal_enter(const struct host_fault *fault, struct arch_regs *regs)
{
	memcpy(regs, fault->regs, sizeof(*regs));
	arch_irq_disable();
	/* A handler that was left by a jump left its frames' red zones behind. */
	if (!faults)
		asan_stack_forget(fault->stack, (uintptr_t)__builtin_frame_address(0) - (uintptr_t)fault->stack);
}

static void instruction_fault(const struct arch_regs *regs)
{
	const char *check = ubsan_trap_name((const uint8_t *)regs->rip);

	if (check)
		crash_raise(CRASH_UNDEFINED, regs, 0, "undefined behaviour: %s", check);
	crash_raise(CRASH_CPU_EXCEPTION, regs, 0, "invalid instruction");
}

void host_fault(const struct host_fault *fault)
{
	struct arch_regs regs;

	signal_enter(fault, &regs);
	/* One fault in the report of another is told; more than that is a loop. */
	if (++faults > 2)
		os_exit(HOST_STATUS_CRASH);
	switch (fault->kind) {
	case HOST_FAULT_INSTRUCTION: instruction_fault(&regs); break;
	case HOST_FAULT_ARITHMETIC: crash_raise(CRASH_CPU_EXCEPTION, &regs, 0, "division by zero or overflow");
	case HOST_FAULT_PROTECTION:
		crash_raise(CRASH_CPU_EXCEPTION, &regs, 0, "general protection: non-canonical address");
	case HOST_FAULT_MEMORY: break;
	}
	if (fault->address < NULL_AREA)
		crash_raise(CRASH_NULL_DEREFERENCE, &regs, fault->address, "NULL pointer dereference at %#llx",
			    (unsigned long long)fault->address);
	crash_raise(CRASH_PAGE_FAULT, &regs, fault->address, "bad memory access at %#llx",
		    (unsigned long long)fault->address);
}

/*
 * Ends in a jump or a crash when the input's time is up; a tick at a bad moment is made up for by the next one. The
 * supervisor's word is taken even with interrupts off, as a non-maskable interrupt would be.
 */
void host_tick(const struct host_fault *interrupted, int expired)
{
	struct cpu *cpu = arch_host_cpu;
	bool enabled = arch_irq_enabled();
	struct arch_regs regs;

	if (deferred || !clock_is_virtual() || (!expired && (!enabled || cpu->arch.timer_ns == UINT64_MAX)))
		return;
	arch_irq_disable();
	if (expired || plat->clock_ns() >= cpu->arch.timer_ns) {
		signal_enter(interrupted, &regs);
		cpu->arch.timer_ns = UINT64_MAX;
		cpu->irq_regs = &regs;
		cpu->irq_depth++;
		timer_interrupt();
		cpu->irq_depth--;
		cpu->irq_regs = NULL;
	}
	arch_irq_restore(enabled);
}

void arch_host_signals_defer(void)
{
	deferred = true;
}

void arch_host_signals_allow(void)
{
	deferred = false;
}

void arch_host_signals_reset(void)
{
	faults = 0;
}

void arch_regs_print(const struct arch_regs *regs)
{
	log_printf("rip %016lx rsp %016lx rbp %016lx rflags %08lx\n", regs->rip, regs->rsp, regs->rbp, regs->rflags);
	log_printf("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", regs->rax, regs->rbx, regs->rcx, regs->rdx);
	log_printf("rsi %016lx rdi %016lx r8  %016lx r9  %016lx\n", regs->rsi, regs->rdi, regs->r8, regs->r9);
	log_printf("r10 %016lx r11 %016lx r12 %016lx r13 %016lx\n", regs->r10, regs->r11, regs->r12, regs->r13);
	log_printf("r14 %016lx r15 %016lx cr2 %016lx err %016lx\n", regs->r14, regs->r15, regs->cr2, regs->error);
}

size_t arch_backtrace(uint64_t pc, uint64_t fp, uint64_t stack_low, uint64_t stack_high, uint64_t *pcs, size_t max)
{
	size_t n = 0;

	if (max)
		pcs[n++] = pc;
	while (n < max && fp >= stack_low && fp <= stack_high - 16 && is_aligned(fp, 8)) {
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
