/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls about descriptors: dup, fcntl, flock, ioctl.
 */
#include <kernel/abi/tty.h>
#include <kernel/fd.h>
#include <kernel/planted.h>
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <kernel/vfs.h>

#include "fs_internal.h"

#define SETFL_MASK (O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME)
#define OWNER_TID 0
#define OWNER_PID 1
#define OWNER_PGRP 2
#define SIGNAL_MAX 64

/* ---- dup ---- */

static long dup_from(int fd, int from, bool close_on_exec)
{
	struct file *file = fd_get_any(fd);
	int copy;

	if (!file)
		return -EBADF;
	copy = fd_install(file, from, close_on_exec);
	if (copy < 0)
		file_put(file);
	return copy;
}

static long dup_to(int fd, int to, bool close_on_exec)
{
	struct file *file = fd_get_any(fd);
	int copy;

	if (!file)
		return -EBADF;
	copy = fd_install_at(file, to, close_on_exec);
	if (copy < 0)
		file_put(file);
	return copy;
}

SYSCALL(dup, int fd)
{
	return dup_from(fd, 0, false);
}

SYSCALL(dup2, int fd, int to)
{
	if (fd == to)
		return fd_get_flags(fd) < 0 ? -EBADF : fd;
	return dup_to(fd, to, false);
}

SYSCALL(dup3, int fd, int to, int flags)
{
	if ((unsigned)flags & ~O_CLOEXEC)
		return -EINVAL;
	if (fd == to)
		return -EINVAL;
	planted_double_free(to, (unsigned)flags & O_CLOEXEC);
	return dup_to(fd, to, (unsigned)flags & O_CLOEXEC);
}

/* ---- fcntl ---- */

static long set_status_flags(struct file *file, unsigned flags)
{
	if ((flags & O_NOATIME) && !(file->flags & O_NOATIME) && !inode_is_owner(file->inode, credentials_current()))
		return -EPERM;
	if ((flags & O_DIRECT) && !S_ISREG(file->inode->mode) && !S_ISFIFO(file->inode->mode))
		return -EINVAL;
	file->flags = (file->flags & ~SETFL_MASK) | (flags & SETFL_MASK);
	return 0;
}

static long set_owner(struct file *file, int type, int id)
{
	struct process *process;

	if (type != OWNER_PGRP && id > 0) {
		process = process_find(id);
		if (!process)
			return -ESRCH;
		process_put(process);
	}
	file->owner = id;
	file->owner_type = (uint8_t)type;
	return 0;
}

static long set_owner_ex(struct file *file, user_ptr_t argument)
{
	struct abi_f_owner_ex owner;
	int err = user_read(&owner, argument);

	if (err)
		return err;
	if (owner.type < OWNER_TID || owner.type > OWNER_PGRP)
		return -EINVAL;
	return set_owner(file, owner.type, owner.pid);
}

static long get_owner_ex(struct file *file, user_ptr_t argument)
{
	struct abi_f_owner_ex owner = { file->owner_type, file->owner };

	return user_write(argument, &owner);
}

static long fcntl_owner(struct file *file, unsigned command, uint64_t argument)
{
	int id = (int)argument;

	switch (command) {
	case F_SETOWN:
		if (id == INT32_MIN)
			return -EINVAL;
		return id < 0 ? set_owner(file, OWNER_PGRP, -id) : set_owner(file, OWNER_PID, id);
	case F_GETOWN:
		return file->owner_type == OWNER_PGRP ? -file->owner : file->owner;
	case F_SETOWN_EX:
		return set_owner_ex(file, argument);
	case F_GETOWN_EX:
		return get_owner_ex(file, argument);
	case F_SETSIG:
		if (argument > SIGNAL_MAX)
			return -EINVAL;
		file->owner_signal = (uint8_t)argument;
		return 0;
	}
	return file->owner_signal; /* F_GETSIG */
}

/* Two descriptors of one open file? */
static long query_same(struct file *file, int fd)
{
	struct file *other = fd_get_any(fd);
	bool same = other == file;

	if (!other)
		return -EBADF;
	file_put(other);
	return same;
}

