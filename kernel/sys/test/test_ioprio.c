/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Priorities of input and output.
 */
#include <kernel/systest.h>

#define PROCESS 1
#define PGRP 2
#define USER 3
#define NOBODY 999999
#define RT(level) (1 << 13 | (level))
#define BE(level) (2 << 13 | (level))
#define IDLE (3 << 13)

SYSTEST(ioprio_is_told_back)
{
	int pid = process_current()->pid;

	CHECK_EQ(sys(SYS_ioprio_get, PROCESS, 0), 0);
	CHECK_EQ(sys(SYS_ioprio_get, PGRP, 0), BE(4));
	CHECK_EQ(sys(SYS_setpriority, 0, 0, 10), 0);
	CHECK_EQ(sys(SYS_ioprio_get, PGRP, pid), BE(6));
	CHECK_EQ(sys(SYS_ioprio_set, PROCESS, pid, BE(7)), 0);
	CHECK_EQ(sys(SYS_ioprio_get, PROCESS, pid), BE(7));
	CHECK_EQ(sys(SYS_ioprio_get, PGRP, 0), BE(7));
	CHECK_EQ(sys(SYS_ioprio_set, PROCESS, 0, IDLE), 0);
	CHECK_EQ(sys(SYS_ioprio_get, PROCESS, 0), IDLE);
	CHECK_EQ(sys(SYS_ioprio_set, PROCESS, 0, 0), 0);
	CHECK_EQ(sys(SYS_ioprio_get, PROCESS, 0), 0);
}

SYSTEST(ioprio_of_many_is_the_best)
{
	struct process *other;
	int pid = process_current()->pid;

	CHECK_EQ(process_create("other", &other), 0);
	other->pgid = process_current()->pgid;
	CHECK_EQ(sys(SYS_ioprio_set, PGRP, 0, BE(3)), 0);
	CHECK_EQ(sys(SYS_ioprio_get, PROCESS, other->pid), BE(3));
	CHECK_EQ(sys(SYS_ioprio_set, PROCESS, other->pid, RT(2)), 0);
	CHECK_EQ(sys(SYS_ioprio_get, PROCESS, pid), BE(3));
	CHECK_EQ(sys(SYS_ioprio_get, PGRP, pid), RT(2));
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_ioprio_set, PROCESS, other->pid, BE(3)), EPERM);
	CHECK_EQ(sys(SYS_ioprio_set, USER, 0, BE(5)), 0);
	CHECK_EQ(sys(SYS_ioprio_get, USER, 1000), BE(5));
	process_teardown(other, 0);
	process_put(other);
}

SYSTEST(ioprio_refuses)
{
	CHECK_ERR(sys(SYS_ioprio_get, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_ioprio_get, 4, 0), EINVAL);
	CHECK_ERR(sys(SYS_ioprio_get, PROCESS, NOBODY), ESRCH);
	CHECK_ERR(sys(SYS_ioprio_get, PGRP, NOBODY), ESRCH);
	CHECK_ERR(sys(SYS_ioprio_get, USER, NOBODY), ESRCH);
	CHECK_ERR(sys(SYS_ioprio_set, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_ioprio_set, PROCESS, NOBODY, 0), ESRCH);
	CHECK_ERR(sys(SYS_ioprio_set, PROCESS, 0, 1), EINVAL);
	CHECK_ERR(sys(SYS_ioprio_set, PROCESS, 0, BE(8)), EINVAL);
	CHECK_ERR(sys(SYS_ioprio_set, PROCESS, 0, RT(8)), EINVAL);
	CHECK_ERR(sys(SYS_ioprio_set, PROCESS, 0, 4 << 13), EINVAL);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_ioprio_set, PROCESS, 0, RT(0)), EPERM);
}
