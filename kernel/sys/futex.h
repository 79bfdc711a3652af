/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Futexes, inside: who waits for which word.
 */
#pragma once

#include <kernel/list.h>
#include <kernel/mutex.h>
#include <kernel/wait.h>

#define FUTEX_PRIVATE_FLAG 128
#define FUTEX_ANY_BIT UINT32_MAX

/* The same for all who may wait for a word: a file and an offset in it where it is shared, else space and address. */
struct futex_name {
	uintptr_t object;
	uint64_t offset;
};

struct futex_waiter {
	struct list node;
	struct futex_name name;
	user_ptr_t address;
	uint32_t bits;
	bool woken; /* and on no list any more */
	struct wait_queue *queue; /* one thread alone sleeps there */
};

extern struct mutex futex_lock;
extern struct list futex_waiters; /* longest first; under the lock */

/* -EINVAL, -EFAULT. */
int futex_check_address(user_ptr_t address);
struct futex_name futex_name_of(user_ptr_t address, bool private);
/* Stands in line if the word still has the value: 0, -EAGAIN, -EFAULT. The lock is held. */
int futex_line_up(struct futex_waiter *waiter, uint32_t value);
/* The first max waiters of a word are woken; the lock is held. Their number. */
long futex_wake_some(const struct futex_name *name, uint32_t max, uint32_t bits);
/* The program's time-out, 0: none; from now, or a time of one of two clocks. -EFAULT, -EINVAL. */
int futex_read_deadline(user_ptr_t timeout, bool from_now, bool realtime, uint64_t *deadline_ns);
