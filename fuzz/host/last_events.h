/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last trace events before a finding, for its report. Machines that fuzz have events off: what a finding did is run
 * once more, on a machine that booted with them on.
 */
#pragma once

#include "finding.h"

/* Who does what to whom. */
#define LAST_EVENTS_DEFAULT "sched:*,syscall:*,mem:*,lock:*,irq:*,block:*,net:*"

/*
 * A list of patterns as `saki trace list` knows them; NULL: LAST_EVENTS_DEFAULT. @return words for the kernel's command
 * line, to be freed; NULL with one line in error (MACHINE_ERROR bytes).
 */
char *last_events_words(const char *list, char *error);

/**
 * Runs the input of a finding, or of none, on another machine as options say, which tells these events, and puts them
 * into its verdict. No other machine of the caller's runs meanwhile.
 * @return 0; -1 with one line in error where there are none to tell: nothing was recorded, that run ended otherwise,
 *	the machine dies or hangs without a report of its own, or it could not be started.
 */
int last_events_get(struct finding *finding, const struct executor_options *options, const char *list,
		    struct symbols *symbols, char *error);
