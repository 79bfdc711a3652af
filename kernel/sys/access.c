/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one process may do to another: the rules of kill(2) and ptrace(2).
 */
#include "sys_internal.h"

/*
 * CAP_KILL, or one's own: the real or effective id is the target's real or saved one. SIGCONT goes to the whole
 * session.
 */
bool process_may_signal(const struct process *target, int signo)
{
	const struct process *self = process_current();
	const struct credentials *mine = &self->cred, *theirs = &target->cred;

	return target == self || process_capable(CAP_KILL) || mine->euid == theirs->suid || mine->euid == theirs->uid ||
	       mine->uid == theirs->suid || mine->uid == theirs->uid || (signo == SIGCONT && self->sid == target->sid);
}

static bool are_ids_equal(const struct credentials *mine, const struct credentials *theirs)
{
	return mine->uid == theirs->uid && mine->uid == theirs->euid && mine->uid == theirs->suid &&
	       mine->gid == theirs->gid && mine->gid == theirs->egid && mine->gid == theirs->sgid;
}

/* By the real ids: PTRACE_MODE_READ_REALCREDS and PTRACE_MODE_ATTACH_REALCREDS, which are one here. */
bool process_may_look_at(const struct process *target)
{
	const struct credentials *mine = &process_current()->cred, *theirs = &target->cred;

	if (target == process_current() || process_capable(CAP_SYS_PTRACE))
		return true;
	return are_ids_equal(mine, theirs) && target->dumpable == 1 && !(theirs->cap_permitted & ~mine->cap_permitted);
}

bool process_capable(enum capability capability)
{
	struct process *process = process_current();

	return !process || (process->cred.cap_effective & CAP_BIT(capability));
}
