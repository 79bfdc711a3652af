/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * process_vm_readv and process_vm_writev: another process's memory, for who may trace it.
 */
#include <kernel/aspace.h>
#include <kernel/heap.h>
#include <kernel/user.h>

#include "sys_internal.h"
#include "task.h"

#define SPANS_FAST 8

/* The memory of the process that has a thread of that number, referenced. */
static int find_memory(int tid, struct aspace **out)
{
	struct process *process = process_find_task(tid);
	int err = -ESRCH;

	if (!process)
		return -ESRCH;
	if (process_hold(process)) {
		err = process_may_look_at(process) ? 0 : -EPERM;
		if (!err)
			*out = aspace_get(process->aspace);
		process_unhold();
	}
	process_put(process);
	return err;
}

static ssize_t move_with(int tid, struct io *own, struct io *other, bool write)
{
	struct aspace *as;
	ssize_t n;

	/* Nothing is moved to or from nobody. */
	if (!other->remaining)
		return 0;
	n = find_memory(tid, &as);
	if (n)
		return n;
	n = aspace_move(as, other, own, write);
	aspace_put(as);
	return n;
}

struct vector {
	user_ptr_t spans;
	size_t count;
};

static ssize_t move(int tid, struct vector own, struct vector other, uint64_t flags, bool write)
{
	struct io_span own_fast[SPANS_FAST], *own_spans, other_fast[SPANS_FAST], *other_spans = other_fast;
	struct io own_io, other_io;
	ssize_t n;

	if (flags)
		return -EINVAL;
	n = io_import(&own_io, own.spans, own.count, own_fast, &own_spans);
	if (!n && own_io.remaining)
		n = io_import_foreign(&other_io, other.spans, other.count, other_fast, &other_spans);
	if (!n && own_io.remaining)
		n = move_with(tid, &own_io, &other_io, write);
	if (other_spans != other_fast)
		heap_free(other_spans);
	if (own_spans != own_fast)
		heap_free(own_spans);
	return n;
}

SYSCALL(process_vm_readv, int pid, user_ptr_t own, size_t own_count, user_ptr_t other, size_t other_count,
	uint64_t flags)
{
	return move(pid, (struct vector){ own, own_count }, (struct vector){ other, other_count }, flags, false);
}

SYSCALL(process_vm_writev, int pid, user_ptr_t own, size_t own_count, user_ptr_t other, size_t other_count,
	uint64_t flags)
{
	return move(pid, (struct vector){ own, own_count }, (struct vector){ other, other_count }, flags, true);
}
