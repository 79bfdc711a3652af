/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pidfd: a descriptor that stands for a process, and goes on to when that has ended and was waited for. Numbers are not
 * used again here, but only a descriptor tells of the end to who is not the parent. What it keeps of a process that is
 * gone is the bare struct process, which owns nothing and is on no list that anybody is shown.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/atomic.h>
#include <kernel/fd.h>
#include <kernel/file.h>
#include <kernel/vfs.h>

#include "pidfd.h"
#include "sys_internal.h"
#include "task.h"

#define PIDFD_NONBLOCK O_NONBLOCK

/* Readable from the end on; there is nothing to read. */
static unsigned pidfd_poll(struct file *file, struct poll_table *table)
{
	struct process *process = file->data;

	poll_wait_events(table, &process->task_left, POLLIN | POLLRDNORM);
	return atomic_load(&process->over) ? POLLIN | POLLRDNORM : 0;
}

static void pidfd_release(struct file *file)
{
	process_put(file->data);
}

static const struct file_ops pidfd_fops = {
	.name = "anon_inode:[pidfd]",
	.poll = pidfd_poll,
	.release = pidfd_release,
};

int pidfd_create(struct process *process, unsigned flags)
{
	return fd_install_anonymous(&pidfd_fops, O_RDWR | flags, process, true);
}

struct process *pidfd_get(int fd, bool *nonblocking)
{
	struct file *file = fd_get(fd);
	struct process *process = NULL;

	if (!file)
		return NULL;
	if (file->ops == &pidfd_fops)
		process = process_get(file->data);
	if (nonblocking)
		*nonblocking = file->flags & O_NONBLOCK;
	file_put(file);
	return process;
}

SYSCALL(pidfd_open, int pid, unsigned flags)
{
	struct process *process;

	if (flags & ~PIDFD_NONBLOCK || pid <= 0)
		return -EINVAL;
	process = process_find_any(pid);
	if (process)
		return pidfd_create(process, flags);
	/* A number of a thread that is not its process's first. */
	process = process_find_task(pid);
	if (!process)
		return -ESRCH;
	process_put(process);
	return -EINVAL;
}

/* ---- signals ---- */

/* Until it was waited for. */
static bool is_there(const struct process *process)
{
	struct process *found = process_find_any(process->pid);

	if (found)
		process_put(found);
	return found;
}

static long send(struct process *target, int signo, const struct abi_siginfo *info)
{
	long err = 0;

	if (signo < 0 || signo > SIGRTMAX)
		return is_there(target) ? -EINVAL : -ESRCH;
	if (!process_hold(target)) {
		if (!is_there(target))
			return -ESRCH;
		/* One that has ended takes any signal, and does nothing about it. */
		return process_may_signal(target, signo) ? 0 : -EPERM;
	}
	if (!process_may_signal(target, signo))
		err = -EPERM;
	else if (signo)
		err = signal_send(target, signo, info);
	process_unhold();
	return err;
}

/* Who sends to others may not pass for the kernel, or for kill(). */
static long read_info(const struct process *target, int signo, user_ptr_t from, struct abi_siginfo *info)
{
	if (!from) {
		*info = (struct abi_siginfo){ .code = SI_USER };
		info->pid = process_current()->pid;
		info->uid = process_current()->cred.uid;
		return 0;
	}
	if (user_read(info, from))
		return -EFAULT;
	if (info->signo != signo)
		return -EINVAL;
	return target != process_current() && (info->code >= 0 || info->code == SI_TKILL) ? -EPERM : 0;
}

/* A directory /proc/PID will do as well (pidfd_send_signal(2)). NULL: -EBADF, or -ESRCH. */
static struct process *target_of(int fd, long *err)
{
	struct process *target = pidfd_get(fd, NULL);
	struct file *file;
	int pid;

	*err = -EBADF;
	file = target ? NULL : fd_get(fd);
	if (!file)
		return target;
	pid = proc_directory_pid(file);
	file_put(file);
	if (pid)
		*err = -ESRCH;
	return pid ? process_find_any(pid) : NULL;
}

SYSCALL(pidfd_send_signal, int pidfd, int signal, user_ptr_t info, unsigned flags)
{
	struct process *target;
	struct abi_siginfo told;
	long err;

	if (flags)
		return -EINVAL;
	target = target_of(pidfd, &err);
	if (!target)
		return err;
	err = read_info(target, signal, info, &told);
	if (!err)
		err = send(target, signal, &told);
	process_put(target);
	return err;
}

/* ---- descriptors ---- */

static long take_file(struct process *target, int fd, struct file **out)
{
	long err = 0;

	/* One that has ended has none left. */
	if (!process_hold(target))
		return !is_there(target) ? -ESRCH : process_may_look_at(target) ? -EBADF : -EPERM;
	if (!process_may_look_at(target))
		err = -EPERM;
	else
		*out = fd_table_file(target->fds, fd);
	process_unhold();
	return err ? err : *out ? 0 : -EBADF;
}

SYSCALL(pidfd_getfd, int pidfd, int fd, unsigned flags)
{
	struct process *target;
	struct file *file = NULL;
	long result;

	if (flags)
		return -EINVAL;
	target = pidfd_get(pidfd, NULL);
	if (!target)
		return -EBADF;
	result = take_file(target, fd, &file);
	process_put(target);
	if (result)
		return result;
	result = fd_install(file, 0, true);
	if (result < 0)
		file_put(file);
	return result;
}
