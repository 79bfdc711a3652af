/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System V IPC, as processes see it: the room kernel/ipc is system calls otherwise.
 */
#pragma once

struct process;

/* Its threads have ended: what they did to semaphores with SEM_UNDO is undone. Sleeps. */
void ipc_process_ended(struct process *process);
/* No process is left, and with the last one goes what only processes can name. Sleeps. */
void ipc_forget_all(void);
