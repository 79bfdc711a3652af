/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts the shadow stack into what clang has made of a C file: filter [--compact] < x.s > x.filtered.s
 *
 * A function that calls others, or writes to a place that it computes, keeps a copy of its return address (System V
 * ABI, AMD64, 3.2.2: at entry it lies at RSP; R10 and R11 are free there, and at the end) where the word at GS says,
 * and compares them before it returns. The pointer is moved by one instruction before the slot is used: an interrupt in
 * between uses the slots above, and a thread that goes on at another CPU finds its own pointer there.
 *
 * The copy goes with the frame: it is made where RBP is pushed, and compared where it has been popped. clang lets the
 * quick ways through a function do without a frame; what they do does not reach a return address.
 *
 * Left alone is a function that calls nothing and writes only what has a name: its frame's variables, global ones, and
 * members of structures, at a fixed distance from a pointer that no loop moves. Nothing in it can run out of bounds;
 * what such a pointer could do to it, where somebody else has made it point to the stack, is not caught in it but in
 * those that called it.
 *
 * The filter understands all that matters of its input, or refuses: a tail call would leave a copy behind.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <instrumentation/shadowstack/place.h>

#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)
#define POINTER "%gs:" STRING(SHADOW_STACK_POINTER)

/* With a register that is known to be 8 the place takes four bytes less. */
static const char enter_code[] = "\tmovq\t(%rsp), %r11\n"
				 "\tmovl\t$8, %r10d\n"
				 "\txaddq\t%r10, " POINTER "-8(%r10)\n"
				 "\tmovq\t%r11, (%r10)\n";
static const char leave_code[] = "\tmovq\t" POINTER ", %r11\n"
				 "\tmovq\t-8(%r11), %r11\n"
				 "\tcmpq\t%r11, (%rsp)\n"
				 "\tjne\tshadow_stack_differs\n"
				 "\tsubq\t$8, " POINTER "\n";

/* In the place of a return (--compact): the same by arch's assembly. A fifth of the text, for a jump. */
static const char return_code[] = "\tjmp\tshadow_stack_return\n";

static bool compact;
static char *text, **lines;
static size_t count;

static void fail(size_t line, const char *what) __attribute__((noreturn));
static void fail(size_t line, const char *what)
{
	fprintf(stderr, "shadowstack: line %zu: %s: %s\n", line + 1, what, lines[line]);
	exit(1);
}

static void no_memory(void)
{
	fprintf(stderr, "shadowstack: no memory\n");
	exit(1);
}

static void read_all(void)
{
	size_t size = 0, room = 1 << 16, n;

	text = malloc(room);
	while (text && (n = fread(text + size, 1, room - size - 1, stdin)) > 0) {
		size += n;
		if (size == room - 1)
			text = realloc(text, room *= 2);
	}
	if (!text)
		no_memory();
	text[size] = 0;
	for (char *p = text; *p; p++)
		count += *p == '\n';
	lines = calloc(count + 1, sizeof(*lines));
	if (!lines)
		no_memory();
	count = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		lines[count++] = line;
}

/* The instruction of a line, behind its prefixes; NULL: it is a label, a directive, a comment. */
static const char *instruction(const char *line)
{
	const char *p = line;

	if (*p != '\t' && *p != ' ')
		return NULL;
	while (isspace((unsigned char)*p))
		p++;
	for (;;) {
		if (!strncmp(p, "lock", 4) && isspace((unsigned char)p[4]))
			p += 5;
		else if (!strncmp(p, "rep", 3) && strcspn(p, " \t;") <= 5)
			p += strcspn(p, " \t;") + 1;
		else
			break;
		while (isspace((unsigned char)*p) || *p == ';')
			p++;
	}
	return isalpha((unsigned char)*p) ? p : NULL;
}

static bool is(const char *instruction, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(instruction, name, len) && !isalnum((unsigned char)instruction[len]);
}

