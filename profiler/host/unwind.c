/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unwinding: see unwind.h. libdw reads the tables; what they say is evaluated here, over a copy of the stack and
 * nothing else, so that each place in code costs one look into its object's tables in the whole recording.
 */
#include "unwind.h"

#include "elf_file.h"
#include "objects.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

enum { RBP = 6, RSP = 7, RIP = 16 };

#define EXPRESSION_DEPTH 32

/* What the tables say for a place in an object. */
struct row {
	uint32_t object;
	uint64_t address;
	Dwarf_Frame *frame;	/* NULL: nothing */
	bool used, is_signal;
};

struct unwinder {
	struct processes *processes;
	struct row *rows;	/* open hash table; size is a power of two */
	size_t size, count;
};

struct machine {
	uint64_t registers[UNWIND_REGISTERS];
	uint32_t known;		/* bit n: registers[n] is */
	uint64_t cfa;
	uint64_t stack_start;
	const uint8_t *stack;
	size_t stack_size;
};

struct unwinder *unwind_new(struct processes *processes)
{
	struct unwinder *u = memory_new(1, sizeof(*u));

	u->processes = processes;
	u->size = 1024;
	u->rows = memory_new(u->size, sizeof(*u->rows));
	return u;
}

void unwind_free(struct unwinder *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < u->size; i++)
		free(u->rows[i].frame);
	free(u->rows);
	free(u);
}

/* ---- rows ---- */

static struct row *slot_of(struct row *rows, size_t size, uint32_t object, uint64_t address)
{
	size_t at = (address ^ (uint64_t)object << 40) * UINT64_C(0x9e3779b97f4a7c15) >> 24;

	for (;; at++) {
		struct row *row = &rows[at & (size - 1)];

		if (!row->used || (row->object == object && row->address == address))
			return row;
	}
}

static void grow(struct unwinder *u)
{
	struct row *rows = memory_new(u->size * 2, sizeof(*rows));

	for (size_t i = 0; i < u->size; i++)
		if (u->rows[i].used)
			*slot_of(rows, u->size * 2, u->rows[i].object, u->rows[i].address) = u->rows[i];
	free(u->rows);
	u->rows = rows;
	u->size *= 2;
}

static const struct row *row_of(struct unwinder *u, uint32_t object, uint64_t offset)
{
	struct profile *p = u->processes->profile;
	uint64_t address = objects_address(p, object, offset);
	struct row *row = slot_of(u->rows, u->size, object, address);
	Dwarf_CFI *cfi;
	struct elf_file *elf;

	if (row->used)
		return row;
	*row = (struct row){ .object = object, .address = address, .used = true };
	elf = objects_elf(p, object);
	cfi = elf ? elf_file_frames(elf) : NULL;
	if (cfi && dwarf_cfi_addrframe(cfi, address, &row->frame))
		row->frame = NULL;
	if (row->frame) {
		Dwarf_Addr start, end;

		if (dwarf_frame_info(row->frame, &start, &end, &row->is_signal) < 0) {
			free(row->frame);
			row->frame = NULL;
		}
	}
	if (++u->count * 2 > u->size) {
		grow(u);
		row = slot_of(u->rows, u->size, object, address);
	}
	return row;
}

/* ---- expressions ---- */

static bool read_memory(const struct machine *m, uint64_t address, uint64_t *value)
{
	uint64_t at = address - m->stack_start;

	if (address < m->stack_start || at > m->stack_size || m->stack_size - at < 8)
		return false;
	memcpy(value, m->stack + at, 8);
	return true;
}

static bool read_register(const struct machine *m, uint64_t number, uint64_t *value)
{
	if (number >= UNWIND_REGISTERS || !(m->known >> number & 1))
		return false;
	*value = m->registers[number];
	return true;
}

struct stack {
	uint64_t values[EXPRESSION_DEPTH];
	size_t depth;
};

static bool push(struct stack *s, uint64_t value)
{
	if (s->depth == EXPRESSION_DEPTH)
		return false;
	s->values[s->depth++] = value;
	return true;
}

/* Operators of the two values on top. */
static bool binary(struct stack *s, uint8_t atom)
{
	uint64_t b, *a;

	if (s->depth < 2)
		return false;
	b = s->values[--s->depth];
	a = &s->values[s->depth - 1];
	switch (atom) {
	case DW_OP_plus: *a += b; return true;
	case DW_OP_minus: *a -= b; return true;
	case DW_OP_mul: *a *= b; return true;
	case DW_OP_and: *a &= b; return true;
	case DW_OP_or: *a |= b; return true;
	case DW_OP_xor: *a ^= b; return true;
	case DW_OP_shl: *a = b < 64 ? *a << b : 0; return true;
	case DW_OP_shr: *a = b < 64 ? *a >> b : 0; return true;
	case DW_OP_eq: *a = *a == b; return true;
	case DW_OP_ne: *a = *a != b; return true;
	case DW_OP_ge: *a = (int64_t)*a >= (int64_t)b; return true;
	case DW_OP_gt: *a = (int64_t)*a > (int64_t)b; return true;
	case DW_OP_le: *a = (int64_t)*a <= (int64_t)b; return true;
	case DW_OP_lt: *a = (int64_t)*a < (int64_t)b; return true;
	default: return false;
	}
}

