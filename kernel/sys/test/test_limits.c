/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Limits and usage.
 */
#include <kernel/abi/resource.h>
#include <kernel/systest.h>

#define NOBODY 999999

SYSTEST(getrlimit_tells_debian_defaults)
{
	struct abi_rlimit limit;

	CHECK_EQ(sys(SYS_getrlimit, RLIMIT_NOFILE, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &limit);
	CHECK_EQ(limit.current, 1024);
	CHECK_EQ(sys(SYS_getrlimit, RLIMIT_STACK, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &limit);
	CHECK_EQ(limit.current, 8 * MIB);
	CHECK_ERR(sys(SYS_getrlimit, 16, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_getrlimit, RLIMIT_NOFILE, SYSTEST_BAD), EFAULT);
}

static user_ptr_t limit(uint64_t current, uint64_t maximum)
{
	const struct abi_rlimit value = { current, maximum };

	return systest_value(0, &value);
}

SYSTEST(setrlimit_keeps_below_the_maximum)
{
	CHECK_EQ(sys(SYS_setrlimit, RLIMIT_NOFILE, limit(10, 20)), 0);
	CHECK_EQ(process_current()->rlimits[RLIMIT_NOFILE].current, 10);
	CHECK_ERR(sys(SYS_setrlimit, RLIMIT_NOFILE, limit(21, 20)), EINVAL);
	CHECK_ERR(sys(SYS_setrlimit, 99, limit(1, 2)), EINVAL);
	CHECK_ERR(sys(SYS_setrlimit, RLIMIT_NOFILE, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_setrlimit, RLIMIT_NOFILE, limit(1, 1 << 21)), EPERM);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_setrlimit, RLIMIT_NOFILE, limit(10, 21)), EPERM);
	CHECK_EQ(sys(SYS_setrlimit, RLIMIT_NOFILE, limit(5, 15)), 0);
}

SYSTEST(setrlimit_has_effect_on_descriptors)
{
	CHECK_EQ(sys(SYS_setrlimit, RLIMIT_NOFILE, limit(3, 20)), 0);
	CHECK_ERR(sys(SYS_dup, 0), EMFILE);
	CHECK_EQ(sys(SYS_setrlimit, RLIMIT_NOFILE, limit(4, 20)), 0);
	CHECK_EQ(sys(SYS_dup, 0), 3);
}

SYSTEST(prlimit_exchanges)
{
	struct abi_rlimit old;

	CHECK_EQ(sys(SYS_prlimit64, 0, RLIMIT_CORE, limit(7, 8), SYSTEST_MEM + 64), 0);
	systest_read(SYSTEST_MEM + 64, &old);
	CHECK_EQ(old.current, 0);
	CHECK_EQ(sys(SYS_prlimit64, process_current()->pid, RLIMIT_CORE, 0, SYSTEST_MEM + 64), 0);
	systest_read(SYSTEST_MEM + 64, &old);
	CHECK_EQ(old.current, 7);
	CHECK_EQ(old.maximum, 8);
}

SYSTEST(prlimit_errors)
{
	struct process *other;

	CHECK_ERR(sys(SYS_prlimit64, 0, 16, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_prlimit64, NOBODY, 0, 0, 0), ESRCH);
	CHECK_ERR(sys(SYS_prlimit64, 0, 0, SYSTEST_BAD, 0), EFAULT);
	CHECK_ERR(sys(SYS_prlimit64, 0, 0, 0, SYSTEST_READONLY), EFAULT);
	CHECK_ERR(sys(SYS_prlimit64, 0, RLIMIT_CORE, limit(9, 8), 0), EINVAL);
	CHECK_EQ(process_create("other", &other), 0);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_prlimit64, other->pid, 0, 0, SYSTEST_MEM), EPERM);
	process_teardown(other, 0);
	process_put(other);
}

SYSTEST(getrusage_counts_memory)
{
	struct abi_rusage usage;

	systest_string(0, "touch");
	CHECK_EQ(sys(SYS_getrusage, RUSAGE_SELF, SYSTEST_MEM + PAGE_SIZE), 0);
	systest_read(SYSTEST_MEM + PAGE_SIZE, &usage);
	CHECK(usage.maxrss >= 4);
	CHECK_EQ(sys(SYS_getrusage, RUSAGE_THREAD, SYSTEST_MEM), 0);
	CHECK_EQ(sys(SYS_getrusage, RUSAGE_CHILDREN, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &usage);
	CHECK_EQ(usage.maxrss, 0);
	CHECK_ERR(sys(SYS_getrusage, 2, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_getrusage, RUSAGE_SELF, SYSTEST_BAD), EFAULT);
}

SYSTEST(times_counts_ticks)
{
	long first = sys(SYS_times, 0), second = sys(SYS_times, SYSTEST_MEM);

	CHECK(first >= 0);
	CHECK(second >= first);
	CHECK_ERR(sys(SYS_times, SYSTEST_BAD), EFAULT);
}

SYSTEST(sysinfo_makes_sense)
{
	struct {
		int64_t uptime;
		uint64_t loads[3], totalram, freeram, other[4];
		uint16_t procs;
	} info;

	CHECK_EQ(sys(SYS_sysinfo, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &info);
	CHECK(info.totalram > MIB);
	CHECK(info.freeram > 0 && info.freeram < info.totalram);
	CHECK(info.procs >= 1);
	CHECK_ERR(sys(SYS_sysinfo, SYSTEST_BAD), EFAULT);
}