static bool starts(const char *p, const char *with)
{
	return !strncmp(p, with, strlen(with));
}

static bool is_marker(const char *line, const char *marker)
{
	while (isspace((unsigned char)*line))
		line++;
	return !strcmp(line, marker);
}

/* The operand that is written; AT&T's order has it last. */
static const char *last_operand(const char *p)
{
	int depth = 0;

	p += strcspn(p, " \t");
	p += strspn(p, " \t");
	for (const char *q = p; *q && *q != '#'; q++) {
		depth += *q == '(';
		depth -= *q == ')';
		if (*q == ',' && !depth)
			p = q + 1 + strspn(q + 1, " \t");
	}
	return p;
}

/* The number of the register that starts at a name of it, or of a part of it; 0: none that is an address. */
static unsigned register_number(const char *p)
{
	static const char *const names[] = { "ax", "bx", "cx", "dx", "si", "di", "bp", "sp" };

	if (*p++ != '%')
		return 0;
	if (*p == 'r' && isdigit((unsigned char)p[1]))
		return (unsigned)strtoul(p + 1, NULL, 10) + 8;
	p += *p == 'r' || *p == 'e';
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (starts(p, names[i]) || (i < 4 && p[0] == names[i][0] && (p[1] == 'l' || p[1] == 'h')))
			return i + 1;
	return 0;
}

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

static bool is_return(const char *p)
{
	return is(p, "ret") || is(p, "retq");
}

/* The end of a function is where its size is said. */
static size_t end_of(size_t first, const char *name, size_t len)
{
	for (size_t i = first; i < count; i++)
		if (starts(lines[i], "\t.size\t") && !strncmp(lines[i] + 7, name, len) && lines[i][7 + len] == ',')
			return i;
	fail(first, "a function without an end");
}

