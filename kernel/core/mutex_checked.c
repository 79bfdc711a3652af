/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mutexes whose use is checked (option DEBUG). Otherwise these functions are in line (kernel/mutex.h).
 */
#include <kernel/atomic.h>
#include <kernel/mutex.h>
#include <kernel/thread.h>

#include "mutex_check.h"
#include "sched_internal.h"

void mutex_lock(struct mutex *mutex)
{
	check_may_sleep();
	order_check(mutex);
	if (unlikely(!mutex_try_lock(mutex)))
		mutex_lock_contended(mutex);
}

void mutex_unlock(struct mutex *mutex)
{
	uintptr_t expected = (uintptr_t)thread_current();

	order_released(mutex);
	if (unlikely(!atomic_compare_exchange(&mutex->owner, &expected, 0)))
		mutex_unlock_contended(mutex);
}
