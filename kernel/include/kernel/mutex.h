/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mutexes: sleeping locks with an owner. Threads only, never in interrupts. Not recursive (a second take by the owner
 * panics). Waiters get it in order of arrival.
 */
#pragma once

#include <kernel/wait.h>

struct mutex {
	uintptr_t owner;	/* the thread; the lowest bit: others wait, and get it from the owner */
	struct wait_queue waiters;
};

#define MUTEX_INIT(name) { 0, WAIT_QUEUE_INIT((name).waiters) }

void mutex_init(struct mutex *mutex);
/* Sleeps until it has the mutex; not ended by a kill, so keep what it protects short. */
void mutex_lock(struct mutex *mutex);
bool mutex_try_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
/* For asserts. */
bool mutex_is_mine(const struct mutex *mutex);
