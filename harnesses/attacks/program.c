/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starts hostile programs: a process with one mapping that holds code, data and stack.
 */
#include "attacks.h"

#include <kernel/log.h>
#include <kernel/systest.h>

#define PROT_ALL 7
#define MAP_FLAGS 0x32 /* private, fixed, anonymous */

struct program {
	const void *code;
	size_t len;
	uint64_t rdi, rsi;
};

static void start(void *arg)
{
	const struct program *program = arg;
	struct arch_regs regs;

	if (sys(SYS_mmap, PROGRAM_CODE, PROGRAM_SIZE, PROT_ALL, MAP_FLAGS, UINT64_MAX, 0) != PROGRAM_CODE ||
	    user_copy_out(PROGRAM_CODE, program->code, program->len)) {
		log_error("no memory for the attacking program");
		return;
	}
	arch_regs_init_user(&regs, PROGRAM_CODE, PROGRAM_CODE + PROGRAM_SIZE - 2048);
	regs.rdi = program->rdi;
	regs.rsi = program->rsi;
	process_current()->has_code = true;
	arch_user_start(&regs);
}

bool attack_program(const void *code, size_t len, uint64_t rdi, uint64_t rsi)
{
	struct program program = { code, len, rdi, rsi };

	return attack_in_process(start, &program);
}
