/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The runtime of -fsanitize-coverage: the compiler counts edges inline, so there is only the log of comparisons to
 * keep and the tables to hand out. Never instrumented. Comparison hooks run everywhere, interrupt handlers included:
 * they touch the ring only.
 */
#include <fuzz/abi/channel.h>
#include <instrumentation/layout/layout.h>

#include "coverage.h"

/* Bounds of the sections; the linker scripts give them, and weak ones are 0 without the option. */
extern uint8_t __start___sancov_cntrs[] WEAK, __stop___sancov_cntrs[] WEAK;
extern const uint64_t __start___sancov_pcs[] WEAK;
extern uint64_t __start___llvm_prf_cnts[] WEAK, __stop___llvm_prf_cnts[] WEAK;

static struct channel_compare *compare_ring;
static uint32_t compare_mask;
static uint32_t *compare_count;

uint8_t *coverage_counters(void)
{
	return __start___sancov_cntrs;
}

size_t coverage_counter_count(void)
{
	return (uintptr_t)__stop___sancov_cntrs - (uintptr_t)__start___sancov_cntrs;
}

const uint64_t *coverage_pcs(void)
{
	return __start___sancov_pcs;
}

void *coverage_source_counters(size_t *size_bytes)
{
	*size_bytes = (uintptr_t)__stop___llvm_prf_cnts - (uintptr_t)__start___llvm_prf_cnts;
	return __start___llvm_prf_cnts;
}

void coverage_set_compare_log(struct channel_compare *ring, uint32_t size, uint32_t *count)
{
	compare_mask = size - 1;
	compare_count = count;
	compare_ring = ring;
}

/* ---- what the compiler calls ---- */

void __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop);
void __sanitizer_cov_pcs_init(const uint64_t *start, const uint64_t *stop);
void __sanitizer_cov_trace_cmp1(uint8_t a, uint8_t b);
void __sanitizer_cov_trace_cmp2(uint16_t a, uint16_t b);
void __sanitizer_cov_trace_cmp4(uint32_t a, uint32_t b);
void __sanitizer_cov_trace_cmp8(uint64_t a, uint64_t b);
void __sanitizer_cov_trace_const_cmp1(uint8_t a, uint8_t b);
void __sanitizer_cov_trace_const_cmp2(uint16_t a, uint16_t b);
void __sanitizer_cov_trace_const_cmp4(uint32_t a, uint32_t b);
void __sanitizer_cov_trace_const_cmp8(uint64_t a, uint64_t b);
void __sanitizer_cov_trace_switch(uint64_t value, const uint64_t *cases);

/* The sections' bounds say the same. */
void __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop)
{
	(void)start;
	(void)stop;
}

void __sanitizer_cov_pcs_init(const uint64_t *start, const uint64_t *stop)
{
	(void)start;
	(void)stop;
}

/*
 * Where the comparison is: the hook's caller, or, where the linker inlines the hooks, the caller of record() itself,
 * which is never inlined.
 */
#define HOOK_CALLER (IS_ENABLED(CONFIG_LTO) ? NULL : __builtin_return_address(0))

static void NOINLINE record(const void *pc, uint64_t a, uint64_t b, uint32_t size, bool is_const)
{
	compare_ring[(*compare_count)++ & compare_mask] = (struct channel_compare){
		.pc = layout_linked((uint64_t)(pc ? pc : __builtin_return_address(0))),
		.a = a,
		.b = b,
		.size = size,
		.is_const = is_const,
	};
}

/*
 * The compiler puts the hooks in after it has optimized. What they are handed may have been computed ahead of the check
 * that makes it valid, and without that it is poison (LLVM's language reference, "Poison Values"): USER_END - len, say,
 * before len > USER_END. In an inlined hook a branch on it would let the linker drop the source's check; the empty asm
 * keeps it from concluding anything. build.mk sees to the arguments themselves.
 *
 * Equal values teach a fuzzer nothing.
 */
static ALWAYS_INLINE void compared(const void *pc, uint64_t a, uint64_t b, uint32_t size, bool is_const)
{
	asm("" : "+r"(a), "+r"(b));
	if (a != b)
		record(pc, a, b, size, is_const);
}

#define COMPARE(a, b, size, is_const)                                                                                  \
	do {                                                                                                           \
		if (unlikely(compare_ring))                                                                            \
			compared(HOOK_CALLER, (a), (b), (size), (is_const));                                           \
	} while (0)

ALWAYS_INLINE void __sanitizer_cov_trace_cmp1(uint8_t a, uint8_t b)
{
	COMPARE(a, b, 1, false);
}

ALWAYS_INLINE void __sanitizer_cov_trace_cmp2(uint16_t a, uint16_t b)
{
	COMPARE(a, b, 2, false);
}

ALWAYS_INLINE void __sanitizer_cov_trace_cmp4(uint32_t a, uint32_t b)
{
	COMPARE(a, b, 4, false);
}

ALWAYS_INLINE void __sanitizer_cov_trace_cmp8(uint64_t a, uint64_t b)
{
	COMPARE(a, b, 8, false);
}

ALWAYS_INLINE void __sanitizer_cov_trace_const_cmp1(uint8_t a, uint8_t b)
{
	COMPARE(a, b, 1, true);
}

ALWAYS_INLINE void __sanitizer_cov_trace_const_cmp2(uint16_t a, uint16_t b)
{
	COMPARE(a, b, 2, true);
}

ALWAYS_INLINE void __sanitizer_cov_trace_const_cmp4(uint32_t a, uint32_t b)
{
	COMPARE(a, b, 4, true);
}

ALWAYS_INLINE void __sanitizer_cov_trace_const_cmp8(uint64_t a, uint64_t b)
{
	COMPARE(a, b, 8, true);
}

/* cases: their number, the value's width in bits, then the cases. */
ALWAYS_INLINE void __sanitizer_cov_trace_switch(uint64_t value, const uint64_t *cases)
{
	if (likely(!compare_ring))
		return;
	asm("" : "+r"(value));
	for (uint64_t i = 0; i < cases[0]; i++)
		COMPARE(cases[2 + i], value, (uint32_t)cases[1] / 8, true);
}
