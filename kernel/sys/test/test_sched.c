/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Priorities, policies, CPUs.
 */
#include <kernel/abi/resource.h>
#include <kernel/cpu.h>
#include <kernel/systest.h>

#define NOBODY 999999

SYSTEST(sched_yield_and_getcpu)
{
	const uint32_t node = 0;

	CHECK_EQ(sys(SYS_sched_yield), 0);
	systest_put(0, (uint32_t[2]){ 9, 9 }, 8);
	CHECK_EQ(sys(SYS_getcpu, SYSTEST_MEM, SYSTEST_MEM + 4, 0), 0);
	CHECK_MEM(SYSTEST_MEM + 4, &node, 4);
	CHECK_EQ(sys(SYS_getcpu, 0, 0, 0), 0);
	CHECK_ERR(sys(SYS_getcpu, SYSTEST_BAD, 0, 0), EFAULT);
	CHECK_ERR(sys(SYS_getcpu, 0, SYSTEST_BAD, 0), EFAULT);
}

SYSTEST(priority_is_told_as_20_minus_nice)
{
	CHECK_EQ(sys(SYS_getpriority, PRIO_PROCESS, 0), 20);
	CHECK_EQ(sys(SYS_setpriority, PRIO_PROCESS, 0, 5), 0);
	CHECK_EQ(sys(SYS_getpriority, PRIO_PROCESS, process_current()->pid), 15);
	CHECK_EQ(sys(SYS_getpriority, PRIO_PGRP, 0), 15);
	CHECK_EQ(sys(SYS_setpriority, PRIO_PROCESS, 0, -100), 0);
	CHECK_EQ(sys(SYS_getpriority, PRIO_PROCESS, 0), 40);
	CHECK_EQ(sys(SYS_setpriority, PRIO_PROCESS, 0, 0), 0);
}

SYSTEST(priority_errors)
{
	struct process *other;

	CHECK_ERR(sys(SYS_getpriority, 3, 0), EINVAL);
	CHECK_ERR(sys(SYS_setpriority, -1, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_getpriority, PRIO_PROCESS, NOBODY), ESRCH);
	CHECK_ERR(sys(SYS_setpriority, PRIO_PROCESS, NOBODY, 0), ESRCH);
	CHECK_EQ(process_create("other", &other), 0);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_setpriority, PRIO_PROCESS, other->pid, 5), EPERM);
	CHECK_EQ(sys(SYS_setpriority, PRIO_PROCESS, 0, 5), 0);
	CHECK_ERR(sys(SYS_setpriority, PRIO_PROCESS, 0, 4), EACCES);
	process_teardown(other, 0);
	process_put(other);
}

static user_ptr_t param(int priority)
{
	return systest_put(0, &priority, sizeof(priority));
}

SYSTEST(scheduler_is_kept)
{
	const int expected = 7;

	CHECK_EQ(sys(SYS_sched_getscheduler, 0), SCHED_OTHER);
	CHECK_EQ(sys(SYS_sched_setscheduler, 0, SCHED_RR | SCHED_RESET_ON_FORK, param(7)), 0);
	CHECK_EQ(sys(SYS_sched_getscheduler, 0), SCHED_RR | SCHED_RESET_ON_FORK);
	CHECK_EQ(sys(SYS_sched_getparam, 0, SYSTEST_MEM + 64), 0);
	CHECK_MEM(SYSTEST_MEM + 64, &expected, sizeof(expected));
	CHECK_EQ(sys(SYS_sched_setparam, 0, param(9)), 0);
	CHECK_ERR(sys(SYS_sched_setparam, 0, param(0)), EINVAL);
	CHECK_EQ(sys(SYS_sched_rr_get_interval, 0, SYSTEST_MEM + 64), 0);
	CHECK_MEM(SYSTEST_MEM + 64, ((int64_t[2]){ 0, 100000000 }), 16);
}

SYSTEST(scheduler_errors)
{
	CHECK_ERR(sys(SYS_sched_setscheduler, -1, 0, param(0)), EINVAL);
	CHECK_ERR(sys(SYS_sched_setscheduler, 0, 4, param(0)), EINVAL);
	CHECK_ERR(sys(SYS_sched_setscheduler, 0, SCHED_FIFO, param(100)), EINVAL);
	CHECK_ERR(sys(SYS_sched_setscheduler, 0, SCHED_OTHER, param(1)), EINVAL);
	CHECK_ERR(sys(SYS_sched_setscheduler, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_sched_setscheduler, 0, 0, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_sched_setscheduler, NOBODY, 0, param(0)), ESRCH);
	CHECK_ERR(sys(SYS_sched_getscheduler, -1), EINVAL);
	CHECK_ERR(sys(SYS_sched_getscheduler, NOBODY), ESRCH);
	CHECK_ERR(sys(SYS_sched_getparam, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_sched_getparam, NOBODY, SYSTEST_MEM), ESRCH);
	CHECK_ERR(sys(SYS_sched_getparam, 0, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_sched_setparam, 0, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_sched_setparam, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_sched_setparam, NOBODY, param(0)), ESRCH);
	CHECK_ERR(sys(SYS_sched_rr_get_interval, -1, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_sched_rr_get_interval, NOBODY, SYSTEST_MEM), ESRCH);
	CHECK_ERR(sys(SYS_sched_rr_get_interval, 0, SYSTEST_BAD), EFAULT);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_sched_setscheduler, 0, SCHED_FIFO, param(1)), EPERM);
}

