/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls that send and receive. Linux: send(2), recv(2), sendmmsg(2), recvmmsg(2).
 */
#include "net_internal.h"

#include <kernel/abi/fcntl.h>
#include <kernel/abi/signal.h>
#include <kernel/clock.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/signal.h>
#include <kernel/socket.h>
#include <kernel/syscall.h>
#include <kernel/time.h>

#define MESSAGES_MAX 1024u
#define SEND_IGNORED (MSG_NOSIGNAL | MSG_MORE | MSG_DONTWAIT)

/* ---- one message ---- */

static ssize_t send_message(struct file *file, struct socket *socket, struct socket_message *message)
{
	ssize_t n;

	if (message->flags & MSG_OOB)
		return -EOPNOTSUPP;
	message->nonblock = (file->flags & O_NONBLOCK) || (message->flags & MSG_DONTWAIT);
	n = socket->ops->send(socket, message);
	if (n == -EPIPE && !(message->flags & MSG_NOSIGNAL))
		signal_send_self(SIGPIPE);
	return n;
}

static ssize_t receive_message(struct file *file, struct socket *socket, struct socket_message *message)
{
	if (message->flags & MSG_OOB)
		return -EINVAL;
	if (message->flags & MSG_ERRQUEUE)
		return -EAGAIN;
	message->nonblock = (file->flags & O_NONBLOCK) || (message->flags & MSG_DONTWAIT);
	return socket->ops->receive(socket, message);
}

SYSCALL(sendto, int fd, user_ptr_t buf, size_t count, int flags, user_ptr_t address, int len)
{
	struct socket_message message = { .flags = (unsigned)flags };
	struct socket *socket;
	struct file *file;
	ssize_t n;

	if (!user_ok(buf, count))
		return -EFAULT;
	n = socket_get(fd, &file, &socket);
	if (n)
		return n;
	io_user(&message.io, buf, min(count, (size_t)FILE_TRANSFER_MAX));
	if (address)
		n = socket_address_in(&message.address, address, len);
	if (!n)
		n = send_message(file, socket, &message);
	file_put(file);
	return n;
}

SYSCALL(recvfrom, int fd, user_ptr_t buf, size_t count, int flags, user_ptr_t address, user_ptr_t len)
{
	struct socket_message message = { .flags = (unsigned)flags };
	struct socket *socket;
	struct file *file;
	ssize_t n;
	int err = 0;

	if (!user_ok(buf, count))
		return -EFAULT;
	n = socket_get(fd, &file, &socket);
	if (n)
		return n;
	io_user(&message.io, buf, min(count, (size_t)FILE_TRANSFER_MAX));
	n = receive_message(file, socket, &message);
	if (n >= 0 && address)
		err = socket_address_out(address, len, &message.address);
	socket_control_free(&message.control);
	file_put(file);
	return err ? err : n;
}

/* ---- messages by their headers ---- */

struct spans {
	struct io_span fast[8], *spans;
};

static int import(struct socket_message *message, struct spans *spans, const struct abi_msghdr *header)
{
	spans->spans = spans->fast;
	if (header->iov_count > IO_SPANS_MAX)
		return -EMSGSIZE;
	return io_import(&message->io, header->iov, header->iov_count, spans->fast, &spans->spans);
}

static void spans_free(struct spans *spans)
{
	if (spans->spans != spans->fast)
		heap_free(spans->spans);
}

static ssize_t send_header(struct file *file, struct socket *socket, const struct abi_msghdr *header, unsigned flags)
{
	struct socket_message message = { .flags = flags };
	struct spans spans;
	ssize_t n;

	if (header->name && header->name_len) {
		n = socket_address_in(&message.address, header->name,
				      (int)min(header->name_len, (uint32_t)SOCKADDR_MAX));
		if (n)
			return n;
	}
	n = import(&message, &spans, header);
	if (n)
		return n;
	if (header->control && header->control_len)
		n = socket_control_in(&message.control, header->control, header->control_len);
	if (!n)
		n = send_message(file, socket, &message);
	socket_control_free(&message.control);
	spans_free(&spans);
	return n;
}

