/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A CPU for the runner and another for its machine. The two wait for each other by spinning: on one CPU together, each
 * answer would cost a time slice. A scheduler that has other work to place does put them there.
 */
#pragma once

#include <sys/types.h>

/*
 * Binds this process (and what it starts) to a CPU that no process on this machine is bound to, and picks another such
 * for the machine. Without two of them everything stays free to move. Once in a process; a process started by one that
 * claimed has its choice.
 */
void cpus_claim(void);
/* Binds a machine that this process has started to the CPU that was picked for it. */
void cpus_bind_machine(pid_t pid);