static bool step(const struct machine *m, struct stack *s, const Dwarf_Op *op)
{
	uint64_t value;

	if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31)
		return push(s, op->atom - DW_OP_lit0);
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
		return read_register(m, op->atom - DW_OP_breg0, &value) && push(s, value + op->number);
	switch (op->atom) {
	case DW_OP_bregx: return read_register(m, op->number, &value) && push(s, value + op->number2);
	case DW_OP_call_frame_cfa: return push(s, m->cfa);
	case DW_OP_addr:
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_const8u:
	case DW_OP_const8s:
	case DW_OP_constu:
	case DW_OP_consts: return push(s, op->number);
	case DW_OP_plus_uconst: return s->depth && (s->values[s->depth - 1] += op->number, true);
	case DW_OP_deref: return s->depth && read_memory(m, s->values[s->depth - 1], &s->values[s->depth - 1]);
	case DW_OP_dup: return s->depth && push(s, s->values[s->depth - 1]);
	case DW_OP_drop: return s->depth && (s->depth--, true);
	case DW_OP_over: return s->depth >= 2 && push(s, s->values[s->depth - 2]);
	case DW_OP_nop: return true;
	default: return binary(s, op->atom);
	}
}

/* Leaves an address in *result, or with *is_value the value itself. */
static bool evaluate(const struct machine *m, const Dwarf_Op *ops, size_t count, uint64_t *result, bool *is_value)
{
	struct stack s = { .depth = 0 };

	*is_value = false;
	for (size_t i = 0; i < count; i++) {
		*is_value = true;
		if (ops[i].atom == DW_OP_regx)
			return read_register(m, ops[i].number, result);
		if (ops[i].atom >= DW_OP_reg0 && ops[i].atom <= DW_OP_reg31)
			return read_register(m, ops[i].atom - DW_OP_reg0, result);
		*is_value = ops[i].atom == DW_OP_stack_value;
		if (!*is_value && !step(m, &s, &ops[i]))
			return false;
	}
	if (!s.depth)
		return false;
	*result = s.values[s.depth - 1];
	return true;
}

/* ---- frames ---- */

/* A register of the caller; false: not known. */
static bool caller_register(const struct machine *m, Dwarf_Frame *frame, int number, uint64_t *value)
{
	Dwarf_Op memory[3], *ops;
	size_t count;
	bool is_value;

	if (dwarf_frame_register(frame, number, memory, &ops, &count))
		return false;
	if (!count)	/* undefined, or the same */
		return !ops && read_register(m, (uint64_t)number, value);
	return evaluate(m, ops, count, value, &is_value) && (is_value || read_memory(m, *value, value));
}

static bool next_by_table(struct machine *m, const struct row *row)
{
	struct machine next = *m;
	Dwarf_Op *ops;
	size_t count;
	bool is_value;

	if (dwarf_frame_cfa(row->frame, &ops, &count) || !evaluate(m, ops, count, &m->cfa, &is_value))
		return false;
	next.known = 0;
	for (int i = 0; i < UNWIND_REGISTERS; i++)
		if (caller_register(m, row->frame, i, &next.registers[i]))
			next.known |= 1u << i;
	/* The stack pointer is the CFA where no rule says otherwise, as a signal's does. */
	if (!row->is_signal || !(next.known >> RSP & 1)) {
		next.registers[RSP] = m->cfa;
		next.known |= 1u << RSP;
	}
	*m = next;
	return m->known >> RIP & 1;
}

static bool next_by_frame_pointer(struct machine *m)
{
	uint64_t frame, saved, ret;

	if (!read_register(m, RBP, &frame) || frame < m->registers[RSP] || !read_memory(m, frame, &saved) ||
	    !read_memory(m, frame + 8, &ret))
		return false;
	m->registers[RBP] = saved;
	m->registers[RSP] = frame + 16;
	m->registers[RIP] = ret;
	m->known = 1u << RBP | 1u << RSP | 1u << RIP;
	return true;
}

/* One frame further out. caller: the program counter is where a call returns to. */
static bool next_frame(struct unwinder *u, uint32_t pid, struct machine *m, bool *caller)
{
	uint64_t pc = m->registers[RIP] - (*caller ? 1 : 0), sp = m->registers[RSP];
	const struct map *map = process_map_find(u->processes, pid, pc);
	const struct row *row = map ? row_of(u, map->object, pc - map->start + map->offset) : NULL;
	bool found = row && row->frame ? next_by_table(m, row) : next_by_frame_pointer(m);

	*caller = !(row && row->frame && row->is_signal);
	/* A signal's handler may run on another stack. */
	return found && m->registers[RIP] && (m->registers[RSP] > sp || !*caller);
}

size_t unwind(struct unwinder *u, const struct unwind_start *start, uint64_t *pcs, size_t max)
{
	struct machine m = { .known = (1u << UNWIND_REGISTERS) - 1,
			     .stack_start = start->registers[RSP] & ~UINT64_C(7),
			     .stack = start->stack,
			     .stack_size = start->stack_size };
	bool caller = false;
	size_t count = 0;

	memcpy(m.registers, start->registers, sizeof(m.registers));
	while (count < max) {
		pcs[count++] = m.registers[RIP];
		if (!next_frame(u, start->pid, &m, &caller))
			break;
	}
	/* Where the copy of the stack ended too early, frame pointers may lead on. */
	for (size_t i = count > 1 ? 1 : 0; i < start->frame_count && count < max; i++)
		if (start->frames[i] == pcs[count - 1]) {
			while (++i < start->frame_count && count < max)
				pcs[count++] = start->frames[i];
			break;
		}
	return count;
}
