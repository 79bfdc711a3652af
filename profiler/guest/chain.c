/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Call chains (struct trace_chain): the kernel's frames by frame pointer; the program's likewise, and its registers and
 * the top of its stack, for Debian's programs keep no frame pointers. Runs in any context with interrupts off, so the
 * program's memory is looked up in its page tables and read through the direct map: nothing can fault, and nothing
 * waits.
 */
#include <instrumentation/trace/abi/trace_abi.h>
#include <instrumentation/trace/function.h>
#include <instrumentation/trace/trace.h>
#include <kernel/aspace.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/linkset.h>
#include <kernel/log.h>
#include <kernel/process.h>
#include <kernel/profile.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include <kernel/user.h>

#define STACK_DEFAULT 8192
#define CHAIN_MAX                                                                                                      \
	(sizeof(struct trace_chain) + (2 * TRACE_CHAIN_MAX + TRACE_USER_REGS) * sizeof(uint64_t) + TRACE_STACK_MAX)

/* At most so much of a program's stack. */
static size_t stack_max;

static bool is_program(uint64_t pc)
{
	return pc >= USER_START && pc < USER_END;
}

/* ---- the kernel's frames ---- */

static unsigned kernel_frames(const struct thread *thread, uint64_t pc, uint64_t fp, uint64_t *pcs)
{
	uint64_t low = (uintptr_t)thread->stack_base, high = low + thread->stack_size;
	size_t count;

	if (fp < low || fp >= high) {
		low = thread->context.alt_low;
		high = thread->context.alt_high;
	}
	count = arch_backtrace(pc, fp, low, high, pcs, TRACE_CHAIN_MAX);
	if (IS_ENABLED(CONFIG_TRACE_FUNCTIONS))
		function_repair(pcs, count);
	return (unsigned)count;
}

/* ---- the program's memory ---- */

/* Where one page of it is; what was found last is asked for again and again. */
struct window {
	const struct arch_pagetable *tables;
	uint64_t page;
	const char *virt;
};

static const void *look(struct window *window, uint64_t address)
{
	uint64_t page = align_down(address, PAGE_SIZE);
	unsigned rights;
	phys_t phys;

	if (page != window->page) {
		if (!is_program(address) || arch_pagetable_lookup(window->tables, page, &phys, &rights) ||
		    !(rights & ARCH_PAGE_READ) || (rights & ARCH_PAGE_DEVICE))
			return NULL;
		window->page = page;
		window->virt = arch_phys_to_virt(phys);
	}
	return window->virt + (address - page);
}

/* Frame pointers are worth little in a program that may keep something else there; each must lie above the last. */
static unsigned program_frames(struct window *window, const struct arch_regs *regs, uint64_t *pcs)
{
	uint64_t fp = arch_regs_fp(regs), lowest = arch_regs_sp(regs);
	unsigned count = 1;

	pcs[0] = arch_regs_pc(regs);
	while (count < TRACE_CHAIN_MAX && fp >= lowest && is_aligned(fp, sizeof(uint64_t))) {
		const uint64_t *saved = look(window, fp), *ret = saved ? look(window, fp + sizeof(uint64_t)) : NULL;
		uint64_t next;

		if (!ret || !is_program(*ret))
			break;
		pcs[count++] = *ret;
		/* The page that *saved lies in may have been left for that of *ret. */
		saved = look(window, fp);
		next = saved ? *saved : 0;
		lowest = fp + 2 * sizeof(uint64_t);
		fp = next;
	}
	return count;
}

static size_t program_stack(struct window *window, uint64_t from, uint64_t *words, size_t max)
{
	size_t size = 0;

	while (size < max) {
		size_t part = min(max - size, (size_t)(align_down(from, PAGE_SIZE) + PAGE_SIZE - from));
		const uint64_t *page = look(window, from);

		if (!page)
			break;
		for (size_t i = 0; i < part / sizeof(uint64_t); i++)
			words[i] = page[i];
		words += part / sizeof(uint64_t);
		from += part;
		size += part;
	}
	return size;
}

/* ---- all of it ---- */

/*
 * The registers of the program that the thread runs, as far as they are known: NULL for the kernel's own threads, and
 * before a program has begun.
 */
static const struct arch_regs *program_regs(struct thread *thread, const struct arch_regs *interrupted)
{
	const struct arch_regs *regs;

	if (!thread->process || !thread->process->has_code || !arch_cpu()->aspace)
		return NULL;
	if (interrupted && is_program(arch_regs_pc(interrupted)))
		return interrupted;
	regs = arch_user_regs(thread);
	return is_program(arch_regs_pc(regs)) ? regs : NULL;
}

/* Appends the program's part; @return how many words it took. */
static size_t add_program(struct trace_chain *chain, const struct arch_regs *regs, size_t max_words)
{
	struct window window = { &arch_cpu()->aspace->tables, UINT64_MAX, NULL };
	uint64_t *at = chain->words + chain->kernel_count;
	size_t left;

	chain->user_count = (uint8_t)program_frames(&window, regs, at);
	at += chain->user_count;
	arch_regs_dwarf(regs, at);
	at += TRACE_USER_REGS;
	left = (max_words - (size_t)(at - chain->words)) * sizeof(uint64_t);
	chain->stack_size = (uint32_t)program_stack(&window, align_down(arch_regs_sp(regs), sizeof(uint64_t)), at,
						    min(left, stack_max));
	return (size_t)(at - chain->words) + chain->stack_size / sizeof(uint64_t);
}

static size_t write_chain(void *buf, size_t max, const struct arch_regs *regs, uint64_t frame)
{
	struct trace_chain *chain = buf;
	struct thread *thread = arch_thread();
	const struct arch_regs *program = program_regs(thread, regs);
	bool in_program = regs && program == regs;
	unsigned count = 0;
	size_t words;

	if (!regs)
		count = kernel_frames(thread, ((const uint64_t *)frame)[1], ((const uint64_t *)frame)[0], chain->words);
	else if (!in_program)
		count = kernel_frames(thread, arch_regs_pc(regs), arch_regs_fp(regs), chain->words);
	*chain = (struct trace_chain){ .kernel_count = (uint8_t)count, .flags = in_program ? TRACE_IN_PROGRAM : 0 };
	words = count;
	/* Of a chain that was cut nobody knows how it began: nearly always by a call. */
	if (program && (!count || count == TRACE_CHAIN_MAX || arch_is_entry(chain->words[count - 1])))
		words = add_program(chain, program, (max - sizeof(*chain)) / sizeof(uint64_t));
	return sizeof(*chain) + words * sizeof(uint64_t);
}

static int chain_init(void)
{
	uint64_t wanted = boot_option_number("prof.stack", STACK_DEFAULT);

	stack_max = align_down((size_t)min(wanted, (uint64_t)TRACE_STACK_MAX), sizeof(uint64_t));
	trace_set_chain(write_chain, CHAIN_MAX - TRACE_STACK_MAX + stack_max);
	return 0;
}
INIT_CALL(INIT_MEMORY, chain_init);
