/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls that make, name, connect and end sockets. Linux: socket(2), bind(2), connect(2), ...
 */
#include "net_internal.h"

#include <kernel/abi/fcntl.h>
#include <kernel/fd.h>
#include <kernel/socket.h>
#include <kernel/string.h>
#include <kernel/syscall.h>

#define BACKLOG_MAX 4096

/* ---- descriptors and addresses ---- */

int socket_get(int fd, struct file **file, struct socket **socket)
{
	*file = fd_get(fd);
	if (!*file)
		return -EBADF;
	*socket = socket_of(*file);
	if (*socket)
		return 0;
	file_put(*file);
	return -ENOTSOCK;
}

int socket_address_in(struct socket_address *to, user_ptr_t from, int len)
{
	memset(to, 0, sizeof(*to));
	if (len < 0 || len > SOCKADDR_MAX)
		return -EINVAL;
	to->len = (unsigned)len;
	return len ? user_copy_in(&to->abi, from, (size_t)len) : 0;
}

int socket_address_out(user_ptr_t to, user_ptr_t len_at, const struct socket_address *from)
{
	int room, len = (int)from->len;
	int err = user_read(&room, len_at);

	if (err)
		return err;
	if (room < 0)
		return -EINVAL;
	err = user_copy_out(to, &from->abi, (size_t)min(room, len));
	return err ? err : user_write(len_at, &len);
}

/* ---- making ---- */

static int split_type(int type, int *kind, unsigned *flags)
{
	*kind = type & SOCK_TYPE_MASK;
	*flags = (unsigned)type & ~(unsigned)SOCK_TYPE_MASK;
	return *flags & ~(unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC) ? -EINVAL : 0;
}

SYSCALL(socket, int family, int type, int protocol)
{
	struct socket *socket;
	unsigned flags;
	int kind, err = split_type(type, &kind, &flags);

	if (!err)
		err = socket_create(family, kind, protocol, &socket);
	return err ? err : socket_install(socket, flags);
}

/* Both descriptors, or none. */
static int install_pair(struct socket *a, struct socket *b, unsigned flags, user_ptr_t to)
{
	int fds[2], err;

	fds[0] = socket_install(a, flags);
	if (fds[0] < 0) {
		b->ops->release(b);
		return fds[0];
	}
	fds[1] = socket_install(b, flags);
	err = fds[1] < 0 ? fds[1] : user_write(to, &fds);
	if (!err)
		return 0;
	if (fds[1] >= 0)
		fd_close(fds[1]);
	fd_close(fds[0]);
	return err;
}

SYSCALL(socketpair, int family, int type, int protocol, user_ptr_t to)
{
	struct socket *a, *b;
	unsigned flags;
	int kind, err = split_type(type, &kind, &flags);

	if (!err)
		err = socket_create(family, kind, protocol, &a);
	if (err)
		return err;
	err = a->ops->pair ? socket_create(family, kind, protocol, &b) : -EOPNOTSUPP;
	if (err) {
		a->ops->release(a);
		return err;
	}
	err = a->ops->pair(a, b);
	if (!err)
		return install_pair(a, b, flags, to);
	a->ops->release(a);
	b->ops->release(b);
	return err;
}

/* ---- one socket ---- */

SYSCALL(bind, int fd, user_ptr_t address, int len)
{
	struct socket_address at;
	struct socket *socket;
	struct file *file;
	int err = socket_get(fd, &file, &socket);

	if (err)
		return err;
	err = socket_address_in(&at, address, len);
	if (!err)
		err = socket->ops->bind ? socket->ops->bind(socket, &at) : -EOPNOTSUPP;
	file_put(file);
	return err;
}

SYSCALL(connect, int fd, user_ptr_t address, int len)
{
	struct socket_address to;
	struct socket *socket;
	struct file *file;
	int err = socket_get(fd, &file, &socket);

	if (err)
		return err;
	err = socket_address_in(&to, address, len);
	if (!err && to.len < sizeof(to.abi.family))
		err = -EINVAL;
	if (!err)
		err = socket->ops->connect ? socket->ops->connect(socket, &to, file->flags & O_NONBLOCK) : -EOPNOTSUPP;
	file_put(file);
	return err;
}

SYSCALL(listen, int fd, int backlog)
{
	struct socket *socket;
	struct file *file;
	int err = socket_get(fd, &file, &socket);

	if (err)
		return err;
	backlog = (unsigned)backlog > BACKLOG_MAX ? BACKLOG_MAX : backlog;
	err = socket->ops->listen ? socket->ops->listen(socket, backlog) : -EOPNOTSUPP;
	file_put(file);
	return err;
}

/* Where the other end's address goes is looked at when there is one: as Linux does, the connection is lost then. */
static long install_accepted(struct socket *socket, unsigned flags, user_ptr_t address, user_ptr_t len)
{
	struct socket_address peer = { .len = 0 };
	int err = 0;

	if (address) {
		err = socket->ops->name(socket, true, &peer);
		if (err == -ENOTCONN)
			err = -ECONNABORTED;
		if (!err)
			err = socket_address_out(address, len, &peer);
	}
	if (err) {
		socket->ops->release(socket);
		return err;
	}
	return socket_install(socket, flags);
}

static long accept_one(int fd, user_ptr_t address, user_ptr_t len, unsigned flags)
{
	struct socket *socket, *accepted;
	struct file *file;
	int err;

	if (flags & ~(unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC))
		return -EINVAL;
	err = socket_get(fd, &file, &socket);
	if (err)
		return err;
	if (!socket->ops->accept)
		err = -EOPNOTSUPP;
	else if (!socket->listening)
		err = -EINVAL;
	else
		err = socket->ops->accept(socket, file->flags & O_NONBLOCK, &accepted);
	file_put(file);
	return err ? err : install_accepted(accepted, flags, address, len);
}

SYSCALL(accept, int fd, user_ptr_t address, user_ptr_t len)
{
	return accept_one(fd, address, len, 0);
}

SYSCALL(accept4, int fd, user_ptr_t address, user_ptr_t len, int flags)
{
	return accept_one(fd, address, len, (unsigned)flags);
}

static long tell_name(int fd, bool peer, user_ptr_t address, user_ptr_t len)
{
	struct socket_address name = { .len = 0 };
	struct socket *socket;
	struct file *file;
	int err = socket_get(fd, &file, &socket);

	if (err)
		return err;
	err = socket->ops->name(socket, peer, &name);
	if (!err)
		err = socket_address_out(address, len, &name);
	file_put(file);
	return err;
}

SYSCALL(getsockname, int fd, user_ptr_t address, user_ptr_t len)
{
	return tell_name(fd, false, address, len);
}

SYSCALL(getpeername, int fd, user_ptr_t address, user_ptr_t len)
{
	return tell_name(fd, true, address, len);
}

SYSCALL(shutdown, int fd, int how)
{
	struct socket *socket;
	struct file *file;
	int err = socket_get(fd, &file, &socket);

	if (err)
		return err;
	if (how < SHUT_RD || how > SHUT_RDWR)
		err = -EINVAL;
	else
		err = socket->ops->shutdown ? socket->ops->shutdown(socket, how) : -EOPNOTSUPP;
	file_put(file);
	return err;
}
