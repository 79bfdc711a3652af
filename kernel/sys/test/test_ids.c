/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Process, group and session numbers.
 */
#include <kernel/systest.h>

#define NOBODY 999999

SYSTEST(ids_of_the_process_itself)
{
	int pid = process_current()->pid;

	CHECK_EQ(sys(SYS_getpid), pid);
	CHECK_EQ(sys(SYS_gettid), pid);
	CHECK_EQ(sys(SYS_getppid), 0);
	CHECK_EQ(sys(SYS_getpgrp), pid);
	CHECK_EQ(sys(SYS_getpgid, 0), pid);
	CHECK_EQ(sys(SYS_getpgid, pid), pid);
	CHECK_EQ(sys(SYS_getsid, 0), pid);
	CHECK_EQ(sys(SYS_getsid, pid), pid);
}

SYSTEST(ids_of_nobody)
{
	CHECK_ERR(sys(SYS_getpgid, NOBODY), ESRCH);
	CHECK_ERR(sys(SYS_getpgid, -1), ESRCH);
	CHECK_ERR(sys(SYS_getsid, NOBODY), ESRCH);
}

SYSTEST(setpgid_follows_the_rules)
{
	struct process *self = process_current();

	CHECK_ERR(sys(SYS_setpgid, 0, -1), EINVAL);
	CHECK_ERR(sys(SYS_setpgid, NOBODY, 0), ESRCH);
	/* A session leader stays where it is. */
	CHECK_ERR(sys(SYS_setpgid, 0, 0), EPERM);
	self->sid = 1;
	self->pgid = 1;
	CHECK_EQ(sys(SYS_setpgid, 0, 0), 0);
	CHECK_EQ(self->pgid, self->pid);
	CHECK_ERR(sys(SYS_setpgid, 0, NOBODY), EPERM);
}

SYSTEST(setpgid_of_a_stranger)
{
	struct process *other;

	CHECK_EQ(process_create("other", &other), 0);
	CHECK_ERR(sys(SYS_setpgid, other->pid, 0), ESRCH);
	other->ppid = process_current()->pid;
	CHECK_ERR(sys(SYS_setpgid, other->pid, 0), EPERM); /* another session */
	CHECK_EQ(sys(SYS_getpgid, other->pid), other->pid);
	process_teardown(other, 0);
	CHECK_ERR(sys(SYS_getpgid, other->pid), ESRCH);
	process_put(other);
}

SYSTEST(setsid_makes_a_session_once)
{
	struct process *self = process_current();

	/* It leads its group already. */
	CHECK_ERR(sys(SYS_setsid), EPERM);
	self->sid = self->pgid = 1;
	CHECK_EQ(sys(SYS_setsid), self->pid);
	CHECK_EQ(self->sid, self->pid);
	CHECK_EQ(self->pgid, self->pid);
}
