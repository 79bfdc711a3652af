/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending signals: kill, tkill, tgkill and the queueing kinds.
 */
#include <kernel/string.h>

#include "signal_internal.h"

static bool is_signal(int signo)
{
	return signo >= 0 && signo <= SIGRTMAX;
}

static struct abi_siginfo info_of_self(int code)
{
	struct abi_siginfo info = { .code = code };

	info.pid = process_current()->pid;
	info.uid = process_current()->cred.uid;
	return info;
}

/* Signal 0 only asks whether one could. */
static long send_checked(struct process *target, int signo, const struct abi_siginfo *info)
{
	if (!process_may_signal(target, signo))
		return -EPERM;
	return signo ? signal_send(target, signo, info) : 0;
}

struct group_kill {
	int pgid; /* 0: everybody but process 1 and the caller */
	int signo;
	struct abi_siginfo info;
	bool found, sent;
};

static int kill_member(struct process *process, void *context)
{
	struct group_kill *kill = context;

	if (kill->pgid ? process->pgid != kill->pgid : process->pid == 1 || process == process_current())
		return 0;
	kill->found = true;
	if (!send_checked(process, kill->signo, &kill->info))
		kill->sent = true;
	return 0;
}

static long kill_group(int pgid, int signo)
{
	struct group_kill kill = { .pgid = pgid, .signo = signo, .info = info_of_self(SI_USER) };

	process_foreach(kill_member, &kill);
	if (!kill.found)
		return -ESRCH;
	return kill.sent ? 0 : -EPERM;
}

static long send_to(int pid, int signo, const struct abi_siginfo *info)
{
	struct process *process = process_find(pid);
	long result = -ESRCH;

	if (!process)
		return -ESRCH;
	/* It may be on its way out. */
	if (process_hold(process)) {
		result = send_checked(process, signo, info);
		process_unhold();
	}
	process_put(process);
	return result;
}

SYSCALL(kill, int pid, int signal)
{
	struct abi_siginfo info = info_of_self(SI_USER);

	if (!is_signal(signal))
		return -EINVAL;
	if (pid > 0)
		return send_to(pid, signal, &info);
	if (pid == 0)
		return kill_group(process_current()->pgid, signal);
	if (pid == -1)
		return kill_group(0, signal);
	if (pid == INT32_MIN)
		return -ESRCH;
	return kill_group(-pid, signal);
}

/* To one thread; tgid 0: of any process. */
static long send_to_thread(int tgid, int tid, int signo, const struct abi_siginfo *info)
{
	struct process *process = process_find_task(tid);
	long result = -ESRCH;

	if (!process)
		return -ESRCH;
	if ((!tgid || process->pid == tgid) && process_hold(process)) {
		result = process_may_signal(process, signo) ? 0 : -EPERM;
		if (!result && signo)
			result = signal_send_task(process, tid, signo, info);
		process_unhold();
	}
	process_put(process);
	return result;
}

SYSCALL(tkill, int tid, int signal)
{
	struct abi_siginfo info = info_of_self(SI_TKILL);

	if (tid <= 0 || !is_signal(signal))
		return -EINVAL;
	return send_to_thread(0, tid, signal, &info);
}

SYSCALL(tgkill, int tgid, int tid, int signal)
{
	struct abi_siginfo info = info_of_self(SI_TKILL);

	if (tgid <= 0 || tid <= 0 || !is_signal(signal))
		return -EINVAL;
	return send_to_thread(tgid, tid, signal, &info);
}

/* A program may not pass for the kernel, or for kill(), to another process. */
static long read_info(int pid, int signo, user_ptr_t address, struct abi_siginfo *info)
{
	if (user_read(info, address))
		return -EFAULT;
	info->signo = signo;
	if ((info->code >= 0 || info->code == SI_TKILL) && pid != process_current()->pid)
		return -EPERM;
	return 0;
}

SYSCALL(rt_sigqueueinfo, int pid, int signal, user_ptr_t info)
{
	struct abi_siginfo told;
	long err = read_info(pid, signal, info, &told);

	if (err)
		return err;
	if (!is_signal(signal))
		return -EINVAL;
	return send_to(pid, signal, &told);
}

SYSCALL(rt_tgsigqueueinfo, int tgid, int tid, int signal, user_ptr_t info)
{
	struct abi_siginfo told;
	long err;

	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	err = read_info(tid, signal, info, &told);
	if (err)
		return err;
	if (!is_signal(signal))
		return -EINVAL;
	return send_to_thread(tgid, tid, signal, &told);
}
