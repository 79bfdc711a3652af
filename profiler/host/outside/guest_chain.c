/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who runs on a CPU, and his call chain, as the kernel's own sampler makes it (profiler/guest/chain.c): the kernel's
 * frames by frame pointers, through interrupts to what they interrupted; then the program's registers, frames and
 * stack.
 */
#include "guest.h"

#include <string.h>

/* Registers of a program, in DWARF's order. */
enum { RBP = GDB_RBP, RSP = GDB_RSP, RIP = GDB_RIP };
_Static_assert(GDB_RIP + 1 == TRACE_USER_REGS && REGS_RIP - REGS_RAX == GDB_RIP, "the same order");

/* What a CPU is in the middle of. */
struct frames {
	uint64_t pcs[TRACE_CHAIN_MAX];
	unsigned count;
	uint64_t program[TRACE_USER_REGS];
	bool has_program;
};

static bool get(struct guest *guest, uint64_t base, enum member member, uint64_t *value)
{
	return layout_get(&guest->layout, &guest->memory, base, member, value);
}

static uint64_t get_or_0(struct guest *guest, uint64_t base, enum member member)
{
	uint64_t value;

	return get(guest, base, member, &value) ? value : 0;
}

bool guest_thread_find(struct guest *guest, const struct gdb_cpu *cpu, struct guest_thread *thread)
{
	uint64_t running, idle, id, cpu_id, named;

	*thread = (struct guest_thread){ .cpu = cpu->registers[GDB_GS_BASE] };
	if (!get(guest, thread->cpu, CPU_RUNNING, &running) || !get(guest, thread->cpu, CPU_IDLE, &idle) ||
	    !get(guest, thread->cpu, CPU_ID, &cpu_id) || running == idle || cpu_id >= TRACE_CPUS_MAX ||
	    !get(guest, thread->cpu, CPU_THREAD, &thread->thread) || !get(guest, thread->thread, THREAD_ID, &id))
		return false;
	thread->cpu_id = (uint32_t)cpu_id;
	thread->id = (uint32_t)id;
	thread->process = get_or_0(guest, thread->thread, THREAD_PROCESS);
	if (thread->process && !get_or_0(guest, thread->process, PROCESS_HAS_CODE))
		thread->process = 0;
	if (thread->process)
		thread->pid = (uint32_t)get_or_0(guest, thread->process, PROCESS_PID);
	named = thread->process ? thread->process + guest->layout.members[PROCESS_NAME].offset
				: thread->thread + guest->layout.members[THREAD_NAME].offset;
	if (!guest_memory_read(&guest->memory, named, thread->name, sizeof(thread->name) - 1))
		thread->name[0] = '\0';
	return true;
}

/* ---- the kernel's frames ---- */

static bool is_entry(const struct layout *l, uint64_t pc)
{
	return pc >= l->entry_start && pc < l->entry_end && !(pc >= l->quick_start && pc <= l->quick_end);
}

/* The stack that a frame pointer is in: the thread's, the one it has been put on, or the CPU's for interrupts. */
static bool stack_of(struct guest *guest, const struct guest_thread *t, uint64_t fp, uint64_t *low, uint64_t *high)
{
	const struct layout *l = &guest->layout;
	uint64_t ist = t->cpu + l->members[CPU_IST].offset;

	*low = get_or_0(guest, t->thread, THREAD_STACK_BASE);
	*high = *low + get_or_0(guest, t->thread, THREAD_STACK_SIZE);
	if (fp >= *low && fp < *high)
		return true;
	*low = get_or_0(guest, t->thread, THREAD_ALT_LOW);
	*high = get_or_0(guest, t->thread, THREAD_ALT_HIGH);
	if (fp >= *low && fp < *high)
		return true;
	*low = ist;
	*high = ist + l->members[CPU_IST].size;
	return fp >= *low && fp < *high;
}

static bool read_saved(struct guest *guest, uint64_t at, uint64_t registers[TRACE_USER_REGS])
{
	for (unsigned i = 0; i < TRACE_USER_REGS; i++)
		if (!get(guest, at, REGS_RAX + i, &registers[i]))
			return false;
	return true;
}

/*
 * A function that a system call's quick way (arch/x86_64/entry.S) has called: eight registers lie behind its return
 * address, the last of which, RCX, is where the program goes on.
 */
static void quick_program(struct guest *guest, const struct guest_thread *t, uint64_t fp, uint64_t rbp,
			  struct frames *f)
{
	memset(f->program, 0, sizeof(f->program));
	f->program[RBP] = rbp;
	f->program[RSP] = get_or_0(guest, t->cpu, CPU_USER_SP);
	f->has_program = guest_memory_read(&guest->memory, fp + 16 + 7 * sizeof(uint64_t), &f->program[RIP],
					   sizeof(f->program[RIP])) &&
			 guest_is_program(f->program[RIP]);
}

