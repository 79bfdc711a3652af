/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Call chains: whole ones, and broken ones that must end the walk instead of the kernel.
 */
#include <arch/arch.h>
#include <kernel/test.h>

/* A made-up stack: each frame is {next frame, return address}. */
static uint64_t stack[64];

static uint64_t frame(unsigned index)
{
	return (uint64_t)&stack[index];
}

static size_t walk(uint64_t fp, uint64_t *pcs, size_t max)
{
	return arch_backtrace(0x1000, fp, frame(0), frame(64), pcs, max);
}

TEST(backtrace_follows_frames)
{
	uint64_t pcs[8] = { 0 };

	stack[4] = frame(10);
	stack[5] = 0x2000;
	stack[10] = frame(20);
	stack[11] = 0x3000;
	stack[20] = 0;
	stack[21] = 0x4000;
	CHECK_EQ(walk(frame(4), pcs, 8), 4);
	CHECK_EQ(pcs[0], 0x1000);
	CHECK_EQ(pcs[1], 0x2000);
	CHECK_EQ(pcs[2], 0x3000);
	CHECK_EQ(pcs[3], 0x4000);
	CHECK_EQ(walk(frame(4), pcs, 2), 2);
}

TEST(backtrace_ends_where_the_chain_is_broken)
{
	uint64_t pcs[8];

	stack[4] = frame(4);   /* a loop */
	stack[5] = 0x2000;
	CHECK_EQ(walk(frame(4), pcs, 8), 2);
	stack[4] = frame(2);   /* backwards */
	CHECK_EQ(walk(frame(4), pcs, 8), 2);
	stack[4] = frame(10) + 3;  /* misaligned */
	CHECK_EQ(walk(frame(4), pcs, 8), 2);
	stack[4] = 0x4141414141414141;  /* anywhere */
	CHECK_EQ(walk(frame(4), pcs, 8), 2);
	CHECK_EQ(walk(frame(63), pcs, 8), 1); /* half a frame at the end */
	CHECK_EQ(walk(0, pcs, 8), 1);
}

static NOINLINE size_t inner(uint64_t *pcs, size_t max)
{
	uint64_t fp = (uint64_t)__builtin_frame_address(0);

	return arch_backtrace((uint64_t)inner, fp, fp, fp + 8 * KIB, pcs, max);
}

TEST(backtrace_finds_the_real_caller)
{
	uint64_t pcs[4] = { 0 };

	CHECK(inner(pcs, 4) >= 2);
	CHECK(pcs[1] - (uint64_t)test_backtrace_finds_the_real_caller < 4 * KIB);
}
