/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prctl, arch_prctl and personality: what a process says about itself.
 */
#include <arch/arch.h>
#include <instrumentation/trace/trace.h>
#include <kernel/string.h>
#include <kernel/thread.h>

#include "task.h"
#include "sys_internal.h"

#define PR_SET_PDEATHSIG 1
#define PR_GET_PDEATHSIG 2
#define PR_GET_DUMPABLE 3
#define PR_SET_DUMPABLE 4
#define PR_GET_KEEPCAPS 7
#define PR_SET_KEEPCAPS 8
#define PR_GET_TIMING 13
#define PR_SET_TIMING 14
#define PR_SET_NAME 15
#define PR_GET_NAME 16
#define PR_GET_SECCOMP 21
#define PR_CAPBSET_READ 23
#define PR_CAPBSET_DROP 24
#define PR_SET_TIMERSLACK 29
#define PR_GET_TIMERSLACK 30
#define PR_SET_CHILD_SUBREAPER 36
#define PR_GET_CHILD_SUBREAPER 37
#define PR_SET_NO_NEW_PRIVS 38
#define PR_GET_NO_NEW_PRIVS 39
#define PR_GET_TID_ADDRESS 40

#define TIMER_SLACK_DEFAULT_NS 50000
#define PERSONALITY_GET 0xffffffffu

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004
#define ARCH_GET_CPUID 0x1011
#define ARCH_SET_CPUID 0x1012

static long set_name(struct process *process, user_ptr_t from)
{
	char name[sizeof(process->name)] = { 0 };
	ssize_t len = user_copy_string(name, from, sizeof(name) - 1);

	/* What is longer is cut. */
	if (len < 0 && len != -ENAMETOOLONG)
		return len;
	name[sizeof(name) - 1] = '\0';
	memcpy(process->name, name, sizeof(name));
	TRACE(thread_name, thread_current()->id, name);
	return 0;
}

static long get_int(int value, user_ptr_t to)
{
	return user_write(to, &value);
}

static long set_death_signal(struct process *process, uint64_t signo)
{
	if (signo > SIGRTMAX)
		return -EINVAL;
	process->death_signal = (int)signo;
	return 0;
}

static long set_dumpable(struct process *process, uint64_t value)
{
	if (value > 1)
		return -EINVAL;
	process->dumpable = (unsigned)value;
	return 0;
}

static long set_keep_caps(struct process *process, uint64_t value)
{
	if (value > 1)
		return -EINVAL;
	process->keep_caps = value;
	return 0;
}

static long set_timer_slack(struct process *process, uint64_t ns)
{
	process->timer_slack_ns = (int64_t)ns > 0 ? ns : TIMER_SLACK_DEFAULT_NS;
	return 0;
}

static long bounding_set(struct process *process, uint64_t capability, bool drop)
{
	struct credentials *cred = &process->cred;

	if (capability > CAP_LAST)
		return -EINVAL;
	if (!drop)
		return !!(cred->cap_bounding & CAP_BIT(capability));
	if (!process_capable(CAP_SETPCAP))
		return -EPERM;
	cred->cap_bounding &= ~CAP_BIT(capability);
	return 0;
}

static long no_new_privs(struct process *process, int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	if (b || c || d || a != (option == PR_SET_NO_NEW_PRIVS))
		return -EINVAL;
	if (option == PR_GET_NO_NEW_PRIVS)
		return process->no_new_privs;
	process->no_new_privs = true;
	return 0;
}

/* Those that store a value. */
static long prctl_set(struct process *process, int option, uint64_t value)
{
	switch (option) {
	case PR_SET_PDEATHSIG:
		return set_death_signal(process, value);
	case PR_SET_DUMPABLE:
		return set_dumpable(process, value);
	case PR_SET_KEEPCAPS:
		return set_keep_caps(process, value);
	case PR_SET_NAME:
		return set_name(process, value);
	case PR_SET_TIMING:
		return value ? -EINVAL : 0;
	case PR_SET_TIMERSLACK:
		return set_timer_slack(process, value);
	case PR_SET_CHILD_SUBREAPER:
		process->child_subreaper = value;
		return 0;
	case PR_CAPBSET_DROP:
		return bounding_set(process, value, true);
	default:
		return -EINVAL;
	}
}

SYSCALL(prctl, int option, uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	struct process *process = process_current();

	switch (option) {
	case PR_GET_PDEATHSIG:
		return get_int(process->death_signal, arg2);
	case PR_GET_DUMPABLE:
		return process->dumpable;
	case PR_GET_KEEPCAPS:
		return process->keep_caps;
	case PR_GET_TIMING:
	case PR_GET_SECCOMP:
		return 0; /* statistical timing; no filter */
	case PR_GET_NAME:
		return user_copy_out(arg2, process->name, sizeof(process->name));
	case PR_GET_TIMERSLACK:
		return (long)process->timer_slack_ns;
	case PR_GET_CHILD_SUBREAPER:
		return get_int(process->child_subreaper, arg2);
	case PR_GET_TID_ADDRESS:
		return user_write(arg2, &task_current()->clear_child_tid);
	case PR_CAPBSET_READ:
		return bounding_set(process, arg2, false);
	case PR_SET_NO_NEW_PRIVS:
	case PR_GET_NO_NEW_PRIVS:
		return no_new_privs(process, option, arg2, arg3, arg4, arg5);
	default:
		return prctl_set(process, option, arg2);
	}
}

/* GS is the kernel's own, as programs share its privilege level. */
SYSCALL(arch_prctl, int code, uint64_t address)
{
	uint64_t value;

	switch (code) {
	case ARCH_SET_FS:
		if (address >= USER_END)
			return -EPERM;
		arch_set_tls(address);
		return 0;
	case ARCH_GET_FS:
		value = arch_get_tls();
		return user_write(address, &value);
	case ARCH_SET_GS:
		return -EPERM;
	case ARCH_GET_CPUID:
		return 1; /* programs may ask it, and nothing can stop them */
	case ARCH_SET_CPUID:
		return -ENODEV;
	default:
		return -EINVAL;
	}
}

SYSCALL(personality, unsigned persona)
{
	struct process *process = process_current();
	uint32_t before = process->personality;

	if (persona != PERSONALITY_GET)
		process->personality = persona;
	return before;
}
