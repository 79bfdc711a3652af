/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * poll and ppoll. The files are held for the whole call; the condition that a sleeping poll names looks at them all
 * again.
 */
#include <kernel/abi/poll.h>
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/signal.h>
#include <kernel/string.h>
#include <kernel/syscall.h>
#include <kernel/vfs.h>

#include "deadline.h"

#define RLIMIT_NOFILE_INDEX 7
#define FDS_INLINE 8

struct polling {
	struct abi_pollfd *fds;
	struct file **files;
	unsigned count;
};

static unsigned look_at(struct polling *p, unsigned i, struct poll_table *table)
{
	unsigned wanted = (uint16_t)p->fds[i].events | POLLERR | POLLHUP;

	if (p->fds[i].fd < 0)
		return 0;
	return p->files[i] ? file_poll(p->files[i], table) & wanted : POLLNVAL;
}

/* Fills revents; how many are not zero. Once something is ready no more queues are joined. */
static int look_at_all(struct polling *p, struct poll_table *table)
{
	int ready = 0;

	for (unsigned i = 0; i < p->count; i++) {
		p->fds[i].revents = (int16_t)look_at(p, i, table);
		if (p->fds[i].revents) {
			ready++;
			table = NULL;
		}
	}
	return ready;
}

static bool any_ready(void *arg)
{
	struct polling *p = arg;

	for (unsigned i = 0; i < p->count; i++)
		if (look_at(p, i, NULL))
			return true;
	return false;
}

static int poll_files(struct polling *p, uint64_t deadline_ns, bool immediate)
{
	struct poll_waiter waiter;
	int ready, err;

	poll_waiter_begin(&waiter);
	ready = look_at_all(p, immediate ? NULL : &waiter.table);
	if (!ready && !immediate) {
		err = poll_waiter_sleep(&waiter, any_ready, p, deadline_ns);
		ready = look_at_all(p, NULL);
		if (!ready && err && err != -ETIMEDOUT)
			ready = err;
	}
	poll_waiter_end(&waiter);
	return ready;
}

static void get_files(struct polling *p)
{
	for (unsigned i = 0; i < p->count; i++)
		p->files[i] = p->fds[i].fd < 0 ? NULL : fd_get(p->fds[i].fd);
}

static void put_files(struct polling *p)
{
	for (unsigned i = 0; i < p->count; i++)
		if (p->files[i])
			file_put(p->files[i]);
}

/* Only revents go back: another thread may have changed the rest. */
static int copy_results(const struct polling *p, user_ptr_t to)
{
	int err = 0;

	for (unsigned i = 0; i < p->count && !err; i++)
		err = user_write(to + i * sizeof(*p->fds) + offsetof(struct abi_pollfd, revents), &p->fds[i].revents);
	return err;
}

static long poll_user(user_ptr_t from, unsigned count, uint64_t deadline_ns, bool immediate)
{
	struct file *few_files[FDS_INLINE];
	struct abi_pollfd few_fds[FDS_INLINE];
	struct polling p = { few_fds, few_files, count };
	void *memory = NULL;
	int ready, err;

	if (count > process_current()->rlimits[RLIMIT_NOFILE_INDEX].current)
		return -EINVAL;
	if (count > FDS_INLINE) {
		memory = heap_array(count, sizeof(*p.fds) + sizeof(*p.files));
		if (!memory)
			return -ENOMEM;
		p.files = memory;
		p.fds = (struct abi_pollfd *)(p.files + count);
	}
	ready = user_copy_in(p.fds, from, count * sizeof(*p.fds));
	if (!ready) {
		get_files(&p);
		ready = poll_files(&p, deadline_ns, immediate);
		put_files(&p);
		err = copy_results(&p, from);
		if (err)
			ready = err;
	}
	heap_free(memory);
	return ready;
}

SYSCALL(poll, user_ptr_t fds, unsigned nfds, int timeout)
{
	return poll_user(fds, nfds, deadline_from_ms(timeout), timeout == 0);
}

SYSCALL(ppoll, user_ptr_t fds, unsigned nfds, user_ptr_t timeout, user_ptr_t mask, size_t size)
{
	uint64_t deadline_ns;
	long ready = deadline_from_timespec(timeout, &deadline_ns);

	if (ready)
		return ready;
	ready = signal_mask_borrow(mask, size);
	if (ready)
		return ready;
	ready = poll_user(fds, nfds, deadline_ns, false);
	if (timeout)
		deadline_to_timespec(timeout, deadline_ns);
	return ready;
}
