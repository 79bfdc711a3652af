/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A function's registers hold nothing of its own when it has returned.
 */
#include <kernel/test.h>

#define MARK UINT64_C(0x5ec4e75ec4e75ec4)

/* Uses all that a caller does not expect to find unchanged: as values, since what assembly spoils is not counted. */
static NOINLINE USED uint64_t use_registers(void)
{
	register uint64_t r8 __asm__("r8"), r9 __asm__("r9"), r10 __asm__("r10"), r11 __asm__("r11");
	uint64_t rcx, rdx, rsi, rdi;

	__asm__ volatile("movq %8, %%rcx; movq %8, %%rdx; movq %8, %%rsi; movq %8, %%rdi\n"
			 "movq %8, %%r8; movq %8, %%r9; movq %8, %%r10; movq %8, %%r11"
			 : "=&c"(rcx), "=&d"(rdx), "=&S"(rsi), "=&D"(rdi), "=&r"(r8), "=&r"(r9), "=&r"(r10), "=&r"(r11)
			 : "a"(MARK));
	return rcx ^ rdx ^ rsi ^ rdi ^ r8 ^ r9 ^ r10 ^ r11 ^ 7;
}

TEST(registers_are_zeros_after_a_call)
{
	uint64_t left[8], result;
	uint64_t (*fn)(void) = use_registers;

	/* Below a red zone that is not there: the kernel has none. */
	__asm__ volatile("call *%[fn]\n"
			 "movq %%rcx, 0(%[left]); movq %%rdx, 8(%[left]); movq %%rsi, 16(%[left])\n"
			 "movq %%rdi, 24(%[left]); movq %%r8, 32(%[left]); movq %%r9, 40(%[left])\n"
			 "movq %%r10, 48(%[left]); movq %%r11, 56(%[left])"
			 : "=&a"(result)
			 : [fn] "b"(fn), [left] "r"((uint64_t *)left)
			 : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
	CHECK_EQ(result, 7);
	for (size_t i = 0; i < array_size(left); i++)
		CHECK_EQ(left[i], 0);
}
