/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Restartable sequences (rseq.c).
 */
#pragma once

#include <kernel/types.h>

struct arch_regs;
struct task;

/* What a thread has registered: a word of its task. */
struct rseq {
	user_ptr_t area; /* struct abi_rseq; 0: nothing */
	uint32_t signature;
	uint32_t cpu_told; /* the CPU that the area names */
};

/**
 * The running thread's program goes on, and had lost its CPU: a section that it was in begins again, and it is told the
 * CPU. Also before a handler. Interrupts are on; may sleep, and end the program. True: it goes on elsewhere.
 */
bool rseq_resume(struct arch_regs *regs);
/* What a new thread has of its maker's registration: in a memory of its own, the same one. */
void rseq_inherit(struct task *child, bool shares_memory);
