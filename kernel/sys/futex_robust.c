/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What goes with threads: the word that their end clears, and the locks that a dead owner leaves behind.
 */
#include "futex.h"
#include "sys_internal.h"
#include "task.h"

SYSCALL(set_tid_address, user_ptr_t address)
{
	task_current()->clear_child_tid = address;
	return process_tid();
}

#define ROBUST_LIST_SIZE 24

SYSCALL(set_robust_list, user_ptr_t head, size_t len)
{
	if (len != ROBUST_LIST_SIZE)
		return -EINVAL;
	task_current()->robust_list = head;
	return 0;
}

/* ---- what an owner's death leaves behind: Linux, Documentation/locking/robust-futex-ABI.rst ---- */

#define FUTEX_WAITERS 0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK 0x3fffffffu
#define ROBUST_LIMIT 2048

static void release_lock(user_ptr_t address, uint32_t tid)
{
	struct futex_name name;
	uint32_t word;

	/* Its word changes no more while it is the dead one's. Lists that lead in a circle are walked to the limit. */
	if (futex_check_address(address) || user_read(&word, address) || (word & FUTEX_TID_MASK) != tid)
		return;
	name = futex_name_of(address, false);
	mutex_lock(&futex_lock);
	if (!user_read(&word, address) && (word & FUTEX_TID_MASK) == tid) {
		bool contended = word & FUTEX_WAITERS;

		word = (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
		if (!user_write(address, &word) && contended)
			futex_wake_some(&name, 1, FUTEX_ANY_BIT);
	}
	mutex_unlock(&futex_lock);
}

void futex_release_robust(user_ptr_t head, int tid)
{
	struct {
		user_ptr_t next;
		int64_t offset;
		user_ptr_t pending;
	} list;
	user_ptr_t entry, next;

	if (user_read(&list, head))
		return;
	entry = list.next;
	for (unsigned i = 0; i < ROBUST_LIMIT && (entry & ~UINT64_C(1)) != head; i++) {
		bool last = user_read(&next, entry & ~UINT64_C(1));

		/* Bit 0 marks a lock with priority inheritance, of which there are none. */
		if (entry != list.pending)
			release_lock((entry & ~UINT64_C(1)) + (uint64_t)list.offset, (uint32_t)tid);
		if (last)
			break;
		entry = next;
	}
	if (list.pending)
		release_lock((list.pending & ~UINT64_C(1)) + (uint64_t)list.offset, (uint32_t)tid);
}

SYSCALL(get_robust_list, int pid, user_ptr_t head, user_ptr_t len)
{
	const uint64_t size = ROBUST_LIST_SIZE;
	struct task_lookup found;
	user_ptr_t list;
	bool allowed;

	if (!task_find(&found, pid))
		return -ESRCH;
	allowed = process_may_look_at(found.process);
	list = found.task->robust_list;
	task_let_go(&found);
	if (!allowed)
		return -EPERM;
	if (user_write(len, &size) || user_write(head, &list))
		return -EFAULT;
	return 0;
}
