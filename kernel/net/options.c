/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Socket options: the two system calls, and what level SOL_SOCKET has for every family. Linux: socket(7).
 */
#include "net_internal.h"

#include <kernel/abi/net_device.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/syscall.h>
#include <kernel/time.h>

#define OPTION_MAX 256
#define BUFFER_MIN 2304
#define BUFFER_MAX 425984

/* ---- level SOL_SOCKET ---- */

static bool *flag_of(struct socket *socket, int name)
{
	switch (name) {
	case SO_REUSEADDR: return &socket->reuse_address;
	case SO_REUSEPORT: return &socket->reuse_port;
	case SO_KEEPALIVE: return &socket->keep_alive;
	case SO_BROADCAST: return &socket->broadcast;
	case SO_PASSCRED: return &socket->pass_cred;
	case SO_OOBINLINE: return &socket->out_of_band_inline;
	default: return NULL;
	}
}

static int set_timeout(uint64_t *timeout_ns, const void *value, unsigned size)
{
	struct abi_timeval tv;
	int err;

	if (size < sizeof(tv))
		return -EINVAL;
	memcpy(&tv, value, sizeof(tv));
	if (tv.usec < 0 || tv.usec >= 1000000)
		return -EDOM;
	/* Linux takes a negative time for the shortest. */
	if (tv.sec < 0)
		tv = (struct abi_timeval){ 0, 1 };
	err = time_from_timeval(&tv, timeout_ns);
	return err;
}

static int set_number(struct socket *socket, int name, int value)
{
	switch (name) {
	case SO_SNDBUF:
	case SO_SNDBUFFORCE:
		socket->send_buffer = min(max((unsigned)value * 2, 2u * BUFFER_MIN), (unsigned)BUFFER_MAX);
		return 0;
	case SO_RCVBUF:
	case SO_RCVBUFFORCE:
		socket->receive_buffer = min(max((unsigned)value * 2, (unsigned)BUFFER_MIN), (unsigned)BUFFER_MAX);
		return 0;
	case SO_RCVLOWAT: socket->receive_low = value < 1 ? 1 : (unsigned)value; return 0;
	case SO_PRIORITY: socket->priority = (uint32_t)value; return 0;
	case SO_TIMESTAMP:
	case SO_TIMESTAMPNS: socket->timestamp = value ? name : 0; return 0;
	case SO_DONTROUTE:
	case SO_BUSY_POLL:
	case SO_INCOMING_CPU: return 0;
	default: return -ENOPROTOOPT;
	}
}

int socket_option_set(struct socket *socket, int name, const void *value, unsigned size)
{
	bool *flag = flag_of(socket, name);
	int number;

	if (name == SO_RCVTIMEO)
		return set_timeout(&socket->receive_timeout_ns, value, size);
	if (name == SO_SNDTIMEO)
		return set_timeout(&socket->send_timeout_ns, value, size);
	if (name == SO_BINDTODEVICE)
		return -ENOPROTOOPT; /* the families have devices, or not */
	if (size < sizeof(number))
		return -EINVAL;
	memcpy(&number, value, sizeof(number));
	if (name == SO_LINGER) {
		if (size < sizeof(socket->linger))
			return -EINVAL;
		memcpy(&socket->linger, value, sizeof(socket->linger));
		return 0;
	}
	if (!flag)
		return set_number(socket, name, number);
	*flag = number != 0;
	return 0;
}

static int get_number(struct socket *socket, int name, int *number)
{
	const bool *flag = flag_of(socket, name);

	*number = 0;
	switch (name) {
	case SO_TYPE: *number = socket->type; break;
	case SO_DOMAIN: *number = socket->family; break;
	case SO_PROTOCOL: *number = socket->protocol; break;
	case SO_ERROR: *number = -socket_take_error(socket); break;
	case SO_ACCEPTCONN: *number = socket->listening; break;
	case SO_SNDBUF: *number = (int)socket->send_buffer; break;
	case SO_RCVBUF: *number = (int)socket->receive_buffer; break;
	case SO_RCVLOWAT: *number = (int)socket->receive_low; break;
	case SO_SNDLOWAT: *number = 1; break;
	case SO_PRIORITY: *number = (int)socket->priority; break;
	case SO_TIMESTAMP:
	case SO_TIMESTAMPNS: *number = socket->timestamp == name; break;
	case SO_DONTROUTE: break;
	default:
		if (!flag)
			return -ENOPROTOOPT;
		*number = *flag;
	}
	return 0;
}

static void give(void *to, unsigned *room, const void *value, unsigned size)
{
	*room = min(*room, size);
	memcpy(to, value, *room);
}

int socket_option_get(struct socket *socket, int name, void *value, unsigned *size)
{
	int number, err;

	if (name == SO_RCVTIMEO || name == SO_SNDTIMEO) {
		struct abi_timeval tv = time_to_timeval(name == SO_RCVTIMEO ? socket->receive_timeout_ns
									    : socket->send_timeout_ns);

		give(value, size, &tv, sizeof(tv));
		return 0;
	}
	if (name == SO_LINGER) {
		give(value, size, &socket->linger, sizeof(socket->linger));
		return 0;
	}
	err = get_number(socket, name, &number);
	if (!err)
		give(value, size, &number, sizeof(number));
	return err;
}

/* ---- the system calls ---- */

SYSCALL(setsockopt, int fd, int level, int name, user_ptr_t value, int size)
{
	char copy[OPTION_MAX] = { 0 };
	struct socket *socket;
	struct file *file;
	unsigned len;
	int err = socket_get(fd, &file, &socket);

	if (err)
		return err;
	len = min((unsigned)size, (unsigned)sizeof(copy));
	err = size < 0 ? -EINVAL : user_copy_in(copy, value, len);
	if (!err && level == SOL_SOCKET)
		err = socket_option_set(socket, name, copy, len);
	if ((!err || err == -ENOPROTOOPT) && socket->ops->set_option) {
		int own = socket->ops->set_option(socket, level, name, copy, len);

		/* A family is told of the common ones too. */
		if (err || level != SOL_SOCKET || own != -ENOPROTOOPT)
			err = own;
	} else if (!err && level != SOL_SOCKET) {
		err = -EOPNOTSUPP;
	}
	/* A family without devices. */
	if (err == -ENOPROTOOPT && level == SOL_SOCKET && name == SO_BINDTODEVICE)
		err = copy[0] ? -ENODEV : 0;
	file_put(file);
	return err;
}

SYSCALL(getsockopt, int fd, int level, int name, user_ptr_t value, user_ptr_t size_at)
{
	char copy[OPTION_MAX] = { 0 };
	struct socket *socket;
	struct file *file;
	unsigned room;
	int size, err = socket_get(fd, &file, &socket);

	if (err)
		return err;
	err = user_read(&size, size_at);
	if (!err && size < 0)
		err = -EINVAL;
	room = min((unsigned)size, (unsigned)sizeof(copy));
	/* The one option whose answer depends on what is there already. */
	if (!err && level == SOL_PACKET && name == PACKET_HDRLEN)
		err = user_copy_in(copy, value, room);
	if (!err) {
		err = level == SOL_SOCKET ? socket_option_get(socket, name, copy, &room) : -ENOPROTOOPT;
		if (err == -ENOPROTOOPT && socket->ops->get_option)
			err = socket->ops->get_option(socket, level, name, copy, &room);
		else if (err == -ENOPROTOOPT && level != SOL_SOCKET)
			err = -EOPNOTSUPP;
	}
	if (!err)
		err = user_copy_out(value, copy, room);
	if (!err)
		err = user_write(size_at, &room);
	file_put(file);
	return err;
}
