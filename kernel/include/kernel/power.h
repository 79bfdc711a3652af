/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of the machine, as somebody outside asks for it.
 */
#pragma once

#include <kernel/compiler.h>
#include <kernel/time.h>

#define POWER_PATIENCE_NS (10 * NSEC_PER_SEC)

/**
 * The first program is told to end (SIGTERM), and after POWER_PATIENCE_NS it is ended; then all that was written goes
 * to its disk, and the machine stops, or with again begins anew. Does nothing where no program runs. A thread; sleeps
 * until the machine ends.
 */
void power_ask(bool again);
/* What who asked wanted. */
bool power_is_again(void);

/* Ends the machine at once, with that exit status; nothing is written to disks any more. Any context. */
void power_off(int status) NORETURN;
