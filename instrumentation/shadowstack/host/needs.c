/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which functions keep a copy of their return address, and whether it can go with their frame.
 *
 * Left alone is a function that calls nothing, or what never comes back, and writes only what has a name: its frame's
 * variables, global ones, and members of structures, at a fixed distance from a pointer that no loop has moved. Nothing
 * in it can run out of bounds; what such a pointer could do to it, where somebody else has made it point to the stack,
 * is not caught in it but in those that called it.
 */
#include <stdlib.h>
#include <string.h>

#include "needs.h"

/*
 * One that has a name: a fixed address, or a fixed distance from a register that no loop moves (moved: those that one
 * does, a bit each).
 */
static bool is_named_place(const char *operand, unsigned moved)
{
	const char *p = operand + strcspn(operand, "(#");

	if (starts(operand, "%es:") || memchr(operand, ',', strcspn(operand, "#")))
		return false;
	return *p != '(' || starts(p, "(%rip)") || !(moved >> register_number(p + 1) & 1);
}

/* Instructions whose last operand is only read, or is no memory. */
static bool only_reads(const char *p)
{
	static const char *const names[] = { "cmp", "test", "lea", "push", "nop", "prefetch", "bt", "j", "ud2" };

	if (starts(p, "cmpxchg") || is(p, "btsq") || is(p, "btsl") || starts(p, "btr") || starts(p, "btc"))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (starts(p, names[i]))
			return true;
	return false;
}

static bool writes_memory(const char *p, unsigned moved)
{
	const char *operand = last_operand(p);

	if (only_reads(p) || !*operand || *operand == '$' || (*operand == '%' && !strchr(operand, ':')))
		return false;
	return !is_named_place(operand, moved);
}

/* Where a branch back leads to; the line itself: it is none. */
static size_t loop_start(size_t first, size_t line)
{
	const char *p = instruction(lines[line]), *target = p && is_branch(p) ? strstr(p, ".L") : NULL;
	size_t len = target ? strcspn(target, " \t,(#") : 0;

	for (size_t i = first; target && i < line; i++)
		if (!strncmp(lines[i], target, len) && lines[i][len] == ':')
			return i;
	return line;
}

/* What changes registers that it does not name is taken for a change of all. */
static unsigned moved_by(const char *p)
{
	static const char *const others[] = { "movs", "stos", "xchg", "cmpxchg", "xadd", "pop", "mul", "imul", "div",
					      "idiv", "call", "lods", "cpuid", "rdtsc", "cqto", "cltd" };
	const char *operand = last_operand(p);

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (starts(p, others[i]) && !(starts(p, "movs") && strchr(operand, ':') == NULL))
			return ~0u;
	return *operand == '%' && !starts(p, "cmp") && !starts(p, "test") ? 1u << register_number(operand) : 0;
}

/*
 * A loop of the function that is looked at, and the registers that it moves, a bit each. Loops that overlap are one: it
 * is over before any line in front of it, and may have moved them for each line behind its start.
 */
struct loop {
	size_t start, end;
	unsigned moved;
};

static struct loop *loops;
static size_t loop_count, loop_room;

#define NEVER_MOVED (1u << 7 | 1u << 8)	/* RBP and RSP move with frames only */

static void add_loop(size_t start, size_t end)
{
	/* They come in the order of their ends. */
	while (loop_count && loops[loop_count - 1].end >= start) {
		loop_count--;
		start = loops[loop_count].start < start ? loops[loop_count].start : start;
	}
	if (loop_count == loop_room) {
		loops = realloc(loops, (loop_room = 2 * loop_room + 16) * sizeof(*loops));
		if (!loops)
			no_memory();
	}
	loops[loop_count++] = (struct loop){ .start = start, .end = end };
}

static void find_loops(const struct function *f)
{
	loop_count = 0;
	for (size_t i = f->first; i < f->end; i++) {
		const char *p = instruction(lines[i]);
		size_t start = loop_start(f->first, i);

		if (start < i)
			add_loop(start, i);
		/* A table of jumps may lead anywhere. */
		if (p && starts(p, "jmp") && strchr(p, '*'))
			add_loop(f->first, f->end - 1);
	}
	for (size_t i = 0; i < loop_count; i++) {
		for (size_t j = loops[i].start; j <= loops[i].end; j++) {
			const char *p = instruction(lines[j]);

			loops[i].moved |= p ? moved_by(p) : 0;
		}
	}
}

/* By loops, before a line or in one that it is part of. */
static unsigned moved_at(size_t line)
{
	unsigned moved = 0;

	for (size_t i = 0; i < loop_count && loops[i].start <= line; i++)
		moved |= loops[i].moved;
	return moved & ~NEVER_MOVED;
}

static bool comes_back(const char *call)
{
	const struct function *f = function_called(call);

	return !f || f->returns;
}

bool needs_copy(const struct function *f)
{
	bool foreign = false, needs = false;

	find_loops(f);
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
		if (starts(p, "jmp") && !strstr(p, ".L") && !(strchr(p, '*') && strstr(p, "(,%r")))
			fail(i, "a tail call");
	}
	return needs;
}

/* Goes on where the flags and R10 and R11 have been changed, and does nothing but to make a result. */
static bool is_harmless(const char *p)
{
	static const char *const others[] = { "set", "cmov", "adc", "sbb", "rcl", "rcr", "pushf", "lahf", "j", "call",
					      "push", "pop", "leave" };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (starts(p, others[i]))
			return false;
	return !strstr(p, "%r10") && !strstr(p, "%r11") && !strstr(p, "%rsp") && !writes_memory(p, ~0u);
}

/* Its frame is all gone: what follows is the return, or a jump to one, and little in between. */
static bool returns_next(size_t line, size_t first, size_t end)
{
	for (size_t i = line; i < end; i++) {
		const char *p = instruction(lines[i]), *target;
		size_t len;

		if (is_marker(lines[i], "#APP"))
			return false;
		if (!p)
			continue;
		if (is_return(p))
			return true;
		if (is_harmless(p))
			continue;
		if (!is(p, "jmp"))
			return false;
		target = strstr(p, ".L");
		len = target ? strcspn(target, " \t#") : 0;
		for (i = first; i < end && target; i++)
			if (!strncmp(lines[i], target, len) && lines[i][len] == ':')
				return returns_next(i, i, end);
		return false;
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
 * Whether the copy can go with the frame: RBP is pushed once, and neither the registers that we use nor the flags are
 * in use by then; and where it is popped, nothing is left to be done.
 */
bool has_plain_frame(const struct function *f)
{
	static const char *const keeps_flags[] = { "mov", "lea", "push", "nop" };
	bool foreign = false, flags_set = false;
	size_t pushed = 0, first = f->first, end = f->end;

	find_loops(f);
	for (size_t i = first; i < end; i++) {
		const char *p = instruction(lines[i]);

		foreign = is_foreign(lines[i], foreign);
		if (!pushed && (strstr(lines[i], "%r10") || strstr(lines[i], "%r11")) && p)
			return false;
		flags_set |= p && foreign;
		if (!p || foreign)
			continue;
		if (!pushed && (starts(p, "call") || writes_memory(p, moved_at(i))))
			return false;
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
	return pushed;
}
