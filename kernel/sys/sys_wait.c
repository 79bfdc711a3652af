/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for children: wait4 and waitid.
 */
#include <kernel/abi/resource.h>
#include <kernel/atomic.h>
#include <kernel/time.h>

#include "pidfd.h"
#include "signal_internal.h"

#define WNOHANG 1u
#define WUNTRACED 2u /* wait4; waitid calls it WSTOPPED */
#define WEXITED 4u
#define WCONTINUED 8u
#define WNOWAIT 0x01000000u
#define WTHREADS 0xe0000000u /* __WNOTHREAD, __WALL, __WCLONE */

#define P_ALL 0
#define P_PID 1
#define P_PGID 2
#define P_PIDFD 3

struct child_search {
	int pid, pgid; /* 0: any */
	struct process *only; /* referenced; NULL: any */
	bool nonblocking;
	unsigned options; /* of waitid */
	struct process *process; /* found, with its owner's reference when it has ended and is taken */
	bool taken;
	int code; /* what happened to it: CLD_* */
	bool any; /* there is a child that it could be */
};

static bool matches(const struct child_search *search, const struct process *child)
{
	return (!search->pid || child->pid == search->pid) && (!search->pgid || child->pgid == search->pgid) &&
	       (!search->only || child == search->only);
}

/* What there is to tell of a child; 0: nothing. */
static int news_of(const struct child_search *search, const struct process *child)
{
	if (child->zombie)
		return !(search->options & WEXITED) ? 0 : child->status & 0x7f ? CLD_KILLED : CLD_EXITED;
	if (child->wait_code == CLD_STOPPED && (search->options & WUNTRACED))
		return CLD_STOPPED;
	if (child->wait_code == CLD_CONTINUED && (search->options & WCONTINUED))
		return CLD_CONTINUED;
	return 0;
}

static int look_at(struct process *child, void *context)
{
	struct child_search *search = context;

	if (!matches(search, child))
		return 0;
	search->any = true;
	search->code = news_of(search, child);
	if (!search->code)
		return 0;
	search->process = child;
	search->taken = child->zombie && child->is_child && !(search->options & WNOWAIT);
	if (search->taken)
		child->zombie = false; /* nobody else finds it now: its reference is ours */
	else
		process_get(child);
	if (!child->exited && !(search->options & WNOWAIT))
		child->wait_code = 0;
	return 1;
}

struct news {
	const struct process *parent;
	unsigned seen;
};

static bool has_news(void *arg)
{
	const struct news *news = arg;

	return atomic_load(&news->parent->child_events) != news->seen;
}

/* 1: found; 0: nothing yet, and it must not wait; or an error. */
static long find_child(struct child_search *search)
{
	struct process *self = process_current();
	struct news news = { .parent = self };
	int err;

	for (;;) {
		news.seen = atomic_load(&self->child_events);
		search->any = false;
		if (process_foreach_child(look_at, search))
			return 1;
		if (!search->any)
			return -ECHILD;
		if (search->options & WNOHANG)
			return 0;
		err = wait_until(&self->child_wait, has_news, &news, WAIT_FOREVER);
		if (err)
			return err;
	}
}

/* The end of a look at a child; one that has ended is gone for good. */
static void let_go(struct child_search *search)
{
	if (search->taken)
		process_current()->children_cpu_ns += search->process->cpu_ns + search->process->children_cpu_ns;
	process_put(search->process);
}

static int write_usage(user_ptr_t usage, const struct process *child)
{
	struct abi_rusage used = { .utime = time_to_timeval(child->cpu_ns) };

	return usage ? user_write(usage, &used) : 0;
}

static int status_word(const struct process *child, int code)
{
	switch (code) {
	case CLD_STOPPED:
		return process_wait_value(child, code) << 8 | 0x7f;
	case CLD_CONTINUED:
		return 0xffff;
	default:
		return child->status;
	}
}

SYSCALL(wait4, int pid, user_ptr_t status, int options, user_ptr_t usage)
{
	struct child_search search = { .options = (unsigned)options | WEXITED };
	long found;
	int word;

	if ((unsigned)options & ~(WNOHANG | WUNTRACED | WCONTINUED | WTHREADS))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid > 0)
		search.pid = pid;
	else if (pid < -1)
		search.pgid = -pid;
	else if (pid == 0)
		search.pgid = process_current()->pgid;
	found = find_child(&search);
	if (found <= 0)
		return found;
	found = search.process->pid;
	word = status_word(search.process, search.code);
	if ((status && user_write(status, &word)) || write_usage(usage, search.process))
		found = -EFAULT;
	let_go(&search);
	return found;
}

static int choose_children(int type, int id, struct child_search *search)
{
	switch (type) {
	case P_ALL:
		return 0;
	case P_PID:
		search->pid = id;
		return id <= 0 ? -EINVAL : 0;
	case P_PGID:
		search->pgid = id ? id : process_current()->pgid;
		return id < 0 ? -EINVAL : 0;
	case P_PIDFD:
		if (id < 0)
			return -EINVAL;
		search->only = pidfd_get(id, &search->nonblocking);
		return search->only ? 0 : -EBADF;
	default:
		return -EINVAL;
	}
}

/* A descriptor that does not wait tells so by an error. */
static long find_chosen(struct child_search *search)
{
	bool given_up = search->nonblocking && !(search->options & WNOHANG);
	long found;

	if (given_up)
		search->options |= WNOHANG;
	found = find_child(search);
	if (search->only)
		process_put(search->only);
	return found || !given_up ? found : -EAGAIN;
}

/* Linux writes these fields and no others of the siginfo. */
struct wait_info {
	int32_t signo, error, code, pad, pid;
	uint32_t uid;
	int32_t status;
};

static int write_info(user_ptr_t to, const struct child_search *search)
{
	struct wait_info info = { 0 };

	if (search->process) {
		info.signo = SIGCHLD;
		info.code = search->code;
		info.pid = search->process->pid;
		info.uid = search->process->cred.uid;
		info.status = process_wait_value(search->process, search->code);
	}
	return to ? user_write(to, &info) : 0;
}

SYSCALL(waitid, int type, int id, user_ptr_t info, int options, user_ptr_t usage)
{
	struct child_search search = { .options = (unsigned)options };
	unsigned flags = (unsigned)options;
	long result;

	if (flags & ~(WNOHANG | WNOWAIT | WEXITED | WUNTRACED | WCONTINUED | WTHREADS))
		return -EINVAL;
	if (!(flags & (WEXITED | WUNTRACED | WCONTINUED)))
		return -EINVAL;
	result = choose_children(type, id, &search);
	if (!result)
		result = find_chosen(&search);
	if (result < 0)
		return result;
	result = write_info(info, &search) || (search.process && write_usage(usage, search.process)) ? -EFAULT : 0;
	if (search.process)
		let_go(&search);
	return result;
}
