/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which functions keep a copy of their return address, and whether it can go with their frame.
 *
 * Left alone is a function that calls nothing, or what never comes back, and writes only what has a name: its frame's
 * variables, global ones, and members of structures, at a fixed distance from a pointer that neither a loop nor a sum
 * has moved. Nothing in it can run out of bounds; what such a pointer could do to it, where somebody else has made it
 * point to the stack, is not caught in it but in those that called it.
 */
#include <stdlib.h>
#include <string.h>

#include "needs.h"

/*
 * One that has a name: a fixed address, or a fixed distance from a register that is not moved (a bit each). The address
 * of a symbol with a register behind it is an array's.
 */
static bool is_named_place(const char *operand, unsigned moved)
{
	const char *p = operand + strcspn(operand, "(#"), *distance = operand;

	if (starts(operand, "%es:") || memchr(operand, ',', strcspn(operand, "#")))
		return false;
	if (*p != '(' || starts(p, "(%rip)"))
		return true;
	if (*distance == '%')
		distance += strcspn(distance, ":") + 1;
	return distance + strspn(distance, "-+0123456789") == p && !(moved >> register_number(p + 1) & 1);
}

/* Instructions whose last operand is only read, or is no memory. */
static bool only_reads(const char *p)
{
	static const char *const names[] = { "cmp", "test", "lea", "push", "nop", "prefetch", "bt", "j", "ud2" };

	if (starts(p, "cmpxchg") || is(p, "btsq") || is(p, "btsl") || starts(p, "btr") || starts(p, "btc"))
		return false;
	return IS_ONE_OF(p, names);
}

static bool writes_memory(const char *p, unsigned moved)
{
	const char *operand = last_operand(p);

	if (only_reads(p) || !*operand || *operand == '$' || (*operand == '%' && !strchr(operand, ':')))
		return false;
	return !is_named_place(operand, moved);
}

/* Sets of registers, a bit each by their numbers; FRAME is all that lies in the frame. */
#define ALL ~0u
#define FRAME 1u
#define NEVER_MOVED (1u << 7 | 1u << 8)	/* RBP and RSP move with frames only */

static bool is_in_frame(const char *operand)
{
	const char *p = strchr(operand, '(');

	return p && (starts(p, "(%rbp") || starts(p, "(%rsp"));
}

/* The set of the one place that an operand is, or of none. */
static unsigned place_of(const char *operand)
{
	unsigned number = register_number(operand);

	return number ? 1u << number : is_in_frame(operand) ? FRAME : 0;
}

/* What changes registers that it does not name is taken for a change of all. */
static unsigned changed_by(const char *p)
{
	static const char *const others[] = { "movs", "stos", "xchg", "cmpxchg", "xadd", "pop", "mul", "imul", "div",
					      "idiv", "call", "lods", "cpuid", "rdtsc", "cqto", "cltd" };
	const char *operand = last_operand(p);

	if (IS_ONE_OF(p, others) && !(starts(p, "movs") && !strchr(operand, ':')))
		return ALL;
	return starts(p, "cmp") || starts(p, "test") ? 0 : place_of(operand);
}

/*
 * What makes a pointer of a pointer and a number that is not fixed, or passes on what is moved, be it by way of the
 * frame.
 */
static bool moves(const char *p, unsigned moved)
{
	static const char *const sums[] = { "add", "sub", "or", "xor", "imul", "adc", "sbb" };
	const char *source = p + strcspn(p, " \t"), *index = strchr(p, '(');

	source += strspn(source, " \t");
	if (starts(p, "lea") && index)
		return memchr(index, ',', strcspn(index, ")")) || moved & ~NEVER_MOVED & place_of(index + 1);
	if (starts(p, "mov") || starts(p, "cmov"))
		return moved & ~NEVER_MOVED & place_of(source);
	return *source != '$' && IS_ONE_OF(p, sums);
}

