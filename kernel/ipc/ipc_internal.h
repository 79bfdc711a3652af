/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What semaphores, message queues and shared memory have in common: keys, ids, owners and rights.
 *
 * In Linux an object lives until it is removed, or until its namespace goes, which the processes in it keep alive. Here
 * all processes are in one, and the last one's end removes all objects: so they are counted as what must not be left
 * over when a harness's input has ended.
 */
#pragma once

#include <kernel/abi/ipc.h>
#include <kernel/mutex.h>
#include <kernel/types.h>

#define IPC_OBJECTS_MAX 128 /* of each kind: SEMMNI, MSGMNI, SHMMNI */
#define IPC_INDEX_BITS 15   /* of an id; above them is a number that changes when an index is used again */

/* The first member of each kind's objects. */
struct ipc_object {
	int id, key;
	uint32_t uid, gid, cuid, cgid; /* owner, creator */
	unsigned mode;
};

/* All objects of one kind. The lock is that of all that they hold, too. */
struct ipc_table {
	struct mutex lock;
	struct ipc_object *objects[IPC_OBJECTS_MAX];
	unsigned count;
	int last_index;
	unsigned sequence;
	/*
	 * Takes it out of the table with ipc_remove(), wakes who waits with -EIDRM, and frees it; shared memory that is
	 * in use waits for its last user first. The lock is held.
	 */
	void (*destroy)(struct ipc_object *object);
};
#define IPC_TABLE_INIT(name, destroy_object)                                                                           \
	{ .lock = MUTEX_INIT((name).lock), .last_index = -1, .destroy = (destroy_object) }

extern struct ipc_table sem_table, msg_table, shm_table;

/* What semget() and its kin were asked for. */
struct ipc_request {
	int key;
	unsigned flags; /* IPC_CREAT, IPC_EXCL, mode */
	size_t size;
	bool (*is_large)(const struct ipc_object *object, size_t size); /* as large as was asked for? NULL: any is */
	/* A new one, zeros in its ipc_object; or -errno. */
	int (*create)(const struct ipc_request *request, struct ipc_object **object);
};

/* The id of an object that there is, or of a new one. */
long ipc_get(struct ipc_table *table, const struct ipc_request *request);

/* ---- the table's lock is held ---- */

/* The object of an id, or the one at an id's index whatever is above that; NULL. */
struct ipc_object *ipc_find(const struct ipc_table *table, int id);
struct ipc_object *ipc_at(const struct ipc_table *table, int id);
/* The highest index in use; 0 when there is none. */
int ipc_highest(const struct ipc_table *table);
void ipc_remove(struct ipc_table *table, const struct ipc_object *object);

/* May the running process do what these bits of a mode stand for, whatever class they are of? 0, -EACCES. */
#define IPC_READ 4u
#define IPC_WRITE 2u
#define IPC_EXECUTE 1u
int ipc_check_access(const struct ipc_object *object, unsigned wanted);
/* May it remove it, or change its owner and mode? 0, -EPERM. */
int ipc_check_control(const struct ipc_object *object);
/* What IPC_SET says of owner and mode. 0, -EPERM, -EINVAL. */
int ipc_set(struct ipc_object *object, const struct abi_ipc_perm *perm);
/* IPC_RMID. 0, -EINVAL, -EPERM. */
int ipc_destroy(struct ipc_table *table, int id);
/* The object that IPC_STAT tells of; by_index: SEM_STAT and its kin; unchecked: SEM_STAT_ANY. -EINVAL, -EACCES. */
int ipc_find_state(const struct ipc_table *table, int id, bool by_index, bool unchecked, struct ipc_object **object);
struct abi_ipc_perm ipc_perm_of(const struct ipc_object *object);

/* Seconds, as objects remember times. */
int64_t ipc_now(void);