/* Fills in what the header tells of a message that came. */
static int tell_header(struct socket *socket, struct socket_message *message, struct abi_msghdr *header)
{
	ssize_t n = 0;

	if (header->name) {
		int err = user_copy_out(header->name, &message->address.abi,
					min(header->name_len, (uint32_t)message->address.len));

		if (err)
			return err;
		header->name_len = message->address.len;
	}
	if (message->control.file_count || message->control.ancillary_count ||
	    (socket->pass_cred && message->control.has_cred))
		n = socket_control_out(&message->control, header->control, header->control ? header->control_len : 0,
				       message->flags & MSG_CMSG_CLOEXEC, &message->result_flags);
	if (n < 0)
		return (int)n;
	header->control_len = (uint64_t)n;
	header->flags = message->result_flags | (message->flags & MSG_CMSG_CLOEXEC);
	return 0;
}

static ssize_t receive_header(struct file *file, struct socket *socket, struct abi_msghdr *header, unsigned flags)
{
	struct socket_message message = { .flags = flags };
	struct spans spans;
	ssize_t n = import(&message, &spans, header);
	int err = 0;

	if (n)
		return n;
	n = receive_message(file, socket, &message);
	if (n >= 0) {
		if (!socket->pass_cred)
			message.control.has_cred = false;
		err = tell_header(socket, &message, header);
	}
	socket_control_free(&message.control);
	spans_free(&spans);
	return err ? err : n;
}

SYSCALL(sendmsg, int fd, user_ptr_t at, int flags)
{
	struct abi_msghdr header;
	struct socket *socket;
	struct file *file;
	ssize_t n = socket_get(fd, &file, &socket);

	if (n)
		return n;
	n = user_read(&header, at);
	if (!n)
		n = send_header(file, socket, &header, (unsigned)flags);
	file_put(file);
	return n;
}

SYSCALL(recvmsg, int fd, user_ptr_t at, int flags)
{
	struct abi_msghdr header;
	struct socket *socket;
	struct file *file;
	ssize_t n = socket_get(fd, &file, &socket);
	int err;

	if (n)
		return n;
	n = user_read(&header, at);
	if (!n)
		n = receive_header(file, socket, &header, (unsigned)flags);
	err = n >= 0 ? user_write(at, &header) : 0;
	file_put(file);
	return err ? err : n;
}

/* ---- many ---- */

SYSCALL(sendmmsg, int fd, user_ptr_t at, unsigned count, int flags)
{
	struct socket *socket;
	struct file *file;
	ssize_t n = socket_get(fd, &file, &socket);
	unsigned sent = 0;

	if (n)
		return n;
	for (count = min(count, MESSAGES_MAX); sent < count; sent++, at += sizeof(struct abi_mmsghdr)) {
		struct abi_mmsghdr message;

		n = user_read(&message.header, at);
		if (!n)
			n = send_header(file, socket, &message.header, (unsigned)flags);
		if (n < 0)
			break;
		message.len = (uint32_t)n;
		n = user_write(at + offsetof(struct abi_mmsghdr, len), &message.len);
		if (n)
			break;
	}
	file_put(file);
	return sent ? (long)sent : n < 0 ? n : 0;
}

/* As Linux has it, the time is only looked at after a message. */
SYSCALL(recvmmsg, int fd, user_ptr_t at, unsigned count, int flags, user_ptr_t timeout)
{
	uint64_t deadline = UINT64_MAX, ns;
	struct abi_timespec spec;
	struct socket *socket;
	struct file *file;
	unsigned received = 0;
	ssize_t n = 0;

	if (timeout) {
		n = user_read(&spec, timeout);
		if (!n)
			n = time_from_timespec(&spec, &ns);
		if (n)
			return n;
		deadline = time_add(clock_ns(), ns);
	}
	n = socket_get(fd, &file, &socket);
	if (n)
		return n;
	for (count = min(count, MESSAGES_MAX); received < count; received++, at += sizeof(struct abi_mmsghdr)) {
		struct abi_mmsghdr message;

		if (received && clock_ns() >= deadline)
			break;
		n = user_read(&message.header, at);
		if (!n)
			n = receive_header(file, socket, &message.header, (unsigned)flags & ~MSG_WAITFORONE);
		if (n < 0)
			break;
		message.len = (uint32_t)n;
		n = user_write(at, &message);
		if (n)
			break;
		if ((unsigned)flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
	}
	file_put(file);
	return received ? (long)received : n < 0 ? n : 0;
}
