/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets as files: what read, write, poll and close do to them, and their common options' defaults.
 */
#include "net_internal.h"

#include <kernel/abi/fcntl.h>
#include <kernel/abi/tty.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/time.h>
#include <kernel/vfs.h>

#define BUFFER_DEFAULT 212992

LINKSET_DECLARE(socket_family);
OBJECT_TYPE(socket);

void socket_init(struct socket *socket, const struct socket_ops *ops, int family, int type, int protocol)
{
	*socket = (struct socket){ .ops = ops, .family = family, .type = type, .protocol = protocol };
	wait_queue_init(&socket->readers);
	wait_queue_init(&socket->writers);
	socket->receive_low = 1;
	socket->send_buffer = socket->receive_buffer = BUFFER_DEFAULT;
}

long socket_count(void)
{
	return atomic_load(&object_type_socket.live);
}

int socket_create(int family, int type, int protocol, struct socket **out)
{
	if (family < 0 || family >= AF_MAX)
		return -EAFNOSUPPORT;
	if (type < SOCK_STREAM || type > 10)
		return -EINVAL;
	LINKSET_FOREACH(socket_family, const struct socket_family, f) {
		if (f->family == family)
			return f->create(family, type, protocol, out);
	}
	return -EAFNOSUPPORT;
}

void socket_set_error(struct socket *socket, int error)
{
	atomic_store(&socket->error, error);
	wake_all(&socket->readers);
	wake_all(&socket->writers);
}

int socket_take_error(struct socket *socket)
{
	return atomic_load_relaxed(&socket->error) ? -atomic_exchange(&socket->error, 0) : 0;
}

static int sleep_on(struct wait_queue *queue, wait_condition_t *condition, void *arg, uint64_t timeout_ns)
{
	uint64_t deadline = timeout_ns ? time_add(clock_ns(), timeout_ns) : WAIT_FOREVER;
	int err = wait_until(queue, condition, arg, deadline);

	return err == -ETIMEDOUT ? -EAGAIN : err;
}

int socket_wait_readable(struct socket *socket, wait_condition_t *condition, void *arg)
{
	return sleep_on(&socket->readers, condition, arg, socket->receive_timeout_ns);
}

int socket_wait_writable(struct socket *socket, wait_condition_t *condition, void *arg)
{
	return sleep_on(&socket->writers, condition, arg, socket->send_timeout_ns);
}

void socket_control_free(struct socket_control *control)
{
	for (unsigned i = 0; i < control->file_count; i++)
		file_put(control->files[i]);
	heap_free(control->files);
	control->files = NULL;
	control->file_count = 0;
	control->ancillary_count = 0;
}

/* ---- the file ---- */

static ssize_t socket_read(struct file *file, struct io *io, off_t *position UNUSED)
{
	struct socket *socket = file->data;
	struct socket_message message = { .io = *io, .nonblock = file->flags & O_NONBLOCK };
	ssize_t n;

	if (!io->remaining && socket->type == SOCK_STREAM)
		return 0;
	n = socket->ops->receive(socket, &message);
	socket_control_free(&message.control);
	*io = message.io;
	return n;
}

static ssize_t socket_write(struct file *file, struct io *io, off_t *position UNUSED)
{
	struct socket *socket = file->data;
	struct socket_message message = { .io = *io, .nonblock = file->flags & O_NONBLOCK };
	ssize_t n = socket->ops->send(socket, &message);

	*io = message.io;
	return n;
}

static unsigned socket_poll(struct file *file, struct poll_table *table)
{
	struct socket *socket = file->data;

	poll_wait_events(table, &socket->readers, POLLIN | POLLRDNORM | POLLRDHUP | POLLHUP | POLLERR | POLLPRI);
	poll_wait_events(table, &socket->writers, POLLOUT | POLLWRNORM | POLLHUP | POLLERR);
	return socket->ops->poll(socket) | (atomic_load(&socket->error) ? POLLERR : 0);
}

static long socket_ioctl(struct file *file, unsigned command, user_ptr_t argument)
{
	struct socket *socket = file->data;
	int value;

	if (command != FIONREAD)
		return IS_ENABLED(CONFIG_NET) ? interface_ioctl(command, argument) : -ENOTTY;
	if (socket->listening)
		return -EINVAL;
	value = (int)(socket->ops->readable ? socket->ops->readable(socket) : 0);
	return user_write(argument, &value);
}

static void socket_release(struct file *file)
{
	struct socket *socket = file->data;

	object_count_add(&object_type_socket, -1);
	socket->ops->release(socket);
}

static const struct file_ops socket_fops = {
	.name = "socket",
	.read = socket_read,
	.write = socket_write,
	.poll = socket_poll,
	.ioctl = socket_ioctl,
	.release = socket_release,
};

static int socket_map_page(struct file *file, uint64_t index, bool create UNUSED, struct page **page)
{
	struct socket *socket = file->data;

	return socket->ops->map_page(socket, index, page);
}

static void socket_mapped(struct file *file, bool writable UNUSED, bool added)
{
	struct socket *socket = file->data;

	socket->ops->mapped(socket, added);
}

/* Of those that have memory to share. */
static const struct file_ops mappable_fops = {
	.name = "socket",
	.read = socket_read,
	.write = socket_write,
	.poll = socket_poll,
	.map_page = socket_map_page,
	.mapped = socket_mapped,
	.ioctl = socket_ioctl,
	.release = socket_release,
};

struct socket *socket_of(struct file *file)
{
	return file->ops == &socket_fops || file->ops == &mappable_fops ? file->data : NULL;
}

int socket_install(struct socket *socket, unsigned flags)
{
	struct inode *inode;
	struct file *file;
	int err = inode_create_socket(&inode), fd;

	if (err) {
		socket->ops->release(socket);
		return err;
	}
	file = file_alloc(socket->ops->map_page ? &mappable_fops : &socket_fops,
			  O_RDWR | (flags & SOCK_NONBLOCK ? O_NONBLOCK : 0), inode, socket);
	if (!file) {
		inode_put(inode);
		socket->ops->release(socket);
		return -ENOMEM;
	}
	object_count_add(&object_type_socket, 1);
	fd = fd_install(file, 0, flags & SOCK_CLOEXEC);
	if (fd < 0)
		file_put(file);
	return fd;
}
