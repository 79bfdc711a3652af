/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys, ids, owners and rights: see ipc_internal.h.
 */
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/ipc.h>
#include <kernel/process.h>
#include <kernel/vfs.h>

#include "ipc_internal.h"

#define MODE_BITS 0777u
#define SEQUENCE_MAX (INT32_MAX >> IPC_INDEX_BITS)
#define NO_ID UINT32_MAX

OBJECT_TYPE(ipc_object);

static struct ipc_table *const tables[] = { &sem_table, &msg_table, &shm_table };

int64_t ipc_now(void)
{
	return (int64_t)(clock_realtime_ns() / NSEC_PER_SEC);
}

/* ---- ids ---- */

static unsigned index_of(int id)
{
	return (unsigned)id & ((1u << IPC_INDEX_BITS) - 1);
}

struct ipc_object *ipc_at(const struct ipc_table *table, int id)
{
	return id >= 0 && index_of(id) < IPC_OBJECTS_MAX ? table->objects[index_of(id)] : NULL;
}

struct ipc_object *ipc_find(const struct ipc_table *table, int id)
{
	struct ipc_object *object = ipc_at(table, id);

	return object && object->id == id ? object : NULL;
}

int ipc_highest(const struct ipc_table *table)
{
	for (int i = IPC_OBJECTS_MAX - 1; i > 0; i--)
		if (table->objects[i])
			return i;
	return 0;
}

/* The lowest index is taken, with another number above it than the last time. */
static void insert(struct ipc_table *table, struct ipc_object *object)
{
	int i = 0;

	while (table->objects[i])
		i++;
	if (i <= table->last_index)
		table->sequence = table->sequence == SEQUENCE_MAX ? 0 : table->sequence + 1;
	table->last_index = i;
	table->objects[i] = object;
	table->count++;
	object->id = (int)(table->sequence << IPC_INDEX_BITS) + i;
	object_count_add(&object_type_ipc_object, 1);
}

void ipc_remove(struct ipc_table *table, const struct ipc_object *object)
{
	table->objects[index_of(object->id)] = NULL;
	table->count--;
	object_count_add(&object_type_ipc_object, -1);
}

/* ---- rights ---- */

static bool is_owner(const struct ipc_object *object, const struct credentials *cred)
{
	return cred->euid == object->uid || cred->euid == object->cuid;
}

int ipc_check_access(const struct ipc_object *object, unsigned wanted)
{
	const struct credentials *cred = credentials_current();
	unsigned granted = object->mode;

	wanted |= wanted >> 3 | wanted >> 6;
	if (is_owner(object, cred))
		granted >>= 6;
	else if (cred_in_group(cred, object->gid) || cred_in_group(cred, object->cgid))
		granted >>= 3;
	return (wanted & ~granted & 7) && !process_capable(CAP_IPC_OWNER) ? -EACCES : 0;
}

int ipc_check_control(const struct ipc_object *object)
{
	return is_owner(object, credentials_current()) || process_capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

int ipc_set(struct ipc_object *object, const struct abi_ipc_perm *perm)
{
	int err = ipc_check_control(object);

	if (err)
		return err;
	if (perm->uid == NO_ID || perm->gid == NO_ID)
		return -EINVAL;
	object->uid = perm->uid;
	object->gid = perm->gid;
	object->mode = (object->mode & ~MODE_BITS) | (perm->mode & MODE_BITS);
	return 0;
}

int ipc_destroy(struct ipc_table *table, int id)
{
	struct ipc_object *object = ipc_find(table, id);
	int err = object ? ipc_check_control(object) : -EINVAL;

	if (!err)
		table->destroy(object);
	return err;
}

int ipc_find_state(const struct ipc_table *table, int id, bool by_index, bool unchecked, struct ipc_object **object)
{
	*object = by_index ? ipc_at(table, id) : ipc_find(table, id);
	if (!*object)
		return -EINVAL;
	return unchecked ? 0 : ipc_check_access(*object, IPC_READ);
}

struct abi_ipc_perm ipc_perm_of(const struct ipc_object *object)
{
	return (struct abi_ipc_perm){
		.key = object->key,
		.uid = object->uid,
		.gid = object->gid,
		.cuid = object->cuid,
		.cgid = object->cgid,
		.mode = object->mode,
		.seq = (uint16_t)((unsigned)object->id >> IPC_INDEX_BITS),
	};
}

/* ---- getting one ---- */

static struct ipc_object *find_key(const struct ipc_table *table, int key)
{
	if (key == IPC_PRIVATE)
		return NULL;
	for (unsigned i = 0; i < IPC_OBJECTS_MAX; i++)
		if (table->objects[i] && table->objects[i]->key == key)
			return table->objects[i];
	return NULL;
}

static long get_known(const struct ipc_object *object, const struct ipc_request *request)
{
	int err;

	if ((request->flags & IPC_CREAT) && (request->flags & IPC_EXCL))
		return -EEXIST;
	if (request->is_large && !request->is_large(object, request->size))
		return -EINVAL;
	err = ipc_check_access(object, request->flags & MODE_BITS);
	return err ? err : object->id;
}

static long get_new(struct ipc_table *table, const struct ipc_request *request)
{
	const struct credentials *cred = credentials_current();
	struct ipc_object *object;
	int err;

	if (request->key != IPC_PRIVATE && !(request->flags & IPC_CREAT))
		return -ENOENT;
	if (table->count == IPC_OBJECTS_MAX)
		return -ENOSPC;
	err = request->create(request, &object);
	if (err)
		return err;
	object->key = request->key;
	object->uid = object->cuid = cred->euid;
	object->gid = object->cgid = cred->egid;
	object->mode |= request->flags & MODE_BITS;
	insert(table, object);
	return object->id;
}

long ipc_get(struct ipc_table *table, const struct ipc_request *request)
{
	struct ipc_object *object;
	long result;

	mutex_lock(&table->lock);
	object = find_key(table, request->key);
	result = object ? get_known(object, request) : get_new(table, request);
	mutex_unlock(&table->lock);
	return result;
}

/* ---- the end ---- */

void ipc_forget_all(void)
{
	for (unsigned kind = 0; kind < array_size(tables); kind++) {
		struct ipc_table *table = tables[kind];

		mutex_lock(&table->lock);
		for (unsigned i = 0; i < IPC_OBJECTS_MAX && table->count; i++)
			if (table->objects[i])
				table->destroy(table->objects[i]);
		mutex_unlock(&table->lock);
	}
}
