/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Restartable sequences: what can be registered, and what becomes of a section that was left. The registers are the
 * test's own.
 */
#include <arch/arch.h>
#include <kernel/abi/rseq.h>
#include <kernel/aspace.h>
#include <kernel/systest.h>

#include "../task.h"

#define AREA SYSTEST_MEM
#define SECTION (SYSTEST_MEM + 256)
#define CODE (SYSTEST_MEM + 1024)
#define ABORT (SYSTEST_MEM + 2048)
#define LEN sizeof(struct abi_rseq)
#define SIGNATURE 0x53053053u

static long enter(user_ptr_t area)
{
	return sys(SYS_rseq, area, LEN, 0, SIGNATURE);
}

static struct abi_rseq area_now(void)
{
	struct abi_rseq area;

	systest_read(AREA, &area);
	return area;
}

SYSTEST(rseq_registers_once)
{
	CHECK_EQ(enter(AREA), 0);
	CHECK_EQ(area_now().cpu_id, area_now().cpu_id_start);
	CHECK(area_now().cpu_id != RSEQ_CPU_ID_UNINITIALIZED);
	CHECK_ERR(enter(AREA), EBUSY);
	CHECK_ERR(sys(SYS_rseq, AREA, LEN, 0, 1), EPERM);
	CHECK_ERR(enter(AREA + LEN), EINVAL);
	CHECK_ERR(sys(SYS_rseq, AREA + LEN, LEN, RSEQ_FLAG_UNREGISTER, SIGNATURE), EINVAL);
	CHECK_ERR(sys(SYS_rseq, AREA, LEN, RSEQ_FLAG_UNREGISTER, 1), EPERM);
	CHECK_EQ(sys(SYS_rseq, AREA, LEN, RSEQ_FLAG_UNREGISTER, SIGNATURE), 0);
	CHECK_EQ(area_now().cpu_id, RSEQ_CPU_ID_UNINITIALIZED);
	CHECK_ERR(sys(SYS_rseq, AREA, LEN, RSEQ_FLAG_UNREGISTER, SIGNATURE), EINVAL);
	CHECK_EQ(enter(AREA + LEN), 0);
}

SYSTEST(rseq_refuses)
{
	CHECK_ERR(sys(SYS_rseq, AREA, LEN, 2, 0), EINVAL);
	CHECK_ERR(sys(SYS_rseq, AREA, LEN - 4, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_rseq, AREA, LEN + 4, 0, 0), EINVAL);
	CHECK_ERR(enter(AREA + 16), EINVAL);
	CHECK_ERR(enter(SYSTEST_BAD), EFAULT);
	CHECK_ERR(enter(SYSTEST_READONLY), EFAULT);
	CHECK_ERR(enter(SYSTEST_KERNEL - 0x1000), EFAULT);
	CHECK_EQ(enter(AREA), 0);
	CHECK_EQ(sys(SYS_munmap, AREA, 4096), 0);
	CHECK_ERR(sys(SYS_rseq, AREA, LEN, RSEQ_FLAG_UNREGISTER, SIGNATURE), EFAULT);
}

/* The registration, with a section that code from CODE on is in. */
static void put_section(const struct abi_rseq_cs *section)
{
	const struct abi_rseq area = { .cpu_id_start = 7, .cpu_id = 7, .rseq_cs = SECTION };
	const uint32_t signature = SIGNATURE;

	systest_value(AREA - SYSTEST_MEM, &area);
	systest_value(SECTION - SYSTEST_MEM, section);
	systest_value(ABORT - SYSTEST_MEM - 4, &signature);
}

static uint64_t resumed_at(uint64_t pc)
{
	struct arch_regs regs = { 0 };

	arch_regs_set_pc(&regs, pc);
	return rseq_resume(&regs) == (arch_regs_pc(&regs) != pc) ? arch_regs_pc(&regs) : 0;
}

static const struct abi_rseq_cs sound = { .start_ip = CODE, .post_commit_offset = 64, .abort_ip = ABORT };

SYSTEST(rseq_section_begins_again)
{
	static const struct { uint64_t from, to; } moves[] = {
		{ CODE - 1, CODE - 1 },
		{ CODE, ABORT },
		{ CODE + 63, ABORT },
		{ CODE + 64, CODE + 64 },
		{ ABORT, ABORT },
	};

	CHECK_EQ(enter(AREA), 0);
	for (size_t i = 0; i < array_size(moves); i++) {
		put_section(&sound);
		CHECK_EQ(resumed_at(moves[i].from), moves[i].to);
		CHECK_EQ(area_now().rseq_cs, 0);
	}
	CHECK_EQ(resumed_at(CODE), CODE);
}

SYSTEST(rseq_is_inherited_with_a_memory_of_ones_own)
{
	struct task child;

	CHECK_EQ(enter(AREA), 0);
	rseq_inherit(&child, false);
	CHECK_EQ(child.rseq.area, AREA);
	rseq_inherit(&child, true);
	CHECK_EQ(child.rseq.area, 0);
}

static struct abi_rseq_cs broken;
static bool wrong_mark;

static void resume_broken(void)
{
	const uint32_t other = SIGNATURE + 1;

	if (enter(AREA))
		return;
	put_section(&broken);
	if (wrong_mark)
		systest_value(ABORT - SYSTEST_MEM - 4, &other);
	resumed_at(0);
}

static void expect_death(struct abi_rseq_cs section)
{
	broken = section;
	CHECK_EQ(systest_program(resume_broken), 11);
}

SYSTEST(rseq_that_is_none_ends_the_program)
{
	expect_death(
		(struct abi_rseq_cs){ .version = 1, .start_ip = CODE, .post_commit_offset = 64, .abort_ip = ABORT });
	expect_death((struct abi_rseq_cs){ .flags = 1, .start_ip = CODE, .post_commit_offset = 64, .abort_ip = ABORT });
	expect_death((struct abi_rseq_cs){ .start_ip = CODE, .post_commit_offset = 2048, .abort_ip = ABORT });
	expect_death((struct abi_rseq_cs){ .start_ip = USER_END, .post_commit_offset = 64, .abort_ip = ABORT });
	expect_death((struct abi_rseq_cs){ .start_ip = CODE, .post_commit_offset = -1, .abort_ip = ABORT });
	expect_death((struct abi_rseq_cs){ .start_ip = CODE, .post_commit_offset = 64, .abort_ip = SYSTEST_BAD });
	wrong_mark = true;
	expect_death(sound);
	wrong_mark = false;
	broken = sound;
	CHECK_EQ(systest_program(resume_broken), 0);
}
