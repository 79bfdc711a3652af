/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Option DEBUG: the order in which mutexes are taken (kernel/lock_order.h).
 */
#pragma once

#include <kernel/lock_order.h>
#include <kernel/mutex.h>
#include <kernel/thread.h>

#if CONFIG_DEBUG

static inline void order_init(struct mutex *mutex, struct lock_class *class)
{
	mutex->class = class;
}

static inline void order_check(struct mutex *mutex)
{
	lock_order_check(mutex, &mutex->class);
}

static inline void order_taken(struct mutex *mutex)
{
	lock_order_taken(&thread_current()->mutexes_held, mutex, &mutex->class);
}

static inline void order_released(struct mutex *mutex)
{
	lock_order_released(&thread_current()->mutexes_held, mutex);
}

#else

static inline void order_init(struct mutex *mutex UNUSED, struct lock_class *class UNUSED)
{
}

static inline void order_check(struct mutex *mutex UNUSED)
{
}

static inline void order_taken(struct mutex *mutex UNUSED)
{
}

static inline void order_released(struct mutex *mutex UNUSED)
{
}

#endif
