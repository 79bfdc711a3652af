/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of the line: fills the crash record, tells the handler, else prints a report and ends the machine with status
 * 125. Uses no lock and no memory, and survives crashing again while it works.
 */
#include <instrumentation/layout/layout.h>
#include <instrumentation/trace/trace.h>
#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <kernel/crash.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include <plat/plat.h>

#include "core_internal.h"

#define STATUS_PANIC 125

/* Where a stack is unknown (boot, interrupt and harness stacks) this much above the frame pointer is looked at. */
#define UNKNOWN_STACK_MAX THREAD_STACK_SIZE

/* No code and no stack lies below. */
#define NULL_AREA (64 * KIB)

static struct crash_record record;
static unsigned depth; /* crashes being handled, one inside the other */
static crash_handler_t *handler;

/*
 * Whose crash it is. Two CPUs may crash at once, often for one reason: the second one waits until the first has ended
 * the machine.
 */
static struct cpu *crashing;

static bool is_other_cpus(void)
{
	struct cpu *self = arch_cpu(), *whose = NULL;

	return IS_ENABLED(CONFIG_SMP) && !atomic_compare_exchange(&crashing, &whose, self) && whose != self;
}

void crash_join(void)
{
	struct cpu *whose = atomic_load(&crashing);

	arch_irq_disable();
	while (whose && whose != arch_cpu())
		arch_relax();
}

bool crash_in_progress(void)
{
	return atomic_load_relaxed(&depth) != 0;
}

void crash_set_handler(crash_handler_t *new_handler)
{
	atomic_store(&handler, new_handler);
}

void crash_clear(void)
{
	atomic_store(&depth, 0);
	atomic_store(&crashing, NULL);
}

const char *crash_kind_name(enum crash_kind kind)
{
	static const char *const names[CRASH_KINDS] = CRASH_KIND_NAMES;

	return (unsigned)kind < CRASH_KINDS ? names[kind] : "crash";
}

static NORETURN void stop(void)
{
	if (plat)
		plat->stop(PLAT_POWER_OFF, STATUS_PANIC);
	arch_irq_disable();
	for (;;)
		arch_relax();
}

/* The end of the mapped memory around a frame pointer, as far as a stack of unknown extent may go. */
static uint64_t unknown_stack_end(uint64_t fp)
{
	uint64_t end = align_down(fp, PAGE_SIZE) + PAGE_SIZE;
	unsigned rights;
	phys_t phys;

	while (end - fp < UNKNOWN_STACK_MAX && !arch_pagetable_lookup(&arch_kernel_pagetable, end, &phys, &rights))
		end += PAGE_SIZE;
	return end;
}

/* The bounds of the stack that an address lies in. */
static void stack_bounds(uint64_t address, uint64_t *low, uint64_t *high)
{
	const struct thread *thread = thread_current();

	*low = address;
	*high = 0;
	if (thread && address - (uintptr_t)thread->stack_base < thread->stack_size) {
		*low = (uintptr_t)thread->stack_base;
		*high = *low + thread->stack_size;
	} else if (address >= NULL_AREA) {
		*high = unknown_stack_end(address);
	}
}

static void fill_frames(struct crash_record *r, const struct arch_regs *regs, uint64_t pc, uint64_t fp)
{
	uint64_t low, high;
	size_t skip = 0;

	/* After a call of NULL only the stack's top knows who called. */
	if (regs && pc < NULL_AREA) {
		uint64_t sp = arch_regs_sp(regs);

		stack_bounds(sp, &low, &high);
		if (is_aligned(sp, sizeof(uint64_t)) && sp >= low && sp + sizeof(uint64_t) <= high) {
			r->frames[skip++] = pc;
			pc = *(const uint64_t *)sp;
		}
	}
	stack_bounds(fp, &low, &high);
	r->frame_count = skip + arch_backtrace(pc, fp, low, high, r->frames + skip, CRASH_FRAMES - skip);
}