/*
 * The registers of the function that is looked at which loops or sums may have moved before a line, a bit each. What a
 * loop moves it has moved for all lines from its start on; loops that overlap are one.
 */
static unsigned *moved;
static size_t moved_first, moved_room;

static unsigned moved_at(size_t line)
{
	return moved[line - moved_first] & ~NEVER_MOVED;
}

static unsigned changed_within(size_t start, size_t end)
{
	unsigned changed = 0;

	for (size_t i = start; i <= end; i++) {
		const char *p = instruction(lines[i]);

		changed |= p ? changed_by(p) : 0;
	}
	return changed;
}

/* Where a line leads back to, a table of jumps to anywhere; the line itself: nowhere. */
static size_t loop_start(const struct function *f, size_t line)
{
	const char *p = instruction(lines[line]);
	size_t target;

	if (p && starts(p, "jmp") && strchr(p, '*'))
		return f->first;
	if (!(p && is_branch(p)) && !is_asm_goto(lines[line]))
		return line;
	target = jump_target(lines[line], f->first, f->end);
	return target < line ? target : line;
}

/* From the last line to the first, so that a loop that overlaps others is known before them. */
static void find_loops(const struct function *f)
{
	size_t end = f->end, start = f->end;

	for (size_t i = f->end; i-- > f->first;) {
		size_t to = loop_start(f, i);

		if (to == i)
			continue;
		if (end < f->end && i < start) {
			moved[start - f->first] |= changed_within(start, end);
			end = start = f->end;
		}
		end = end == f->end ? i : end;
		start = to < start ? to : start;
	}
	if (end < f->end)
		moved[start - f->first] |= changed_within(start, end);
}

static void find_moved(const struct function *f)
{
	size_t size = f->end - f->first;
	unsigned all = 0;

	if (size > moved_room) {
		free(moved);
		moved = malloc((moved_room = 2 * size) * sizeof(*moved));
		if (!moved)
			no_memory();
	}
	memset(moved, 0, size * sizeof(*moved));
	moved_first = f->first;
	find_loops(f);
	for (size_t i = 0; i < size; i++) {
		const char *p = instruction(lines[f->first + i]);

		all |= moved[i];
		if (p && moves(p, all))
			all |= changed_by(p);
		moved[i] = all;
	}
}

static bool comes_back(const char *call)
{
	const struct function *f = function_called(call);

	return !f || f->returns;
}

bool needs_copy(const struct function *f)
{
	bool foreign = false, needs = false;

	find_moved(f);
	for (size_t i = f->first; i < f->end; i++) {
		const char *p;

		foreign = is_foreign(lines[i], foreign);
		p = instruction(lines[i]);
		if (!p)
			continue;
		if (foreign) {
			if (is_return(p))
				fail(i, "a return in inline assembly");
			needs |= strchr(p, ';') && (strchr(p, '(') || strstr(p, "call"));
		}
		needs |= starts(p, "call") ? comes_back(p) : writes_memory(p, moved_at(i));
		/* By a register: it may be one that we use. On a condition: its flags would be lost. */
		if (is_tail_call(p) && (foreign || strchr(p, '*') || !is(p, "jmp")))
			fail(i, "a tail call");
	}
	return needs;
}

/* Goes on where the flags and R10 and R11 have been changed, and does nothing but to make a result. */
static bool is_harmless(const char *p)
{
	static const char *const others[] = { "set", "cmov", "adc", "sbb", "rcl", "rcr", "pushf", "lahf", "j", "call",
					      "push", "pop", "leave" };

	return !IS_ONE_OF(p, others) && !strstr(p, "%r10") && !strstr(p, "%r11") && !strstr(p, "%rsp") &&
	       !writes_memory(p, ALL);
}

/* Its frame is all gone: what follows is the return, or a jump to one, and little in between. */
static bool returns_next(size_t line, size_t first, size_t end)
{
	for (size_t i = line, steps = 0; i < end && steps < end - first; i++, steps++) {
		const char *p = instruction(lines[i]);

		if (is_marker(lines[i], "#APP"))
			return false;
		if (p && is_return(p))
			return true;
		if (!p || is_harmless(p))
			continue;
		if (!is(p, "jmp"))
			return false;
		i = jump_target(p, first, end);
	}
	return false;
}

