/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * clone and its kin, as far as a program without code gets: what they refuse. What they do is tested by programs
 * (harnesses/apps/processes, threads).
 */
#include <kernel/systest.h>

#define SIGCHLD 17
#define CLONE_VM 0x100u
#define CLONE_SIGHAND 0x800u
#define CLONE_PIDFD 0x1000u
#define CLONE_THREAD 0x10000u
#define CLONE_NEWNS 0x20000u
#define CLONE_PARENT_SETTID 0x100000u
#define CLONE_DETACHED 0x400000u

struct clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size,
		cgroup, later;
};

SYSTEST(sys_clone_checks_its_flags)
{
	CHECK_ERR(sys(SYS_clone, CLONE_THREAD, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_clone, CLONE_SIGHAND | CLONE_VM, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_clone, CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_clone, 65, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_clone, CLONE_PIDFD | CLONE_DETACHED, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID, 0, SYSTEST_MEM, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_clone, CLONE_PIDFD | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, SYSTEST_MEM, 0, 0), ENOSYS);
	CHECK_ERR(sys(SYS_clone, SIGCHLD, 0, 0, 0, 0), ENOSYS);
	CHECK_ERR(sys(SYS_clone, CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0, 0, 0, 0), ENOSYS);
#ifdef __x86_64__
	CHECK_ERR(sys(SYS_fork), ENOSYS);
	CHECK_ERR(sys(SYS_vfork), ENOSYS);
#endif
}

static long clone3(const struct clone_args *args, size_t size)
{
	return sys(SYS_clone3, systest_value(0, args), size);
}

SYSTEST(sys_clone3_checks_its_structure)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	CHECK_ERR(clone3(&args, 64), ENOSYS);
	CHECK_ERR(clone3(&args, 88), ENOSYS);
	CHECK_ERR(clone3(&args, sizeof(args)), ENOSYS);
	CHECK_ERR(clone3(&args, 63), EINVAL);
	CHECK_ERR(clone3(&args, 1 << 20), E2BIG);
	CHECK_ERR(sys(SYS_clone3, SYSTEST_BAD, 64), EFAULT);
	args.later = 1;
	CHECK_ERR(clone3(&args, sizeof(args)), E2BIG);
	CHECK_ERR(clone3(&args, 88), ENOSYS);
	args.flags = CLONE_PIDFD | CLONE_PARENT_SETTID;
	CHECK_ERR(clone3(&args, 88), EINVAL);
	args.pidfd = SYSTEST_MEM;
	CHECK_ERR(clone3(&args, 88), ENOSYS);
	args.exit_signal = 65;
	CHECK_ERR(clone3(&args, 88), EINVAL);
	args = (struct clone_args){ .flags = SIGCHLD };
	CHECK_ERR(clone3(&args, 88), EINVAL);
	args = (struct clone_args){ .flags = CLONE_DETACHED };
	CHECK_ERR(clone3(&args, 88), EINVAL);
	args = (struct clone_args){ .stack = 0x1000000 };
	CHECK_ERR(clone3(&args, 88), EINVAL);
	args = (struct clone_args){ .set_tid = SYSTEST_MEM, .set_tid_size = 1 };
	CHECK_ERR(clone3(&args, 88), EINVAL);
}