static void kernel_frames(struct guest *guest, const struct guest_thread *t, uint64_t pc, uint64_t fp, struct frames *f)
{
	const struct layout *l = &guest->layout;
	uint64_t low = 0, high = 0, frame[2], saved[TRACE_USER_REGS];

	f->pcs[f->count++] = pc;
	while (f->count < TRACE_CHAIN_MAX && fp % 8 == 0) {
		if ((fp < low || fp >= high) && !stack_of(guest, t, fp, &low, &high))
			return;
		if (high - fp < sizeof(frame) || !guest_memory_read(&guest->memory, fp, frame, sizeof(frame)) ||
		    !frame[1])
			return;
		f->pcs[f->count++] = frame[1];
		if (frame[1] >= l->quick_start && frame[1] <= l->quick_end) {
			quick_program(guest, t, fp, frame[0], f);
			return;
		}
		if (is_entry(l, frame[1])) {
			/* Behind the return address are the registers of what was interrupted. */
			if (!read_saved(guest, fp + sizeof(frame), saved))
				return;
			f->has_program = guest_is_program(saved[RIP]);
			memcpy(f->program, saved, sizeof(saved));
			if (f->has_program || f->count == TRACE_CHAIN_MAX)
				return;
			f->pcs[f->count++] = saved[RIP];
			fp = saved[RBP];
			continue;
		}
		if (frame[0] <= fp)
			return;
		fp = frame[0];
	}
}

/* ---- the program ---- */

static bool read_word(struct guest *guest, uint64_t address, uint64_t *value)
{
	return guest_is_program(address) && guest_memory_read(&guest->memory, address, value, sizeof(*value));
}

/* By frame pointers, for what they are worth: each must lie above the last. */
static unsigned program_frames(struct guest *guest, const uint64_t registers[TRACE_USER_REGS], uint64_t *pcs)
{
	uint64_t fp = registers[RBP], lowest = registers[RSP], ret, next;
	unsigned count = 0;

	pcs[count++] = registers[RIP];
	while (count < TRACE_CHAIN_MAX && fp >= lowest && fp % 8 == 0 && read_word(guest, fp + 8, &ret) &&
	       guest_is_program(ret) && read_word(guest, fp, &next)) {
		pcs[count++] = ret;
		lowest = fp + 16;
		fp = next;
	}
	return count;
}

static size_t program_stack(struct guest *guest, uint64_t from, uint8_t *to, size_t max)
{
	size_t size = 0;

	while (size < max && guest_is_program(from)) {
		const uint8_t *page = guest_memory_page(&guest->memory, from);
		size_t part = GUEST_PAGE - from % GUEST_PAGE;

		if (!page)
			break;
		part = part < max - size ? part : max - size;
		memcpy(to + size, page + from % GUEST_PAGE, part);
		size += part;
		from += part;
	}
	return size;
}

/*
 * Where the kernel has no frame of its own yet, or any more, the program's registers are where the last entry saved
 * them, but for the first steps of a system call, which are still the program's.
 */
static void find_program(struct guest *guest, const struct gdb_cpu *cpu, const struct guest_thread *t, struct frames *f)
{
	const struct layout *l = &guest->layout;
	uint64_t pc = cpu->registers[GDB_RIP], top;

	if (f->has_program ||
	    (f->count < TRACE_CHAIN_MAX && !(f->count == 1 && pc >= l->entry_start && pc <= l->syscall_end)))
		return;
	if (f->count == 1 && pc >= l->syscall_start && guest_is_program(cpu->registers[GDB_RCX])) {
		memcpy(f->program, cpu->registers, sizeof(f->program));
		f->program[RIP] = cpu->registers[GDB_RCX];
		if (!guest_is_program(f->program[RSP]))
			f->program[RSP] = get_or_0(guest, t->cpu, CPU_USER_SP);
		f->has_program = true;
		return;
	}
	top = get_or_0(guest, t->thread, THREAD_STACK_BASE) + get_or_0(guest, t->thread, THREAD_STACK_SIZE);
	f->has_program = read_saved(guest, top - l->regs_size, f->program) && guest_is_program(f->program[RIP]);
}

static size_t add_program(struct guest *guest, const uint64_t registers[TRACE_USER_REGS], struct trace_chain *chain)
{
	uint64_t *at = chain->words + chain->kernel_count;

	chain->user_count = (uint8_t)program_frames(guest, registers, at);
	at += chain->user_count;
	memcpy(at, registers, TRACE_USER_REGS * sizeof(*at));
	at += TRACE_USER_REGS;
	chain->stack_size = (uint32_t)program_stack(guest, registers[RSP] & ~UINT64_C(7), (uint8_t *)at,
						    guest->stack_max);
	return (size_t)((uint8_t *)at - (uint8_t *)chain) + chain->stack_size;
}

size_t guest_chain_make(struct guest *guest, const struct gdb_cpu *cpu, const struct guest_thread *thread,
			struct trace_chain *chain)
{
	const uint64_t *registers = cpu->registers;
	struct frames f = { .count = 0 };

	*chain = (struct trace_chain){ 0 };
	if (thread->process && guest_is_program(registers[GDB_RIP])) {
		chain->flags = TRACE_IN_PROGRAM;
		return add_program(guest, registers, chain);
	}
	kernel_frames(guest, thread, registers[GDB_RIP], registers[GDB_RBP], &f);
	chain->kernel_count = (uint8_t)f.count;
	memcpy(chain->words, f.pcs, f.count * sizeof(f.pcs[0]));
	if (thread->process)
		find_program(guest, cpu, thread, &f);
	if (thread->process && f.has_program)
		return add_program(guest, f.program, chain);
	return sizeof(*chain) + f.count * sizeof(uint64_t);
}
