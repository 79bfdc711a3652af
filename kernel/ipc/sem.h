/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of semaphores, as sem.c and sem_ctl.c share them. All is under sem_table.lock.
 *
 * Who must wait stands in line with his operations, and whoever changes a value carries out what has become possible,
 * oldest first: a sleeper wakes when all is done.
 */
#pragma once

#include <kernel/list.h>
#include <kernel/wait.h>

#include "ipc_internal.h"

/* Linux's classical limits. */
#define SEMMSL 250 /* semaphores in a set */
#define SEMMNS (IPC_OBJECTS_MAX * SEMMSL)
#define SEMOPM 32 /* operations in a call */
#define SEMVMX 32767
#define SEMAEM SEMVMX

struct semaphore {
	int value;
	int pid; /* who changed it last */
};

struct sem_set {
	struct ipc_object ipc;
	int64_t otime, ctime; /* seconds */
	struct list waiters;  /* longest first */
	struct list undos;
	unsigned count;
	struct semaphore sems[];
};

/* What the end of a process adds to the semaphores of a set. Threads of a process share it (as with CLONE_SYSVSEM). */
struct sem_undo {
	struct list of_process, of_set;
	struct sem_set *set;
	int16_t adjust[];
};

/* Operations that happen all at once or not yet; lives on the caller's stack. */
struct sem_waiter {
	struct list node;
	const struct abi_sembuf *operations, *blocker; /* blocker: the one that must wait */
	unsigned count;
	struct sem_undo *undo; /* NULL when no operation is to be undone */
	int pid;
	bool done;
	int result;
	struct wait_queue queue; /* it alone sleeps there */
};

static inline struct sem_set *sem_set_of(struct ipc_object *object)
{
	return container_of(object, struct sem_set, ipc);
}

/* Values have changed: carries out what can be, until nothing more can. */
void sem_update(struct sem_set *set);
/* How many semaphores there are in all sets. */
unsigned sem_total(void);