/*
 * Whether flags that were set before a line may be asked for behind it. What changes some of them only, or none where
 * it shifts by nothing, is taken to change none; inline assembly changes all for clang.
 */
static bool flags_matter(size_t line, size_t first, size_t end)
{
	static const char *const asks[] = { "set", "cmov", "adc", "sbb", "rcl", "rcr", "pushf", "lahf", "loop" };
	static const char *const changes[] = { "add", "sub", "and", "or",  "xor",  "neg", "cmp",
					       "test", "call", "ret", "mul", "imul", "bt" };

	for (size_t i = line, steps = 0; i < end && steps < end - first; i++, steps++) {
		const char *p = instruction(lines[i]);

		if (is_marker(lines[i], "#APP"))
			return false;
		if (!p)
			continue;
		if (is(p, "jmp") || is(p, "jmpq")) {
			i = jump_target(p, first, end);
			if (i == end)
				return true;
			continue;
		}
		if (is_branch(p) || IS_ONE_OF(p, asks))
			return true;
		if (IS_ONE_OF(p, changes))
			return false;
	}
	return true;
}

/*
 * Whether what a function does without its frame calls nothing that comes back, and writes only what has a name. Jumps
 * are followed: what has no frame may stand behind what has one.
 */
static bool is_quick_without_frame(const struct function *f)
{
	size_t size = f->end - f->first, left = 0, *to_do = calloc(size, sizeof(*to_do));
	bool *seen = calloc(size, sizeof(*seen)), quick = true;

	if (!to_do || !seen)
		no_memory();
	to_do[left++] = f->first;
	seen[0] = true;
	while (left && quick) {
		size_t line = to_do[--left], next[2] = { line + 1, f->end };
		const char *p = instruction(lines[line]);

		if (p && starts(p, "pushq\t%rbp"))
			continue;
		if (p && (starts(p, "call") ? comes_back(p) : writes_memory(p, moved_at(line))))
			quick = false;
		if ((p && is_branch(p)) || is_asm_goto(lines[line])) {
			next[1] = jump_target(lines[line], f->first, f->end);
			quick &= next[1] < f->end;
		}
		if (p && (is_return(p) || is(p, "jmp") || is(p, "jmpq")))
			next[0] = f->end;
		for (unsigned i = 0; i < 2; i++) {
			if (next[i] < f->end && !seen[next[i] - f->first]) {
				seen[next[i] - f->first] = true;
				to_do[left++] = next[i];
			}
		}
	}
	free(to_do);
	free(seen);
	return quick;
}

bool has_plain_frame(const struct function *f)
{
	static const char *const keeps_flags[] = { "mov", "lea", "push", "nop" };
	bool foreign = false, flags_set = false;
	size_t pushed = 0, first = f->first, end = f->end;

	for (size_t i = first; i < end; i++) {
		const char *p = instruction(lines[i]);

		foreign = is_foreign(lines[i], foreign);
		if (!pushed && (strstr(lines[i], "%r10") || strstr(lines[i], "%r11")) && p)
			return false;
		flags_set |= p && foreign;
		if (!p || foreign)
			continue;
		if ((starts(p, "pushq\t%rbp") && pushed) || starts(p, "leave"))
			return false;
		/* At its first instruction a function expects nothing of flags. */
		if (starts(p, "pushq\t%rbp") && flags_set && flags_matter(i, first, end))
			return false;
		flags_set |= !IS_ONE_OF(p, keeps_flags);
		if (starts(p, "pushq\t%rbp"))
			pushed = i;
		if (starts(p, "popq\t%rbp") && (!pushed || !returns_next(i + 1, first, end)))
			return false;
	}
	return pushed && is_quick_without_frame(f);
}
