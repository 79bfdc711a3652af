/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prctl, arch_prctl, personality, exit, waiting, entropy and the rest of what concerns the process or machine as a
 * whole.
 */
#include <kernel/systest.h>
#include <arch/arch.h>

SYSTEST(prctl_names)
{
	CHECK_EQ(sys(SYS_prctl, 15, systest_string(0, "a-name-that-is-longer-than-15")), 0);
	CHECK_EQ(sys(SYS_prctl, 16, SYSTEST_MEM + 64), 0);
	CHECK_MEM(SYSTEST_MEM + 64, "a-name-that-is-", 16);
	CHECK_EQ(sys(SYS_prctl, 15, systest_string(0, "b")), 0);
	CHECK_STR(process_current()->name, "b");
	CHECK_ERR(sys(SYS_prctl, 15, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_prctl, 16, SYSTEST_BAD), EFAULT);
}

SYSTEST(prctl_values_come_back)
{
	const int signo = 9, one = 1;

	CHECK_EQ(sys(SYS_prctl, 1, 9), 0);
	CHECK_EQ(sys(SYS_prctl, 2, SYSTEST_MEM), 0);
	CHECK_MEM(SYSTEST_MEM, &signo, sizeof(signo));
	CHECK_EQ(sys(SYS_prctl, 3), 1);
	CHECK_EQ(sys(SYS_prctl, 4, 0), 0);
	CHECK_EQ(sys(SYS_prctl, 3), 0);
	CHECK_EQ(sys(SYS_prctl, 8, 1), 0);
	CHECK_EQ(sys(SYS_prctl, 7), 1);
	CHECK_EQ(sys(SYS_prctl, 29, 1234), 0);
	CHECK_EQ(sys(SYS_prctl, 30), 1234);
	CHECK_EQ(sys(SYS_prctl, 36, 5), 0);
	CHECK_EQ(sys(SYS_prctl, 37, SYSTEST_MEM), 0);
	CHECK_MEM(SYSTEST_MEM, &one, sizeof(one));
	CHECK_EQ(sys(SYS_prctl, 38, 1, 0, 0, 0), 0);
	CHECK_EQ(sys(SYS_prctl, 39, 0, 0, 0, 0), 1);
	CHECK_EQ(sys(SYS_prctl, 23, CAP_KILL), 1);
	CHECK_EQ(sys(SYS_prctl, 24, CAP_KILL), 0);
	CHECK_EQ(sys(SYS_prctl, 23, CAP_KILL), 0);
	CHECK_EQ(sys(SYS_prctl, 13), 0);
	CHECK_EQ(sys(SYS_prctl, 14, 0), 0);
	CHECK_EQ(sys(SYS_prctl, 21), 0);
	CHECK_EQ(sys(SYS_prctl, 40, SYSTEST_MEM), 0);
}

SYSTEST(prctl_errors)
{
	CHECK_ERR(sys(SYS_prctl, 9999), EINVAL);
	CHECK_ERR(sys(SYS_prctl, 1, 65), EINVAL);
	CHECK_ERR(sys(SYS_prctl, 2, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_prctl, 4, 2), EINVAL);
	CHECK_ERR(sys(SYS_prctl, 8, 2), EINVAL);
	CHECK_ERR(sys(SYS_prctl, 14, 1), EINVAL);
	CHECK_ERR(sys(SYS_prctl, 23, 41), EINVAL);
	CHECK_ERR(sys(SYS_prctl, 38, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_prctl, 39, 1, 0, 0, 0), EINVAL);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_prctl, 24, CAP_KILL), EPERM);
}

SYSTEST(arch_prctl_owns_fs_only)
{
	uint64_t before = arch_get_tls(), value = 0;

	CHECK_EQ(sys(SYS_arch_prctl, 0x1002, SYSTEST_MEM), 0);
	CHECK_EQ(sys(SYS_arch_prctl, 0x1003, SYSTEST_MEM + 64), 0);
	systest_read(SYSTEST_MEM + 64, &value);
	arch_set_tls(before);
	CHECK_EQ(value, SYSTEST_MEM);
	CHECK_ERR(sys(SYS_arch_prctl, 0x1002, SYSTEST_KERNEL), EPERM);
	CHECK_ERR(sys(SYS_arch_prctl, 0x1001, SYSTEST_MEM), EPERM);
	CHECK_ERR(sys(SYS_arch_prctl, 0x1003, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_arch_prctl, 1, 0), EINVAL);
}

