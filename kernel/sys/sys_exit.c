/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of threads and programs.
 */
#include "sys_internal.h"
#include "task.h"

SYSCALL(exit_group, int status)
{
	process_exit((status & 0xff) << 8);
}

/* One thread; the last one ends the process, and so does the first one of a harness, which runs the input. */
SYSCALL(exit, int status)
{
	struct process *process = process_current();

	status = (status & 0xff) << 8;
	if (process->task_count == 1 || (!process->has_code && !process->is_child && task_current() == process->main))
		process_exit(status);
	task_exit(status);
}
