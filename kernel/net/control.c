/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control messages: files, credentials, times, and what protocols have of their own. Linux: cmsg(3), unix(7), ip(7).
 */
#include "net_internal.h"

#include <kernel/abi/fcntl.h>
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/time.h>

#define CONTROL_MAX 4096
#define CMSG_ALIGN(len) align_up((size_t)(len), sizeof(uint64_t))

/* Takes references to the files behind count descriptors. */
static int files_in(struct socket_control *to, const int *fds, size_t count)
{
	if (to->files || count > SCM_FDS_MAX)
		return -EINVAL;
	to->files = heap_array(count + 1, sizeof(*to->files));
	if (!to->files)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct file *file = fd_get(fds[i]);

		if (!file)
			return -EBADF;
		to->files[to->file_count++] = file;
	}
	return 0;
}

/* A program may only say who it is, root anything. */
static int cred_in(struct socket_control *to, const struct abi_ucred *cred)
{
	const struct process *process = process_current();
	const struct credentials *own = &process->cred;
	bool may_pid = cred->pid == process->pid || process_capable(CAP_SYS_ADMIN);
	bool may_uid = cred->uid == own->uid || cred->uid == own->euid || cred->uid == own->suid ||
		       process_capable(CAP_SETUID);
	bool may_gid = cred->gid == own->gid || cred->gid == own->egid || cred->gid == own->sgid ||
		       process_capable(CAP_SETGID);

	if (!may_pid || !may_uid || !may_gid)
		return -EPERM;
	to->cred = *cred;
	to->has_cred = true;
	return 0;
}

/* The protocol looks at it, or does not. */
static int ancillary_in(struct socket_control *to, const struct abi_cmsghdr *header, size_t size)
{
	struct socket_ancillary *a = &to->ancillary[to->ancillary_count];

	if (to->ancillary_count == SOCKET_ANCILLARY_MAX || size > sizeof(a->data))
		return -EINVAL;
	to->ancillary_count++;
	a->level = header->level;
	a->type = header->type;
	a->size = (unsigned)size;
	memcpy(a->data, header + 1, size);
	return 0;
}

static int one_in(struct socket_control *to, const struct abi_cmsghdr *header)
{
	size_t size = header->len - sizeof(*header);

	if (header->level != SOL_SOCKET)
		return ancillary_in(to, header, size);
	if (header->type == SCM_RIGHTS)
		return files_in(to, (const int *)(header + 1), size / sizeof(int));
	if (header->type == SCM_CREDENTIALS && size == sizeof(struct abi_ucred))
		return cred_in(to, (const struct abi_ucred *)(header + 1));
	return -EINVAL;
}

int socket_control_in(struct socket_control *to, user_ptr_t from, size_t len)
{
	size_t at = 0;
	char *copy;
	int err;

	if (len > CONTROL_MAX)
		return -ENOBUFS;
	copy = heap_alloc(len);
	if (!copy)
		return -ENOBUFS;
	err = user_copy_in(copy, from, len);
	while (!err && len - at >= sizeof(struct abi_cmsghdr)) {
		const struct abi_cmsghdr *header = (const struct abi_cmsghdr *)(copy + at);

		if (header->len < sizeof(*header) || header->len > len - at)
			err = -EINVAL;
		else
			err = one_in(to, header);
		if (err || CMSG_ALIGN(header->len) >= len - at)
			break;
		at += CMSG_ALIGN(header->len);
	}
	heap_free(copy);
	return err;
}

/* One header with its content, cut to the room. @return the bytes of it, or -EFAULT. */
static ssize_t put(user_ptr_t to, size_t room, int level, int type, const void *content, size_t size, unsigned *flags)
{
	struct abi_cmsghdr header = { .level = level, .type = type };
	int err;

	if (room < sizeof(header)) {
		*flags |= MSG_CTRUNC;
		return 0;
	}
	if (size > room - sizeof(header)) {
		*flags |= MSG_CTRUNC;
		size = room - sizeof(header);
	}
	header.len = sizeof(header) + size;
	err = user_write(to, &header);
	if (!err)
		err = user_copy_out(to + sizeof(header), content, size);
	return err ? err : (ssize_t)min(CMSG_ALIGN(header.len), room);
}

/* Descriptors for as many files as there is room for; the others are closed by the caller. */
static ssize_t files_out(struct socket_control *from, user_ptr_t to, size_t room, bool close_on_exec, unsigned *flags)
{
	size_t fits = room < sizeof(struct abi_cmsghdr) ? 0 : (room - sizeof(struct abi_cmsghdr)) / sizeof(int);
	int fds[SCM_FDS_MAX];
	size_t count = 0;

	while (count < min(fits, (size_t)from->file_count)) {
		int fd = fd_install(file_get(from->files[count]), 0, close_on_exec);

		if (fd < 0) {
			file_put(from->files[count]);
			break;
		}
		fds[count++] = fd;
	}
	if (count < from->file_count)
		*flags |= MSG_CTRUNC;
	return count ? put(to, room, SOL_SOCKET, SCM_RIGHTS, fds, count * sizeof(int), flags) : 0;
}

ssize_t socket_control_out(struct socket_control *from, user_ptr_t to, size_t len, bool close_on_exec, unsigned *flags)
{
	size_t at = 0;
	ssize_t n;

	if (from->has_cred) {
		n = put(to, len, SOL_SOCKET, SCM_CREDENTIALS, &from->cred, sizeof(from->cred), flags);
		if (n < 0)
			return n;
		at += (size_t)n;
	}
	if (from->file_count) {
		n = files_out(from, to + at, len - at, close_on_exec, flags);
		if (n < 0)
			return n;
		at += (size_t)n;
	}
	for (unsigned i = 0; i < from->ancillary_count; i++) {
		const struct socket_ancillary *a = &from->ancillary[i];

		n = put(to + at, len - at, a->level, a->type, a->data, a->size, flags);
		if (n < 0)
			return n;
		at += (size_t)n;
	}
	return (ssize_t)at;
}

void socket_tell(struct socket_message *message, int level, int type, const void *data, unsigned size)
{
	struct socket_control *control = &message->control;
	struct socket_ancillary *a = &control->ancillary[control->ancillary_count];

	if (control->ancillary_count == SOCKET_ANCILLARY_MAX || size > sizeof(a->data))
		return;
	control->ancillary_count++;
	a->level = level;
	a->type = type;
	a->size = size;
	memcpy(a->data, data, size);
}

void socket_tell_time(const struct socket *socket, struct socket_message *message, uint64_t came_ns)
{
	if (socket->timestamp == SO_TIMESTAMP) {
		struct abi_timeval tv = time_to_timeval(came_ns);

		socket_tell(message, SOL_SOCKET, SO_TIMESTAMP, &tv, sizeof(tv));
	} else if (socket->timestamp == SO_TIMESTAMPNS) {
		struct abi_timespec ts = time_to_timespec(came_ns);

		socket_tell(message, SOL_SOCKET, SO_TIMESTAMPNS, &ts, sizeof(ts));
	}
}