SYSTEST(priority_ranges)
{
	CHECK_EQ(sys(SYS_sched_get_priority_max, SCHED_FIFO), 99);
	CHECK_EQ(sys(SYS_sched_get_priority_min, SCHED_FIFO), 1);
	CHECK_EQ(sys(SYS_sched_get_priority_max, SCHED_OTHER), 0);
	CHECK_EQ(sys(SYS_sched_get_priority_min, SCHED_IDLE), 0);
	CHECK_ERR(sys(SYS_sched_get_priority_max, 4), EINVAL);
	CHECK_ERR(sys(SYS_sched_get_priority_min, -1), EINVAL);
}

static user_ptr_t attr(uint32_t size, uint32_t policy, int nice, uint32_t priority)
{
	const struct abi_sched_attr value = { .size = size, .policy = policy, .nice = nice, .priority = priority };

	return systest_value(0, &value);
}

SYSTEST(sched_attr_goes_both_ways)
{
	struct abi_sched_attr now;

	CHECK_EQ(sys(SYS_sched_setattr, 0, attr(48, SCHED_BATCH, 3, 0), 0), 0);
	CHECK_EQ(sys(SYS_sched_getattr, 0, SYSTEST_MEM + 64, 56, 0), 0);
	systest_read(SYSTEST_MEM + 64, &now);
	CHECK_EQ(now.policy, SCHED_BATCH);
	CHECK_EQ(now.nice, 3);
	CHECK_EQ(sys(SYS_sched_setattr, 0, attr(0, SCHED_FIFO, 0, 5), 0), 0);
	CHECK_EQ(sys(SYS_sched_getattr, 0, SYSTEST_MEM + 64, 48, 0), 0);
	systest_read(SYSTEST_MEM + 64, &now);
	CHECK_EQ(now.priority, 5);
	CHECK_EQ(now.size, 48);
	CHECK_EQ(sys(SYS_sched_setattr, 0, attr(48, SCHED_OTHER, 0, 0), 0), 0);
}

SYSTEST(sched_attr_errors)
{
	const uint32_t ours = sizeof(struct abi_sched_attr);

	CHECK_ERR(sys(SYS_sched_setattr, 0, attr(4097, 0, 0, 0), 0), E2BIG);
	CHECK_MEM(SYSTEST_MEM, &ours, sizeof(ours));
	CHECK_EQ(sys(SYS_sched_setattr, 0, attr(4096, 0, 0, 0), 0), 0);
	systest_string(100, "x");
	CHECK_ERR(sys(SYS_sched_setattr, 0, attr(4096, 0, 0, 0), 0), E2BIG);
	CHECK_ERR(sys(SYS_sched_setattr, 0, attr(8, 0, 0, 0), 0), E2BIG);
	CHECK_ERR(sys(SYS_sched_setattr, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_sched_setattr, 0, attr(48, 0, 0, 0), 1), EINVAL);
	CHECK_ERR(sys(SYS_sched_setattr, 0, attr(48, 77, 0, 0), 0), EINVAL);
	CHECK_ERR(sys(SYS_sched_setattr, NOBODY, attr(48, 0, 0, 0), 0), ESRCH);
	CHECK_ERR(sys(SYS_sched_setattr, 0, SYSTEST_BAD, 0), EFAULT);
	CHECK_ERR(sys(SYS_sched_getattr, 0, SYSTEST_MEM, 47, 0), EINVAL);
	CHECK_ERR(sys(SYS_sched_getattr, 0, SYSTEST_BAD, 48, 0), EFAULT);
	CHECK_ERR(sys(SYS_sched_getattr, NOBODY, SYSTEST_MEM, 48, 0), ESRCH);
}

SYSTEST(affinity_is_told_and_set)
{
	uint64_t mask = 0, first = 1, none = UINT64_C(1) << 63;

	CHECK_EQ(sys(SYS_sched_getaffinity, 0, 128, SYSTEST_MEM), 8);
	systest_read(SYSTEST_MEM, &mask);
	CHECK_EQ(__builtin_popcountll(mask), cpu_count);
	CHECK_EQ(sys(SYS_sched_setaffinity, 0, 8, systest_value(64, &first)), 0);
	CHECK_ERR(sys(SYS_sched_setaffinity, 0, 8, systest_value(64, &none)), EINVAL);
	CHECK_ERR(sys(SYS_sched_setaffinity, 0, 8, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_sched_setaffinity, NOBODY, 8, systest_value(64, &first)), ESRCH);
	CHECK_ERR(sys(SYS_sched_getaffinity, 0, 4, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_sched_getaffinity, 0, 9, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_sched_getaffinity, NOBODY, 8, SYSTEST_MEM), ESRCH);
	CHECK_ERR(sys(SYS_sched_getaffinity, 0, 8, SYSTEST_BAD), EFAULT);
}
