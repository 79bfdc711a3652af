/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the two halves of clone share: fork.c checks, starts and reports, process_copy.c makes the copy.
 */
#pragma once

#include <kernel/compiler.h>

struct process;
struct task;

#define CLONE_SIGNAL 0xffu /* what the parent is sent at the end */
#define CLONE_VM 0x100u
#define CLONE_FS 0x200u
#define CLONE_FILES 0x400u
#define CLONE_SIGHAND 0x800u
#define CLONE_PIDFD 0x1000u
#define CLONE_PTRACE 0x2000u
#define CLONE_VFORK 0x4000u
#define CLONE_PARENT 0x8000u
#define CLONE_THREAD 0x10000u
#define CLONE_SYSVSEM 0x40000u
#define CLONE_SETTLS 0x80000u
#define CLONE_PARENT_SETTID 0x100000u
#define CLONE_CHILD_CLEARTID 0x200000u
#define CLONE_DETACHED 0x400000u
#define CLONE_UNTRACED 0x800000u
#define CLONE_CHILD_SETTID 0x1000000u
#define CLONE_IO 0x80000000u
#define CLONE_CLEAR_SIGHAND UINT64_C(0x100000000)

/* struct clone_args of clone3(2), first version and up to set_tid. */
struct clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size,
		cgroup;
};

/**
 * A copy of the running process, parent, with one task and no thread yet; what the flags say is shared. Nobody finds it
 * before its exited is cleared. -EAGAIN: there are too many; -ENOMEM, -ENOSYS.
 */
int process_copy(struct process *parent, uint64_t flags, struct task **out) MUST_CHECK;
