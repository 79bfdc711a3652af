/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The epoll calls: checks in Linux's order, and the wait.
 */
#include <kernel/fd.h>
#include <kernel/planted.h>
#include <kernel/signal.h>
#include <kernel/syscall.h>

#include "deadline.h"
#include "epoll.h"

#define EVENTS_MAX (INT32_MAX / (int)sizeof(struct abi_epoll_event))
#define EXCLUSIVE_OK (EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

SYSCALL(epoll_create, int size)
{
	return size <= 0 ? -EINVAL : epoll_create_file(0);
}

SYSCALL(epoll_create1, int flags)
{
	return (unsigned)flags & ~EPOLL_CLOEXEC ? -EINVAL : epoll_create_file((unsigned)flags);
}

/* ---- epoll_ctl ---- */

static bool exclusive_ok(int op, struct file *target, uint32_t events)
{
	if (op == EPOLL_CTL_DEL || !(events & EPOLLEXCLUSIVE))
		return true;
	return op == EPOLL_CTL_ADD && !epoll_of(target) && !(events & ~EXCLUSIVE_OK);
}

static long control(struct file *file, int op, int fd, struct file *target, const struct abi_epoll_event *event)
{
	if (!target->ops || !target->ops->poll)
		return -EPERM;
	if (file == target || !epoll_of(file))
		return -EINVAL;
	if (!exclusive_ok(op, target, event->events))
		return -EINVAL;
	return epoll_control(epoll_of(file), op, fd, target, event);
}

SYSCALL(epoll_ctl, int fd, int op, int target, user_ptr_t event)
{
	struct abi_epoll_event copy = { 0, 0 };
	struct file *file, *watched;
	long err = op != EPOLL_CTL_DEL ? user_read(&copy, event) : 0;

	if (err)
		return err;
	file = fd_get(fd);
	if (!file)
		return -EBADF;
	watched = fd_get(target);
	err = -EBADF;
	if (watched) {
		planted_null_dereference(op, copy.events);
		err = control(file, op, target, watched, &copy);
		file_put(watched);
	}
	file_put(file);
	return err;
}

/* ---- epoll_wait ---- */

static long wait_events(struct epoll *epoll, user_ptr_t events, int max, uint64_t deadline_ns, bool immediate)
{
	for (;;) {
		int count = epoll_collect(epoll, events, max), err;

		if (count || immediate)
			return count;
		err = wait_until(&epoll->waiters, epoll_is_ready, epoll, deadline_ns);
		if (err == -ETIMEDOUT)
			immediate = true;
		else if (err)
			return err;
	}
}

static long wait_user(int fd, user_ptr_t events, int max, uint64_t deadline_ns, bool immediate)
{
	struct file *file;
	long count;

	if (max <= 0 || max > EVENTS_MAX)
		return -EINVAL;
	if (events > USER_END || (unsigned)max * sizeof(struct abi_epoll_event) > USER_END - events)
		return -EFAULT;
	file = fd_get(fd);
	if (!file)
		return -EBADF;
	count = epoll_of(file) ? wait_events(epoll_of(file), events, max, deadline_ns, immediate) : -EINVAL;
	file_put(file);
	return count;
}

SYSCALL(epoll_wait, int fd, user_ptr_t events, int max, int timeout)
{
	return wait_user(fd, events, max, deadline_from_ms(timeout), timeout == 0);
}

SYSCALL(epoll_pwait, int fd, user_ptr_t events, int max, int timeout, user_ptr_t mask, size_t size)
{
	int err = signal_mask_borrow(mask, size);

	return err ? err : wait_user(fd, events, max, deadline_from_ms(timeout), timeout == 0);
}

SYSCALL(epoll_pwait2, int fd, user_ptr_t events, int max, user_ptr_t timeout, user_ptr_t mask, size_t size)
{
	uint64_t deadline_ns;
	int err = deadline_from_timespec(timeout, &deadline_ns);

	if (!err)
		err = signal_mask_borrow(mask, size);
	return err ? err : wait_user(fd, events, max, deadline_ns, false);
}
