/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Locks on files: POSIX record locks (owned by a process), open-file-description locks and flock (owned by an open
 * file). They are few and short-lived, so that one spinlock and one wait queue serve all; a wait condition may look at
 * them.
 */
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/spinlock.h>

#include "fs_internal.h"

#define CIRCLE_MAX 16

enum lock_kind { LOCK_RECORD, LOCK_FLOCK }; /* the two never conflict with each other */

struct file_lock {
	struct list node; /* on inode->locks */
	enum lock_kind kind;
	const void *owner; /* table of descriptors or open file */
	bool exclusive;
	off_t start, end; /* inclusive */
	int pid;  /* as F_GETLK tells it; -1 for an open file's */
};

static struct spinlock locks_lock = SPINLOCK_INIT;
static struct wait_queue lock_waiters = WAIT_QUEUE_INIT(lock_waiters);
OBJECT_TYPE(file_lock);

static struct file_lock *lock_alloc(const struct file_lock *from)
{
	struct file_lock *lock = heap_alloc(sizeof(*lock));

	if (!lock)
		return NULL;
	*lock = *from;
	list_init(&lock->node);
	object_count_add(&object_type_file_lock, 1);
	return lock;
}

static void lock_free(struct file_lock *lock)
{
	if (!lock)
		return;
	object_count_add(&object_type_file_lock, -1);
	heap_free(lock);
}

static bool overlaps(const struct file_lock *a, const struct file_lock *b)
{
	return a->kind == b->kind && a->start <= b->end && b->start <= a->end;
}

/* The first lock that forbids this one; NULL. Spinlock. */
static struct file_lock *find_conflict(const struct inode *inode, const struct file_lock *wanted)
{
	list_foreach(&inode->locks, struct file_lock, node, held)
		if (held->owner != wanted->owner && overlaps(held, wanted) && (held->exclusive || wanted->exclusive))
			return held;
	return NULL;
}

/* Takes the owner's locks out of the range of cut, keeping what sticks out. At most one split happens: into *spare. */
static void cut_range(struct inode *inode, const struct file_lock *cut, struct file_lock **spare, struct list *gone)
{
	list_foreach_safe(&inode->locks, struct file_lock, node, held) {
		if (held->owner != cut->owner || !overlaps(held, cut))
			continue;
		if (held->start < cut->start && held->end > cut->end) {
			**spare = *held;
			(*spare)->start = cut->end + 1;
			held->end = cut->start - 1;
			list_push(&held->node, &(*spare)->node);
			*spare = NULL;
		} else if (held->start < cut->start) {
			held->end = cut->start - 1;
		} else if (held->end > cut->end) {
			held->start = cut->end + 1;
		} else {
			list_remove(&held->node);
			list_append(gone, &held->node);
		}
	}
}

/* Joins neighbours of the same owner and type, so that lists stay short. */
static void insert_joined(struct inode *inode, struct file_lock *lock, struct list *gone)
{
	list_foreach_safe(&inode->locks, struct file_lock, node, held) {
		if (held->owner != lock->owner || held->kind != lock->kind || held->exclusive != lock->exclusive)
			continue;
		if (held->end != INT64_MAX && held->end + 1 == lock->start)
			lock->start = held->start;
		else if (lock->end != INT64_MAX && lock->end + 1 == held->start)
			lock->end = held->end;
		else
			continue;
		list_remove(&held->node);
		list_append(gone, &held->node);
	}
	list_append(&inode->locks, &lock->node);
}

static void free_all(struct list *gone)
{
	list_foreach_safe(gone, struct file_lock, node, lock)
		lock_free(lock);
}

/* Sets (add) or clears the range of wanted. -EAGAIN on a conflict; without memory -ENOLCK, or -ENOMEM for flock. */
static int apply(struct inode *inode, const struct file_lock *wanted, bool add)
{
	struct file_lock *spare = lock_alloc(wanted), *lock = add ? lock_alloc(wanted) : NULL;
	struct list gone = LIST_INIT(gone);
	unsigned long flags;
	int err = 0;

	if (!spare || (add && !lock)) {
		err = wanted->kind == LOCK_FLOCK ? -ENOMEM : -ENOLCK;
		goto out;
	}
	flags = spin_lock(&locks_lock);
	if (add && find_conflict(inode, wanted)) {
		err = -EAGAIN;
	} else {
		cut_range(inode, wanted, &spare, &gone);
		if (add)
			insert_joined(inode, lock, &gone);
		lock = NULL;
	}
	spin_unlock(&locks_lock, flags);
	if (!err)
		wake_all(&lock_waiters);
out:
	lock_free(spare);
	lock_free(lock);
	free_all(&gone);
	return err;
}

