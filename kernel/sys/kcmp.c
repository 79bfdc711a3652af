/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kcmp: whether two threads share something, be they of one process or of two.
 */
#include <kernel/boot.h>
#include <kernel/fd.h>
#include <kernel/file.h>
#include <kernel/linkset.h>
#include <kernel/random.h>
#include <kernel/user.h>

#include "sys_internal.h"
#include "task.h"

#define KCMP_FILE 0
#define KCMP_VM 1
#define KCMP_FILES 2
#define KCMP_FS 3
#define KCMP_SIGHAND 4
#define KCMP_IO 5
#define KCMP_SYSVSEM 6
#define KCMP_EPOLL_TFD 7

#define EQUAL 0
#define LESS 1
#define GREATER 2
#define DIFFERENT 3 /* in no order */

struct pair {
	struct process *first, *second; /* referenced */
};

static SEALED uint64_t secret[2];

static int secret_init(void)
{
	if (!IS_ENABLED(CONFIG_HIDE_POINTERS))
		return 0;
	random_bytes(secret, sizeof(secret));
	secret[1] |= 1;
	return 0;
}
INIT_CALL(INIT_LATE, secret_init);

/* An order as good as that of the addresses, which tells nothing of them (option HIDE_POINTERS). */
static uint64_t disguise(const void *object)
{
	return ((uintptr_t)object ^ secret[0]) * secret[1];
}

/* By address, which is an order as long as both are there. In images for fuzzing it may not depend on the world. */
static long compare(const void *first, const void *second)
{
	if (first == second)
		return EQUAL;
	if (IS_ENABLED(CONFIG_FUZZ))
		return DIFFERENT;
	if (IS_ENABLED(CONFIG_HIDE_POINTERS))
		return disguise(first) < disguise(second) ? LESS : GREATER;
	return (uintptr_t)first < (uintptr_t)second ? LESS : GREATER;
}

/* What the end of a process does to semaphores is made with the first of it. A moment's answer. */
static const void *undos_of(const struct process *process)
{
	return list_empty(&process->sem_undos) ? NULL : &process->sem_undos;
}

static long compare_belongings(const struct pair *pair, int type)
{
	const struct process *first = pair->first, *second = pair->second;

	switch (type) {
	case KCMP_VM:
		return compare(first->aspace, second->aspace);
	case KCMP_FILES:
		return compare(first->fds, second->fds);
	case KCMP_FS:
		return compare(first->fs, second->fs);
	case KCMP_SIGHAND:
		return compare(first->signals, second->signals);
	case KCMP_IO: /* what a disk's scheduler knows of them: nothing, as there is none */
		return EQUAL;
	case KCMP_SYSVSEM:
		return compare(undos_of(first), undos_of(second));
	default:
		return -EINVAL;
	}
}

/* Both live, and what they own stays until process_unhold(): 0, or an error, and nothing is held. */
static long hold(const struct pair *pair)
{
	bool live = process_hold(pair->first);
	long err = -ESRCH;

	if (live && !pair->second->exited)
		err = process_may_look_at(pair->first) && process_may_look_at(pair->second) ? 0 : -EPERM;
	if (live && err)
		process_unhold();
	return err;
}

struct epoll_slot {
	uint32_t efd, tfd, nth;
};

/* Two descriptors, or one and what an epoll watches under a number. */
static long compare_files(const struct pair *pair, uint64_t first, uint64_t second, const struct epoll_slot *slot)
{
	struct file *a, *b;
	const struct file *target;
	long result = hold(pair);

	if (result)
		return result;
	a = fd_table_file(pair->first->fds, (int)first);
	b = fd_table_file(pair->second->fds, slot ? (int)slot->efd : (int)second);
	process_unhold();
	target = b;
	if (!a || !b)
		result = -EBADF;
	else if (slot)
		result = epoll_target(b, (int)slot->tfd, slot->nth, &target);
	if (!result)
		result = compare(a, target);
	if (a)
		file_put(a);
	if (b)
		file_put(b);
	return result;
}

static long compare_epoll(const struct pair *pair, uint64_t fd, user_ptr_t slot)
{
	struct epoll_slot where;
	long err = hold(pair);

	/* Who may not look is told that before anything else. */
	if (err)
		return err;
	process_unhold();
	return user_read(&where, slot) ? -EFAULT : compare_files(pair, fd, 0, &where);
}

static long compare_pair(const struct pair *pair, int type, uint64_t first, uint64_t second)
{
	long result;

	if (type == KCMP_FILE)
		return compare_files(pair, first, second, NULL);
	if (type == KCMP_EPOLL_TFD)
		return compare_epoll(pair, first, second);
	result = hold(pair);
	if (result)
		return result;
	result = compare_belongings(pair, type);
	process_unhold();
	return result;
}

SYSCALL(kcmp, int pid1, int pid2, int type, uint64_t index1, uint64_t index2)
{
	struct pair pair = { process_find_task(pid1), process_find_task(pid2) };
	long result = pair.first && pair.second ? compare_pair(&pair, type, index1, index2) : -ESRCH;

	if (pair.first)
		process_put(pair.first);
	if (pair.second)
		process_put(pair.second);
	return result;
}
