/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Option DEBUG: the order in which locks are taken. Locks that are initialised in one place are one class; a static
 * lock is a class of its own. Once a lock of class B was taken under one of class A, taking A under B, be it through
 * others and on another CPU, is a panic the first time it happens, whether or not two threads ever meet there. Two
 * locks of one class may be held at once: their order is for those who take them.
 */
#pragma once

#include <kernel/compiler.h>

struct lock_class {
	const char *name;
	unsigned id;		/* 1..; 0: none was ever taken */
};

#define LOCKS_HELD_MAX 24

/* What a thread (mutexes) or a CPU (spinlocks) holds, oldest first. */
struct locks_held {
	unsigned count;
	struct {
		const void *lock;
		unsigned class;
	} locks[LOCKS_HELD_MAX];
};

/* How many locks the running thread and CPU hold. */
struct locks_mark {
	unsigned mutexes, spinlocks;
};

#if CONFIG_DEBUG

#define LOCK_CLASS_HERE(text)                                                                                          \
	({                                                                                                             \
		static struct lock_class lock_class_here = { .name = (text) };                                         \
		&lock_class_here;                                                                                      \
	})

/*
 * Before a lock is waited for; *class is the lock's, NULL until then for one without spin_init(). With the lock taken,
 * and before it is released: held is where it is noted.
 */
void lock_order_check(const void *lock, struct lock_class **class);
void lock_order_taken(struct locks_held *held, const void *lock, struct lock_class *const *class);
void lock_order_released(struct locks_held *held, const void *lock);

/* For a crash that does not end the machine: forgets what was taken since, as nobody will release it. */
struct locks_mark lock_order_mark(void);
void lock_order_forget(const struct locks_mark *mark);

#else

static inline struct locks_mark lock_order_mark(void)
{
	return (struct locks_mark){ 0, 0 };
}

static inline void lock_order_forget(const struct locks_mark *mark UNUSED)
{
}

#endif