/* A process that waits for a record lock stands on a list, so that a circle of them is found. */
struct lock_wait {
	struct list node; /* on the list, when the owner is a process */
	const struct inode *inode;
	const struct file_lock *wanted;
};

static struct list lock_waits = LIST_INIT(lock_waits);

static bool lock_is_free(void *arg)
{
	struct lock_wait *wait = arg;
	unsigned long flags = spin_lock(&locks_lock);
	bool conflict = find_conflict(wait->inode, wait->wanted);

	spin_unlock(&locks_lock, flags);
	return !conflict;
}

/* The lock that keeps an owner waiting; NULL. Spinlock. */
static const struct file_lock *find_obstacle(const void *owner)
{
	list_foreach(&lock_waits, struct lock_wait, node, wait)
		if (wait->wanted->owner == owner)
			return find_conflict(wait->inode, wait->wanted);
	return NULL;
}

/* Whether all this waits, over others, for a lock of its own owner. Spinlock. */
static bool is_circle(const struct lock_wait *wait)
{
	const struct file_lock *obstacle = find_conflict(wait->inode, wait->wanted);

	for (unsigned depth = 0; obstacle && depth < CIRCLE_MAX; depth++) {
		if (obstacle->owner == wait->wanted->owner)
			return true;
		obstacle = find_obstacle(obstacle->owner);
	}
	return false;
}

static int lock_wait_begin(struct lock_wait *wait, bool by_process)
{
	unsigned long flags;
	int err = 0;

	list_init(&wait->node);
	if (!by_process)
		return 0;
	flags = spin_lock(&locks_lock);
	if (is_circle(wait))
		err = -EDEADLK;
	else
		list_append(&lock_waits, &wait->node);
	spin_unlock(&locks_lock, flags);
	return err;
}

static void lock_wait_end(struct lock_wait *wait)
{
	unsigned long flags = spin_lock(&locks_lock);

	list_remove(&wait->node);
	spin_unlock(&locks_lock, flags);
}

static int apply_waiting(struct inode *inode, const struct file_lock *wanted)
{
	bool by_process = wanted->kind == LOCK_RECORD && wanted->owner == process_current()->fds;
	struct lock_wait wait = { .inode = inode, .wanted = wanted };

	for (;;) {
		int err = apply(inode, wanted, true);

		if (err != -EAGAIN)
			return err;
		err = lock_wait_begin(&wait, by_process);
		if (err)
			return err;
		err = wait_until(&lock_waiters, lock_is_free, &wait, WAIT_FOREVER);
		lock_wait_end(&wait);
		if (err)
			return err;
	}
}

static void release_owner(struct inode *inode, enum lock_kind kind, const void *owner)
{
	struct list gone = LIST_INIT(gone);
	unsigned long flags = spin_lock(&locks_lock);

	list_foreach_safe(&inode->locks, struct file_lock, node, held) {
		if (held->owner != owner || held->kind != kind)
			continue;
		list_remove(&held->node);
		list_append(&gone, &held->node);
	}
	spin_unlock(&locks_lock, flags);
	if (list_empty(&gone))
		return;
	wake_all(&lock_waiters);
	free_all(&gone);
}

void lock_release_file(struct file *file)
{
	if (list_empty(&file->inode->locks))
		return;
	release_owner(file->inode, LOCK_RECORD, file);
	release_owner(file->inode, LOCK_FLOCK, file);
}

void lock_release_table(struct inode *inode, const struct fd_table *table)
{
	release_owner(inode, LOCK_RECORD, table);
}

void lock_release_inode(struct inode *inode)
{
	struct list gone = LIST_INIT(gone);

	list_foreach_safe(&inode->locks, struct file_lock, node, held) {
		list_remove(&held->node);
		list_append(&gone, &held->node);
	}
	free_all(&gone);
}