SYSTEST(personality_tells_the_former_one)
{
	CHECK_EQ(sys(SYS_personality, 0xffffffff), 0);
	CHECK_EQ(sys(SYS_personality, 0x40000), 0);
	CHECK_EQ(sys(SYS_personality, 0xffffffff), 0x40000);
}

SYSTEST(waiting_without_children)
{
	CHECK_ERR(sys(SYS_wait4, -1, 0, 0, 0), ECHILD);
	CHECK_ERR(sys(SYS_wait4, 12345, 0, 1, 0), ECHILD);
	CHECK_ERR(sys(SYS_wait4, -1, 0, 0x100, 0), EINVAL);
	CHECK_ERR(sys(SYS_wait4, INT32_MIN, 0, 0, 0), ESRCH);
	CHECK_ERR(sys(SYS_waitid, 0, 0, 0, 4, 0), ECHILD);
	CHECK_ERR(sys(SYS_waitid, 0, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_waitid, 9, 0, 0, 4, 0), EINVAL);
	CHECK_ERR(sys(SYS_waitid, 1, 0, 0, 4, 0), EINVAL);
	CHECK_ERR(sys(SYS_waitid, 2, -1, 0, 4, 0), EINVAL);
	CHECK_ERR(sys(SYS_waitid, 3, -1, 0, 4, 0), EINVAL);
	CHECK_ERR(sys(SYS_waitid, 3, 0, 0, 4, 0), EBADF);
}

SYSTEST(wait4_with_a_child_that_runs)
{
	struct process *child;

	CHECK_EQ(process_create("child", &child), 0);
	child->ppid = process_current()->pid;
	CHECK_EQ(sys(SYS_wait4, child->pid, 0, 1, 0), 0);
	CHECK_EQ(sys(SYS_waitid, 1, child->pid, 0, 5, 0), 0);
	process_teardown(child, 0);
	process_put(child);
}

SYSTEST(getrandom_fills)
{
	uint8_t zero[300] = { 0 };

	CHECK_EQ(sys(SYS_getrandom, SYSTEST_MEM, 300, 0), 300);
	CHECK(!systest_equal(SYSTEST_MEM, zero, 300));
	CHECK(!systest_equal(SYSTEST_MEM + 256, zero, 44));
	CHECK_EQ(sys(SYS_getrandom, SYSTEST_EDGE - 256, 300, 0), 256);
	CHECK_EQ(sys(SYS_getrandom, 0, 0, 1), 0);
	CHECK_ERR(sys(SYS_getrandom, SYSTEST_BAD, 1, 0), EFAULT);
	CHECK_ERR(sys(SYS_getrandom, SYSTEST_MEM, 1, 8), EINVAL);
	CHECK_ERR(sys(SYS_getrandom, SYSTEST_MEM, 1, 6), EINVAL);
}

SYSTEST(membarrier_wants_registration)
{
	CHECK_EQ(sys(SYS_membarrier, 0, 0), 25);
	CHECK_EQ(sys(SYS_membarrier, 1, 0), 0);
	CHECK_ERR(sys(SYS_membarrier, 8, 0), EPERM);
	CHECK_EQ(sys(SYS_membarrier, 16, 0), 0);
	CHECK_EQ(sys(SYS_membarrier, 8, 0), 0);
	CHECK_ERR(sys(SYS_membarrier, 0, 1), EINVAL);
	CHECK_ERR(sys(SYS_membarrier, 2, 0), EINVAL);
}

SYSTEST(reboot_errors)
{
	CHECK_EQ(sys(SYS_reboot, 0xfee1dead, 672274793, 0, 0), 0);
	CHECK_ERR(sys(SYS_reboot, 1, 672274793, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_reboot, 0xfee1dead, 1, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_reboot, 0xfee1dead, 672274793, 77, 0), EINVAL);
	CHECK_ERR(sys(SYS_reboot, 0xfee1dead, 672274793, 0xa1b2c3d4, SYSTEST_BAD), EFAULT);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_reboot, 0xfee1dead, 672274793, 0, 0), EPERM);
}

static void exit_with_7(void)
{
	sys(SYS_exit_group, 0x107);
}

TEST(exit_tells_eight_bits)
{
	CHECK_EQ(systest_program(exit_with_7), 7 << 8);
}
