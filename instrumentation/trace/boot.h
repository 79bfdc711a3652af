/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps in which the machine comes up, for saki prof boot. They are told as event boot_step (events.tbl): what
 * happens before there is a ring is kept until there is one. Threads, and the boot CPU before there are any.
 *
 * Phases follow each other without gaps, from the kernel's first instruction on. Other steps lie inside them, and
 * perhaps in each other: uint64_t start = boot_step_start(); ... boot_step_end(BOOT_PROBE, start, name).
 */
#pragma once

#include <arch/arch.h>

/* Numbers of boot_step's names. */
enum boot_kind { BOOT_PHASE, BOOT_INIT_CALL, BOOT_PROBE, BOOT_MOUNT, BOOT_STEP, BOOT_ENTRY };

#if CONFIG_TRACE

/* Now, in the unit of the CPU's counter; 0 once it is known that nobody asks. */
uint64_t boot_step_start(void);
/* What began then ends now; nothing if start is 0. Before the rings are there name must last. */
void boot_step_end(enum boot_kind kind, uint64_t start, const char *name);
/* What has happened since the last phase's end was this. */
void boot_phase_end(const char *name);
/* The same of the last phase; the first program is about to execute that: the boot is over. Any context. */
void boot_entry_reached(const char *phase, const char *name);
/* Whether the steps are being recorded. */
bool boot_steps_are_told(void);
/* Tells what was kept: the rings are there. */
void boot_steps_flush(void);

#else

static inline uint64_t boot_step_start(void)
{
	return 0;
}

static inline void boot_step_end(enum boot_kind kind UNUSED, uint64_t start UNUSED, const char *name UNUSED)
{
}

static inline void boot_phase_end(const char *name UNUSED)
{
}

static inline void boot_entry_reached(const char *phase UNUSED, const char *name UNUSED)
{
}

static inline bool boot_steps_are_told(void)
{
	return false;
}

#endif