/* The commands that need more than a descriptor's own slot. */
static long fcntl_file(struct file *file, unsigned command, uint64_t argument)
{
	switch (command) {
	case F_GETFL:
		return file->flags;
	case F_SETFL:
		return set_status_flags(file, (unsigned)argument);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return lock_fcntl(file, command, argument);
	case F_SETOWN:
	case F_GETOWN:
	case F_SETOWN_EX:
	case F_GETOWN_EX:
	case F_SETSIG:
	case F_GETSIG:
		return fcntl_owner(file, command, argument);
	case F_DUPFD_QUERY:
		return query_same(file, (int)argument);
	}
	if (command == F_SETPIPE_SZ || command == F_GETPIPE_SZ)
		return S_ISFIFO(file->inode->mode) && file->ops && file->ops->fcntl
			       ? file->ops->fcntl(file, command, argument)
			       : -EBADF;
	return file->ops && file->ops->fcntl ? file->ops->fcntl(file, command, argument) : -EINVAL;
}

/* What an O_PATH descriptor may be asked, too. */
static bool works_on_path_fd(unsigned command)
{
	return command == F_GETFL || command == F_DUPFD_QUERY;
}

SYSCALL(fcntl, int fd, unsigned command, uint64_t argument)
{
	struct file *file;
	long result;

	switch (command) {
	case F_DUPFD:
		planted_leaked_file(fd, argument);
		return dup_from(fd, (int)argument, false);
	case F_DUPFD_CLOEXEC:
		return dup_from(fd, (int)argument, true);
	case F_GETFD:
		return fd_get_flags(fd);
	case F_SETFD:
		return fd_set_flags(fd, argument & FD_CLOEXEC);
	}
	file = works_on_path_fd(command) ? fd_get_any(fd) : fd_get(fd);
	if (!file)
		return -EBADF;
	result = fcntl_file(file, command, argument);
	file_put(file);
	return result;
}

SYSCALL(flock, int fd, int operation)
{
	struct file *file;
	long result;

	switch ((unsigned)operation & ~LOCK_NB) {
	case LOCK_SH:
	case LOCK_EX:
	case LOCK_UN:
		break;
	default:
		return -EINVAL;
	}
	file = fd_get(fd);
	if (!file)
		return -EBADF;
	result = lock_flock(file, (unsigned)operation);
	file_put(file);
	return result;
}

/* ---- ioctl ---- */

static long set_flag(struct file *file, unsigned flag, user_ptr_t argument)
{
	int on, err = user_read(&on, argument);

	if (err)
		return err;
	if (on)
		file->flags |= flag;
	else
		file->flags &= ~flag;
	return 0;
}

/* FIONREAD of what keeps a position: the bytes up to the end. */
static long count_rest(struct file *file, user_ptr_t argument)
{
	int count = (int)(file->inode->size - file->position);

	return user_write(argument, &count);
}

static long ioctl_file(struct file *file, unsigned command, user_ptr_t argument)
{
	if (command == FIONBIO)
		return set_flag(file, O_NONBLOCK, argument);
	/* Who is told by a signal is kept; of a pipe or socket nobody asks for that here. */
	if (command == FIOASYNC)
		return S_ISSOCK(file->inode->mode) ? set_flag(file, O_ASYNC, argument) : -ENOTTY;
	if (command == FIONREAD && S_ISREG(file->inode->mode))
		return count_rest(file, argument);
	return file->ops && file->ops->ioctl ? file->ops->ioctl(file, command, argument) : -ENOTTY;
}

SYSCALL(ioctl, int fd, unsigned command, uint64_t argument)
{
	struct file *file = fd_get(fd);
	long result;

	if (!file)
		return -EBADF;
	if (command == FIOCLEX || command == FIONCLEX)
		result = fd_set_flags(fd, command == FIOCLEX);
	else
		result = ioctl_file(file, command, argument);
	file_put(file);
	return result;
}
