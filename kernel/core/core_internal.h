/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the boot, log and crash parts of the core say to each other.
 */
#pragma once

#include <kernel/boot.h>

/* Writes what was logged before there was a platform. */
void log_flush(void);

/* True from the moment a crash is being reported on any CPU: locks may be held by whoever crashed. */
bool crash_in_progress(void);

/* Runs the init calls of the levels [first, last], in order. */
void init_calls_run(enum init_level first, enum init_level last);
/* Runs the constructors that the compiler made (coverage tables register themselves in them). */
void constructors_run(void);

/* suspend.c: one step of a suspension each; for tests. */
void suspend_calls_before(void);
void suspend_calls_copied(void);
void suspend_calls_after(bool copied);

/* entropy.c: where this machine has put things, and where it might have; the machine's status. Everything is up. */
int entropy_print(void);

/* Says on the log what is wrong with the command line, if something is. */
void boot_options_check(void);