/* ---- fcntl and flock ---- */

static int range_from_flock(const struct file *file, const struct abi_flock *flock, off_t *start, off_t *end)
{
	off_t base = 0;

	if (flock->l_whence == SEEK_CUR)
		base = file->position;
	else if (flock->l_whence == SEEK_END)
		base = file->inode->size;
	else if (flock->l_whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(base, flock->l_start, start))
		return -EOVERFLOW;
	if (*start < 0)
		return -EINVAL;
	if (flock->l_len == 0) {
		*end = INT64_MAX;
	} else if (flock->l_len > 0) {
		if (__builtin_add_overflow(*start, flock->l_len - 1, end))
			return -EOVERFLOW;
	} else {
		if (flock->l_len < -*start)
			return -EINVAL;
		*end = *start - 1;
		*start += flock->l_len;
	}
	return 0;
}

static int lock_from_flock(struct file *file, const struct abi_flock *flock, bool of_file, struct file_lock *lock)
{
	*lock = (struct file_lock){ .kind = LOCK_RECORD, .exclusive = flock->l_type == F_WRLCK };
	if (flock->l_type != F_RDLCK && flock->l_type != F_WRLCK && flock->l_type != F_UNLCK)
		return -EINVAL;
	lock->owner = of_file ? (const void *)file : process_current()->fds;
	lock->pid = of_file ? -1 : process_current()->pid;
	return range_from_flock(file, flock, &lock->start, &lock->end);
}

static long get_lock(struct file *file, struct abi_flock *flock, bool of_file, user_ptr_t argument)
{
	struct file_lock wanted, *conflict;
	unsigned long flags;
	int err;

	if (flock->l_type != F_RDLCK && flock->l_type != F_WRLCK)
		return -EINVAL;
	err = lock_from_flock(file, flock, of_file, &wanted);
	if (err)
		return err;
	flags = spin_lock(&locks_lock);
	conflict = find_conflict(file->inode, &wanted);
	if (conflict)
		*flock = (struct abi_flock){
			.l_type = conflict->exclusive ? F_WRLCK : F_RDLCK,
			.l_whence = SEEK_SET,
			.l_start = conflict->start,
			.l_len = conflict->end == INT64_MAX ? 0 : conflict->end - conflict->start + 1,
			.l_pid = conflict->pid,
		};
	else
		flock->l_type = F_UNLCK;
	spin_unlock(&locks_lock, flags);
	return user_write(argument, flock);
}

long lock_fcntl(struct file *file, unsigned command, user_ptr_t argument)
{
	bool of_file = command >= F_OFD_GETLK;
	struct file_lock wanted;
	struct abi_flock flock;
	int err = user_read(&flock, argument);

	if (err)
		return err;
	if (of_file && flock.l_pid)
		return -EINVAL;
	if (command == F_GETLK || command == F_OFD_GETLK)
		return get_lock(file, &flock, of_file, argument);
	err = lock_from_flock(file, &flock, of_file, &wanted);
	if (err)
		return err;
	if ((flock.l_type == F_RDLCK && !file_may_read(file)) || (flock.l_type == F_WRLCK && !file_may_write(file)))
		return -EBADF;
	if (flock.l_type == F_UNLCK)
		return apply(file->inode, &wanted, false);
	if (command == F_SETLKW || command == F_OFD_SETLKW)
		return apply_waiting(file->inode, &wanted);
	return apply(file->inode, &wanted, true);
}

long lock_flock(struct file *file, unsigned operation)
{
	struct file_lock wanted = { .kind = LOCK_FLOCK, .owner = file, .end = INT64_MAX, .pid = -1 };

	switch (operation & ~LOCK_NB) {
	case LOCK_UN:
		return apply(file->inode, &wanted, false);
	case LOCK_EX:
		wanted.exclusive = true;
		break;
	case LOCK_SH:
		break;
	default:
		return -EINVAL;
	}
	if (!file_may_read(file) && !file_may_write(file))
		return -EBADF;
	/* A change of type lets go first, as Linux does: somebody else may get it in between. */
	release_owner(file->inode, LOCK_FLOCK, file);
	return operation & LOCK_NB ? apply(file->inode, &wanted, true) : apply_waiting(file->inode, &wanted);
}
