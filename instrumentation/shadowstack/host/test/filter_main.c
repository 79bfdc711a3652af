/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs filtered.c with the pointer of its shadow stack where the kernel has it, at GS. Prints ok or not ok lines.
 */
#include <asm/prctl.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <instrumentation/shadowstack/place.h>

long quick(long *word, long n);
long early(long *list, long n);
long leaf(long *to, long value);
long walked(long *to, long n);
long jumps(long *to, long n);
long careful(long n);
long fills(long *to, long n);
long recursion(long n);
long many_ways(long n, const char *text);
long variable(long n);
long overwritten(uint64_t *victim, uint64_t with);

volatile long seen;
static uint64_t shadow[4096], block[SHADOW_STACK_POINTER / 8 + 1];
static uint64_t found, kept;
static jmp_buf back;

/* The first line is told what was found at RSP and what was kept in R11. */
void differs(uint64_t at_rsp, uint64_t in_r11);
__asm__(".globl shadow_stack_differs, shadow_stack_return\n"
	"shadow_stack_differs:\n"
	"	movq (%rsp), %rdi\n"
	"	movq %r11, %rsi\n"
	"	andq $-16, %rsp\n"
	"	call differs\n"
	"shadow_stack_return:\n"
	"	movq %gs:0x38, %r10\n"
	"	movq -8(%r10), %r11\n"
	"	cmpq %r11, (%rsp)\n"
	"	jne shadow_stack_differs\n"
	"	subq $8, %gs:0x38\n"
	"	ret\n");
_Static_assert(SHADOW_STACK_POINTER == 0x38, "above");

void differs(uint64_t at_rsp, uint64_t in_r11)
{
	found = at_rsp;
	kept = in_r11;
	longjmp(back, 1);
}

static void check(const char *name, int right)
{
	printf(right ? "ok %s\n" : "not ok %s: wrong\n", name);
}

static int is_empty(void)
{
	return block[SHADOW_STACK_POINTER / 8] == (uint64_t)shadow;
}

static void check_results(void)
{
	long words[64] = { 4 }, sum = 0;

	check("filtered_quick_ways", quick(words, 1) == 1 && quick(words, 1) == 2 && seen == 6 && is_empty());
	check("filtered_leaf", leaf(words, 21) == 42 && words[3] == 21);
	check("filtered_fills", fills(words, 10) == 10 && words[9] == (9 ^ 10));
	words[0] = 4;
	words[1] = words[2] = 1;
	words[3] = 0;
	check("filtered_early", early(words, 1) == 1 && early(words, 1) == 2 && is_empty());
	words[5] = 77;
	check("filtered_walked", walked(words, 77) == 77 && words[6] == 77 && is_empty());
	words[0] = 0;
	words[1] = 2;
	check("filtered_jumps", jumps(words, 2) == 2 && words[1] == 2 && is_empty());
	check("filtered_careful", careful(5) == 6 && is_empty());
	check("filtered_recursion", recursion(20) == 6765 && is_empty());
	check("filtered_many_ways", many_ways(0, "") == 10 && many_ways(1, "four") == 4 && many_ways(3, "") == 13 &&
					    many_ways(4, "x") == 20 && many_ways(4, "y") == 30 &&
					    many_ways(5, "ac") == 2 && many_ways(6, "") == -1 && is_empty());
	sum = 0;
	for (long i = 0; i < 40; i++)
		sum += (i ^ 40) + 40;
	check("filtered_variable_frame", variable(40) == sum && is_empty());
}

int main(void)
{
	uint64_t innocent = 0;

	block[SHADOW_STACK_POINTER / 8] = (uint64_t)shadow;
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, block)) {
		printf("not ok filtered: GS cannot be set\n");
		return 0;
	}
	check_results();
	check("filtered_write_elsewhere", overwritten(&innocent, 5) == 7 && innocent == 5 && is_empty());
	if (!setjmp(back)) {
		overwritten(NULL, 0x1234);
		printf("not ok filtered_overwritten: it came back\n");
	} else {
		check("filtered_overwritten", found == 0x1234 && kept > (uint64_t)main && kept < (uint64_t)main + 4096);
	}
	return 0;
}