static bool is_branch(const char *p)
{
	return *p == 'j';
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

/* RBP and RSP move with frames only. What changes registers that it does not name is taken for a change of all. */
static unsigned moved_by(const char *p)
{
	static const char *const others[] = { "movs", "stos", "xchg", "cmpxchg", "xadd", "pop", "mul", "imul", "div",
					      "idiv", "call", "lods", "cpuid", "rdtsc", "cqto", "cltd" };
	const char *operand = last_operand(p);

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (starts(p, others[i]) && !(starts(p, "movs") && strchr(operand, ':') == NULL))
			return ~(1u << 7 | 1u << 8);
	return *operand == '%' && !starts(p, "cmp") && !starts(p, "test") ? 1u << register_number(operand) : 0;
}

static unsigned moved_by_loops(size_t first, size_t end)
{
	unsigned moved = 0;

	for (size_t i = first; i < end; i++) {
		for (size_t j = loop_start(first, i); j < i; j++) {
			const char *p = instruction(lines[j]);

			moved |= p ? moved_by(p) : 0;
		}
	}
	return moved & ~(1u << 7 | 1u << 8);
}

static bool is_foreign(const char *line, bool before)
{
	return is_marker(line, "#APP") || (before && !is_marker(line, "#NO_APP"));
}

static bool needs_copy(size_t first, size_t end)
{
	unsigned moved = moved_by_loops(first, end);
	bool foreign = false, needs = false;

	for (size_t i = first; i < end; i++) {
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
		needs |= starts(p, "call") || writes_memory(p, moved);
		if (starts(p, "jmp") && !strstr(p, ".L") && !(strchr(p, '*') && strstr(p, "(,%r")))
			fail(i, "a tail call");
	}
	return needs;
}

static void put(const char *line)
{
	fputs(line, stdout);
	putchar('\n');
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

static bool is_one_of(const char *p, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (starts(p, names[i]))
			return true;
	return false;
}
#define IS_ONE_OF(p, names) is_one_of(p, names, sizeof(names) / sizeof(*(names)))

/* The first line of the function behind a label that a jump names; end: it names none. */
static size_t jump_target(const char *p, size_t first, size_t end)
{
	const char *target = strstr(p, ".L");
	size_t len = target ? strcspn(target, " \t#,(") : 0;

	for (size_t i = first; i < end && target; i++)
		if (!strncmp(lines[i], target, len) && lines[i][len] == ':')
			return i;
	return end;
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
static bool has_plain_frame(size_t first, size_t end)
{
	static const char *const keeps_flags[] = { "mov", "lea", "push", "nop" };
	unsigned moved = moved_by_loops(first, end);
	bool foreign = false, flags_set = false;
	size_t pushed = 0;

	for (size_t i = first; i < end; i++) {
		const char *p = instruction(lines[i]);

		foreign = is_foreign(lines[i], foreign);
		if (!pushed && (strstr(lines[i], "%r10") || strstr(lines[i], "%r11")) && p)
			return false;
		flags_set |= p && foreign;
		if (!p || foreign)
			continue;
		if (!pushed && (starts(p, "call") || writes_memory(p, moved)))
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

/* The return that follows with no label and no instruction in between; 0: there is none. */
static size_t next_return(size_t line, size_t end)
{
	for (size_t i = line; i < end; i++) {
		const char *p = instruction(lines[i]);

		if (p)
			return is_return(p) ? i : 0;
		if (starts(lines[i], ".LBB") || is_marker(lines[i], "#APP"))
			return 0;
	}
	return 0;
}

/* Lines from the function's label on. */
static void put_function(size_t first, size_t end)
{
	bool entered = false, foreign = false, plain = has_plain_frame(first, end);
	size_t at_return = 0;

	for (size_t i = first; i < end; i++) {
		const char *p = instruction(lines[i]);

		foreign = is_foreign(lines[i], foreign);
		/* Behind what a tracer patches: it may have put a return address of its own there. */
		if (plain ? p && !foreign && starts(p, "pushq\t%rbp")
			  : !entered && ((p && !starts(p, "nop")) || foreign)) {
			fputs(enter_code, stdout);
			entered = true;
		}
		if (!plain && !entered && starts(lines[i], ".LBB"))
			fail(i, "a loop to a function's first instruction");
		if (p && !foreign && is_return(p) && (plain ? at_return == i : true)) {
			fputs(compact ? return_code : plain ? "" : leave_code, stdout);
			if (compact)
				continue;
		}
		put(lines[i]);
		if (!plain || foreign || !p || !starts(p, "popq\t%rbp"))
			continue;
		at_return = compact ? next_return(i + 1, end) : 0;
		if (!at_return)
			fputs(leave_code, stdout);
	}
}

/* A label that .type has called a function's. The types of clang's functions come right before them. */
static bool is_function(size_t line, size_t *len)
{
	const char *p = lines[line];
	char wanted[600];

	*len = strcspn(p, ":");
	if (p[*len] != ':' || isspace((unsigned char)*p) || *p == '#' || starts(p, ".L") || starts(p, "__cfi_"))
		return false;
	if (*len > 500)
		fail(line, "too long a name");
	snprintf(wanted, sizeof(wanted), "\t.type\t%.*s,@function", (int)*len, p);
	for (size_t i = line; i-- > 0 && line - i < 64;)
		if (starts(lines[i], wanted))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	size_t len;

	compact = argc > 1 && !strcmp(argv[1], "--compact");
	if (argc > 1 + compact) {
		fprintf(stderr, "usage: shadowstack-filter [--compact] <IN.s >OUT.s\n");
		return 2;
	}
	read_all();
	for (size_t i = 0; i < count;) {
		size_t end;

		if (!is_function(i, &len)) {
			put(lines[i++]);
			continue;
		}
		end = end_of(i, lines[i], len);
		if (needs_copy(i, end))
			put_function(i, end);
		else
			for (size_t j = i; j < end; j++)
				put(lines[j]);
		i = end;
	}
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
