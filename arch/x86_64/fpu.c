/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program's x87, SSE and AVX registers. The kernel itself uses none of them, so they stay in the CPU through system
 * calls and interrupts and move only when a thread with a program is switched away from or to.
 */
#include "arch_internal.h"

#include <kernel/abi/signal.h>
#include <kernel/thread.h>

#define XCR0_X87_SSE 3u
#define XCR0_AVX 4u

/* Exceptions, in MXCSR and in the status and control words of the x87 (Intel SDM volume 1, 8.1.3 and 10.2.3). */
#define FPU_INVALID 0x01u
#define FPU_DENORMAL 0x02u
#define FPU_DIVIDE 0x04u
#define FPU_OVERFLOW 0x08u
#define FPU_UNDERFLOW 0x10u
#define MXCSR_MASKS_SHIFT 7

static SEALED bool has_xsave;
static SEALED uint32_t state_mask;
/*
 * What a program starts with: FCW 0x37f and MXCSR 0x1f80, the rest zero (Intel SDM volume 1, 13.6: "initial
 * configuration").
 */
static SEALED uint8_t initial_state[X86_FPU_SIZE] ALIGNED(64);

static uint8_t *area(const struct arch_context *context)
{
	return (uint8_t *)align_up((uintptr_t)context->fpu, 64);
}

static void store(uint8_t *to)
{
	if (has_xsave)
		__asm__ volatile("xsave64 (%0)" ::"r"(to), "a"(state_mask), "d"(0) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" ::"r"(to) : "memory");
}

static void load(const uint8_t *from)
{
	if (has_xsave)
		__asm__ volatile("xrstor64 (%0)" ::"r"(from), "a"(state_mask), "d"(0) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" ::"r"(from) : "memory");
}

static void xsave_enable(void)
{
	bool avx = x86_cpuid(1, 0).ecx & 1u << 28;

	X86_WRITE_CR(4, X86_READ_CR(4) | CR4_OSXSAVE);
	state_mask = XCR0_X87_SSE | (avx ? XCR0_AVX : 0);
	__asm__ volatile("xsetbv" ::"c"(0), "a"(state_mask), "d"(0));
	has_xsave = true;
}

void fpu_init(void)
{
	X86_WRITE_CR(0, (X86_READ_CR(0) & ~(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE);
	X86_WRITE_CR(4, X86_READ_CR(4) | CR4_OSFXSR | CR4_OSXMMEXCPT);
	if (x86_cpuid(1, 0).ecx & 1u << 26)
		xsave_enable();
	initial_state[0] = 0x7f;
	initial_state[1] = 0x03;
	initial_state[24] = 0x80;
	initial_state[25] = 0x1f;
	fpu_reset();
}

void fpu_save(struct arch_context *context)
{
	store(area(context));
}

void fpu_load(const struct arch_context *context)
{
	load(area(context));
}

void fpu_reset(void)
{
	load(initial_state);
}

void fpu_context_init(struct arch_context *context)
{
	__builtin_memcpy(area(context), initial_state, sizeof(initial_state));
}

int fpu_exception_code(bool simd)
{
	uint32_t mxcsr, raised;
	uint16_t status, control;

	if (simd) {
		__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
		raised = mxcsr & ~(mxcsr >> MXCSR_MASKS_SHIFT);
	} else {
		__asm__ volatile("fnstsw %0; fnstcw %1" : "=m"(status), "=m"(control));
		raised = (uint32_t)status & ~(uint32_t)control;
	}
	if (raised & FPU_INVALID)
		return FPE_FLTINV;
	if (raised & FPU_DIVIDE)
		return FPE_FLTDIV;
	if (raised & FPU_OVERFLOW)
		return FPE_FLTOVF;
	return raised & (FPU_DENORMAL | FPU_UNDERFLOW) ? FPE_FLTUND : FPE_FLTRES;
}

/* ---- in signal frames: what Linux's signal frames hold, and readers of them look for ---- */

#define FP_XSTATE_MAGIC1 0x46505853u
#define FP_XSTATE_MAGIC2 0x46505845u
#define MXCSR 24
#define SOFTWARE_BYTES 464
#define XSTATE_HEADER 512
#define MXCSR_VALID 0xffbfu /* the bits that every CPU has */

struct fpu_software_bytes {
	uint32_t magic1, extended_size;
	uint64_t xfeatures;
	uint32_t xstate_size, padding[7];
};

void fpu_signal_save(struct thread *thread, uint8_t frame[X86_SIGNAL_FPU_SIZE])
{
	struct fpu_software_bytes software = { FP_XSTATE_MAGIC1, X86_SIGNAL_FPU_SIZE, state_mask, X86_FPU_SIZE, { 0 } };
	const uint32_t magic2 = FP_XSTATE_MAGIC2;

	/* Preemption would save the very same state, so it does no harm here. */
	fpu_save(&thread->context);
	__builtin_memcpy(frame, area(&thread->context), X86_FPU_SIZE);
	if (has_xsave)
		__builtin_memcpy(frame + SOFTWARE_BYTES, &software, sizeof(software));
	__builtin_memcpy(frame + X86_FPU_SIZE, &magic2, sizeof(magic2));
}

/* The program may have written anything into its frame; the CPU would refuse some of it with a fault. */
static void sanitize(uint8_t frame[X86_SIGNAL_FPU_SIZE])
{
	uint32_t mxcsr, magic1;
	uint64_t header[8] = { 0 };

	__builtin_memcpy(&mxcsr, frame + MXCSR, sizeof(mxcsr));
	mxcsr &= MXCSR_VALID;
	__builtin_memcpy(frame + MXCSR, &mxcsr, sizeof(mxcsr));
	__builtin_memcpy(&magic1, frame + SOFTWARE_BYTES, sizeof(magic1));
	__builtin_memcpy(&header[0], frame + XSTATE_HEADER, sizeof(header[0]));
	if (magic1 != FP_XSTATE_MAGIC1)
		header[0] = XCR0_X87_SSE;
	header[0] &= state_mask;
	__builtin_memcpy(frame + XSTATE_HEADER, header, sizeof(header));
}

void fpu_signal_load(struct thread *thread, uint8_t frame[X86_SIGNAL_FPU_SIZE])
{
	sanitize(frame);
	preempt_disable();
	__builtin_memcpy(area(&thread->context), frame, X86_FPU_SIZE);
	fpu_load(&thread->context);
	preempt_enable();
}
