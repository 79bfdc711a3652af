/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads the trapping instruction that clang emits for a failed check: on x86_64 "ud1 NUMBER(%eax), %eax", where
 * NUMBER is the check's place in clang's list of handlers (CodeGenFunction.h, LIST_SANITIZER_CHECKS).
 */
#include <kernel/compiler.h>

#include "trap.h"

static const char *const checks[] = {
	[0] = "addition overflows",
	[1] = "unreachable code reached",
	[3] = "division by zero or overflow",
	[5] = "value does not fit conversion",
	[6] = "call through a function pointer of another type",
	[7] = "implicit conversion changes the value",
	[8] = "builtin called with zero",
	[10] = "value is no bool or no member of the enum",
	[11] = "end of a function with a result reached",
	[12] = "multiplication overflows",
	[13] = "negation overflows",
	[14] = "NULL argument where there is never one",
	[15] = "NULL result where there is never one",
	[16] = "NULL argument where there is never one",
	[17] = "NULL result where there is never one",
	[18] = "index out of bounds",
	[19] = "pointer overflows",
	[20] = "shift amount or shifted value out of range",
	[21] = "subtraction overflows",
	[22] = "misaligned pointer",
	[23] = "pointer less aligned than assumed",
	[24] = "size of a variable-length array is not positive",
	[25] = "index out of bounds",
};

const char *ubsan_trap_name(const uint8_t *code)
{
	size_t number;

	/* 67 0f b9: ud1 with a 32-bit address; then (%eax), or disp8(%eax). */
	if (code[0] != 0x67 || code[1] != 0x0f || code[2] != 0xb9 || (code[3] != 0x40 && code[3] != 0x00))
		return NULL;
	number = code[3] ? code[4] : 0;
	return number < array_size(checks) && checks[number] ? checks[number] : "unknown check";
}
