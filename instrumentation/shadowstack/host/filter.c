/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts the shadow stack into what clang has made of a C file, or of all: shadowstack-filter [--compact] <IN.s >OUT.s
 *
 * A function that calls others, or writes to a place that it computes (needs.c), keeps a copy of its return address
 * (System V ABI, AMD64, 3.2.2: at entry it lies at RSP; R10 and R11 are free there, and at the end) where the word at
 * GS says, and compares them before it returns. The pointer is moved by one instruction before the slot is used: an
 * interrupt in between uses the slots above, and a thread that goes on at another CPU finds its own pointer there.
 *
 * The copy goes with the frame: it is made where RBP is pushed, and compared where it has been popped. clang lets the
 * quick ways through a function do without a frame; what they do does not reach a return address.
 *
 * What clang makes by itself, such as constructors, may end with a tail call: that is a return, and whom it calls makes
 * a copy of its own. The filter understands all that matters of its input, or refuses.
 */
#include <stdio.h>
#include <string.h>

#include <instrumentation/shadowstack/place.h>
#include "needs.h"

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

static void put(const char *line)
{
	fputs(line, stdout);
	putchar('\n');
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
static void put_function(const struct function *f)
{
	bool entered = false, foreign = false, plain = has_plain_frame(f);
	size_t at_return = 0, first = f->first, end = f->end;

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
			fputs(compact ? return_code : leave_code, stdout);
			if (compact)
				continue;
		}
		if (p && is_tail_call(p))
			fputs(leave_code, stdout);
		put(lines[i]);
		if (!plain || foreign || !p || !starts(p, "popq\t%rbp"))
			continue;
		at_return = compact ? next_return(i + 1, end) : 0;
		if (!at_return)
			fputs(leave_code, stdout);
	}
}

int main(int argc, char **argv)
{
	compact = argc > 1 && !strcmp(argv[1], "--compact");
	if (argc > 1 + compact) {
		fprintf(stderr, "usage: shadowstack-filter [--compact] <IN.s >OUT.s\n");
		return 2;
	}
	read_all();
	find_functions();
	for (size_t i = 0; i < count;) {
		const struct function *f = function_at(i);

		if (f && needs_copy(f)) {
			put_function(f);
			i = f->end;
		} else {
			put(lines[i++]);
		}
	}
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
