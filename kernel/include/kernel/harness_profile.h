/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the time of an input goes, for "saki fuzz bench --profile". One phase is current, and the time between two of
 * these calls is its: so phases are disjoint and add up. Each thread has one of its own, kept while it is off the CPU.
 * Where nobody asked, each call is a load and a branch; without option FUZZ it is nothing. They are made from code that
 * is not instrumented only, so that coverage does not depend on them. Any context of a harness's machine.
 */
#pragma once

#include <kernel/compiler.h>
#include <kernel/harness_profile_abi.h>
#include <kernel/types.h>

struct thread;

#if CONFIG_FUZZ

/* Enters a phase. Returns what harness_phase_leave() takes to go back to what was before. */
uint32_t harness_phase_enter(enum harness_phase phase);
void harness_phase_leave(uint32_t former);
/* PHASE_CALLS, with this system call: what follows is its time, faults included, until another phase is entered. */
void harness_phase_call(uint32_t number);
/* The CPU goes from one thread to another. */
void harness_phase_switch(struct thread *prev, const struct thread *next);

#else

static inline uint32_t harness_phase_enter(enum harness_phase phase UNUSED)
{
	return 0;
}
static inline void harness_phase_leave(uint32_t former UNUSED)
{
}
static inline void harness_phase_call(uint32_t number UNUSED)
{
}
static inline void harness_phase_switch(struct thread *prev UNUSED, const struct thread *next UNUSED)
{
}

#endif