/* Whoever reads the report has the image's symbols, and another boot of it has moved it elsewhere. */
static void as_linked(struct crash_record *r)
{
	r->slide = (uint32_t)layout_slide();
	r->pc = layout_linked(r->pc);
	for (unsigned i = 0; i < r->frame_count; i++)
		r->frames[i] = layout_linked(r->frames[i]);
}

static void fill(enum crash_kind kind, const struct arch_regs *regs, uint64_t pc, uint64_t fp, uint64_t address,
		 const char *fmt, va_list args)
{
	memset(&record, 0, sizeof(record));
	record.kind = kind;
	record.address = address;
	record.pc = pc;
	record.call_index = UINT32_MAX;
	format_va(record.text, sizeof(record.text), fmt, args);
	if (regs)
		arch_regs_export(regs, record.regs, CRASH_REGS);
	fill_frames(&record, regs, pc, fp);
	as_linked(&record);
}

static void report_event(const char *line, size_t len)
{
	static bool begun;

	if (!begun)
		log_printf("  last trace events:\n");
	begun = true;
	log_raw(line, len);
}

static void report(const struct arch_regs *regs)
{
	const struct thread *thread = thread_current();

	log_printf("crash: %s at pc %#lx: %s\n", crash_kind_name(record.kind), record.pc, record.text);
	if (record.address)
		log_printf("  address %#lx\n", record.address);
	for (unsigned i = 0; i < record.frame_count; i++)
		log_printf("  #%-2u 0x%016lx\n", i, record.frames[i]);
	if (record.slide)
		log_printf("  the image was moved up by %#x, which is taken off the addresses above\n", record.slide);
	if (regs)
		arch_regs_print(regs);
	log_printf("  thread %d \"%s\", cpu %u\n", thread->id, thread->name, arch_cpu()->id);
	trace_finish();
	trace_put_last(report_event, 0);
}

/* A crash inside the handling of one: the first is what counts, so only the place of the second is told. */
static NORETURN void nested(unsigned level, uint64_t pc, const char *fmt, va_list args)
{
	char text[CRASH_TEXT];

	if (level == 1) {
		format_va(text, sizeof(text), fmt, args);
		log_printf("crash: again at pc %#lx: %s\n", layout_linked(pc), text);
		log_printf("crash: the first was %s at pc %#lx: %s\n", crash_kind_name(record.kind), record.pc,
			   record.text);
	}
	stop();
}

static NORETURN void raise(enum crash_kind kind, const struct arch_regs *regs, uint64_t pc, uint64_t fp,
			   uint64_t address, const char *fmt, va_list args)
{
	unsigned level;

	arch_irq_disable();
	while (is_other_cpus())
		arch_relax();
	level = atomic_fetch_add(&depth, 1);
	if (level)
		nested(level, pc, fmt, args);
	fill(kind, regs, pc, fp, address, fmt, args);
	if (handler)
		handler(&record);
	if (plat && plat->cpus_stop)
		plat->cpus_stop();
	report(regs);
	stop();
}

/* The caller's frame, as seen from a function that was called by it. */
#define CALLER_PC ((uintptr_t)__builtin_return_address(0))
#define CALLER_FP (*(uint64_t *)__builtin_frame_address(0))

NOINLINE void crash_raise(enum crash_kind kind, const struct arch_regs *regs, uint64_t address, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (regs)
		raise(kind, regs, arch_regs_pc(regs), arch_regs_fp(regs), address, fmt, args);
	else
		raise(kind, NULL, CALLER_PC, CALLER_FP, address, fmt, args);
}

NOINLINE void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	raise(CRASH_PANIC, NULL, CALLER_PC, CALLER_FP, 0, fmt, args);
}

static NORETURN void raise_assertion(uint64_t pc, uint64_t fp, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	raise(CRASH_PANIC, NULL, pc, fp, 0, fmt, args);
}

NOINLINE void assert_failed(const char *file, int line, const char *condition)
{
	raise_assertion(CALLER_PC, CALLER_FP, "%s:%d: assertion failed: %s", file, line, condition);
}
