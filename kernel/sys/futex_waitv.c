/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * futex_waitv: waiting for any of many words. A waiter stands in line for each, and all share one queue.
 */
#include <kernel/abi/time.h>
#include <kernel/atomic.h>
#include <kernel/heap.h>
#include <kernel/user.h>

#include "futex.h"
#include "sys_internal.h"

#define FUTEX_32 2
#define WAITERS_MAX 128

/* struct futex_waitv of linux/futex.h. */
struct wanted {
	uint64_t value, address;
	uint32_t flags, reserved;
};

struct vector {
	unsigned count;
	struct wait_queue queue;
	struct {
		struct futex_waiter waiter;
		uint32_t value;
	} words[];
};

static bool any_woken(void *arg)
{
	struct vector *vector = arg;

	for (unsigned i = 0; i < vector->count; i++)
		if (atomic_load(&vector->words[i].waiter.woken))
			return true;
	return false;
}

static int read_one(struct vector *vector, unsigned i, user_ptr_t from)
{
	struct wanted wanted;
	int err;

	if (user_read(&wanted, from))
		return -EFAULT;
	if ((wanted.flags & ~FUTEX_PRIVATE_FLAG) != FUTEX_32 || wanted.reserved)
		return -EINVAL;
	err = futex_check_address(wanted.address);
	if (err)
		return err;
	vector->words[i].value = (uint32_t)wanted.value;
	vector->words[i].waiter = (struct futex_waiter){
		.name = futex_name_of(wanted.address, wanted.flags & FUTEX_PRIVATE_FLAG),
		.address = wanted.address,
		.bits = FUTEX_ANY_BIT,
		.queue = &vector->queue,
	};
	return 0;
}

static int read_all(struct vector *vector, user_ptr_t waiters)
{
	int err = 0;

	for (unsigned i = 0; i < vector->count && !err; i++)
		err = read_one(vector, i, waiters + i * sizeof(struct wanted));
	return err;
}

/* The first count of them leave their lines. The number of the last that was woken, or -1; the lock is held. */
static int leave(struct vector *vector, unsigned count)
{
	int woken = -1;

	for (unsigned i = 0; i < count; i++) {
		if (vector->words[i].waiter.woken)
			woken = (int)i;
		else
			list_remove(&vector->words[i].waiter.node);
	}
	return woken;
}

/* All or none. */
static int line_up(struct vector *vector)
{
	unsigned i = 0;
	int err = 0;

	mutex_lock(&futex_lock);
	while (i < vector->count && !err) {
		err = futex_line_up(&vector->words[i].waiter, vector->words[i].value);
		if (!err)
			i++;
	}
	if (err)
		leave(vector, i);
	mutex_unlock(&futex_lock);
	return err;
}

static long wait_for_any(struct vector *vector, uint64_t deadline_ns)
{
	int err = line_up(vector), woken;

	if (err)
		return err;
	err = wait_until(&vector->queue, any_woken, vector, deadline_ns);
	mutex_lock(&futex_lock);
	woken = leave(vector, vector->count);
	mutex_unlock(&futex_lock);
	return woken >= 0 ? woken : err;
}

SYSCALL(futex_waitv, user_ptr_t waiters, unsigned count, unsigned flags, user_ptr_t timeout, int clock)
{
	struct vector *vector;
	uint64_t deadline_ns;
	long result;

	if (flags || !count || count > WAITERS_MAX || !waiters)
		return -EINVAL;
	if (timeout && clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
		return -EINVAL;
	result = futex_read_deadline(timeout, false, clock == CLOCK_REALTIME, &deadline_ns);
	if (result)
		return result;
	vector = heap_zalloc(sizeof(*vector) + count * sizeof(vector->words[0]));
	if (!vector)
		return -ENOMEM;
	vector->count = count;
	wait_queue_init(&vector->queue);
	result = read_all(vector, waiters);
	if (!result)
		result = wait_for_any(vector, deadline_ns);
	heap_free(vector);
	return result;
}
