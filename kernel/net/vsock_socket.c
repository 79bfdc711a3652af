/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets of AF_VSOCK: names, connecting, accepting, closing. Linux: vsock(7). Streams only.
 */
#include "vsock_internal.h"

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/time.h>
#include <kernel/user.h>
#include <kernel/vfs.h>

#define LAST_RESERVED_PORT 1023
#define MAJOR_MISC 10
#define MINOR_VSOCK 121

static const struct socket_ops vsock_ops;

static int vsock_create(int family, int type, int protocol, struct socket **out)
{
	struct vsock *v;

	if (protocol && protocol != AF_VSOCK)
		return -EPROTONOSUPPORT;
	if (type != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	v = vsock_alloc();
	if (!v)
		return -ENOMEM;
	socket_init(&v->socket, &vsock_ops, family, type, protocol);
	*out = &v->socket;
	return 0;
}

/* ---- names ---- */

static bool is_address(const struct socket_address *address)
{
	return address->len >= sizeof(address->abi.vm) && address->abi.family == AF_VSOCK;
}

static int vsock_bind(struct socket *socket, const struct socket_address *address)
{
	struct vsock *v = vsock_of(socket);
	uint32_t cid = address->abi.vm.cid, port = address->abi.vm.port;
	bool allowed = port > LAST_RESERVED_PORT || process_capable(CAP_NET_BIND_SERVICE);
	unsigned long flags;
	int err = 0;

	if (!is_address(address))
		return -EINVAL;
	flags = vsock_lock();
	if (v->bound || v->accepted)
		err = -EINVAL;
	else if (!allowed)
		err = -EACCES;
	else if (cid != VMADDR_CID_ANY && !vsock_is_local_cid(cid))
		err = -EADDRNOTAVAIL;
	/* By whatever name: the loopback tells connections by their ports alone. */
	else if (port != VMADDR_PORT_ANY && vsock_find_bound(VMADDR_CID_ANY, port))
		err = -EADDRINUSE;
	if (!err) {
		v->local_cid = cid;
		if (port == VMADDR_PORT_ANY) {
			vsock_bind_free(v);
		} else {
			v->local_port = port;
			v->bound = true;
			vsock_list(v);
		}
	}
	vsock_unlock(flags);
	return err;
}

static int vsock_name(struct socket *socket, bool peer, struct socket_address *to)
{
	struct vsock *v = vsock_of(socket);
	unsigned long flags = vsock_lock();
	bool connected = v->state == VSOCK_CONNECTED;

	memset(to, 0, sizeof(*to));
	to->len = sizeof(to->abi.vm);
	to->abi.vm.family = AF_VSOCK;
	to->abi.vm.cid = peer ? v->peer_cid : v->local_cid;
	to->abi.vm.port = peer ? v->peer_port : v->local_port;
	vsock_unlock(flags);
	return peer && !connected ? -ENOTCONN : 0;
}

/* ---- connecting ---- */

static bool is_settled(void *arg)
{
	const struct vsock *v = arg;

	return atomic_load_relaxed(&v->state) != VSOCK_CONNECTING;
}

/* Lock. */
static int begin_connect(struct vsock *v, const struct abi_sockaddr_vm *to, void **memory)
{
	struct vsock_transport *transport = vsock_transport_to(to->cid);

	switch (v->state) {
	case VSOCK_CONNECTING: return -EALREADY;
	case VSOCK_CONNECTED: return -EISCONN;
	case VSOCK_UNCONNECTED: break;
	default: return -EINVAL;
	}
	if (!transport)
		return -ENODEV;
	if (to->cid == VMADDR_CID_ANY || to->port == VMADDR_PORT_ANY)
		return -ENETUNREACH;
	if (!v->bound)
		vsock_bind_free(v);
	if (!v->in_memory) {
		v->in_memory = *memory;
		*memory = NULL;
	}
	ring_init(&v->in, v->in_memory, v->buffer_size);
	v->transport = transport;
	v->local_cid = transport->cid;
	v->peer_cid = to->cid;
	v->peer_port = to->port;
	v->sent = v->forwarded = 0;
	v->state = VSOCK_CONNECTING;
	vsock_tell(v, VSOCK_REQUEST, 0);
	vsock_arm(v, v->connect_timeout_ns);
	return 0;
}

/* The wait was interrupted: it is as if nothing had been asked. */
static void give_up(struct vsock *v)
{
	unsigned long flags = vsock_lock();

	if (v->state == VSOCK_CONNECTING) {
		vsock_tell(v, VSOCK_RST, 0);
		vsock_end(v);
	}
	vsock_unlock(flags);
}

static int vsock_connect(struct socket *socket, const struct socket_address *address, bool nonblock)
{
	struct vsock *v = vsock_of(socket);
	void *memory;
	unsigned long flags;
	int err;

	if (!is_address(address) || socket->listening)
		return -EINVAL;
	memory = heap_alloc(v->buffer_size);
	if (!memory)
		return -ENOMEM;
	flags = vsock_lock();
	err = begin_connect(v, &address->abi.vm, &memory);
	vsock_unlock(flags);
	heap_free(memory);
	if (err && (err != -EALREADY || nonblock))
		return err;
	if (nonblock && !is_settled(v))
		return -EINPROGRESS;
	err = wait_until(&socket->writers, is_settled, v, WAIT_FOREVER);
	if (err)
		give_up(v);
	return err ? err : socket_take_error(socket);
}

static int vsock_listen(struct socket *socket, int backlog)
{
	struct vsock *v = vsock_of(socket);
	unsigned long flags = vsock_lock();
	int err = 0;

	if (!v->bound || (v->state != VSOCK_UNCONNECTED && v->state != VSOCK_LISTENING)) {
		err = -EINVAL;
	} else {
		v->state = VSOCK_LISTENING;
		v->backlog = max((unsigned)backlog, 1u);
		socket->listening = true;
	}
	vsock_unlock(flags);
	return err;
}

static bool has_waiting(void *arg)
{
	const struct vsock *v = arg;

	return atomic_load_relaxed(&v->waiting_count);
}

/* The first that waits, off the listener's list, with the list's reference still. */
static struct vsock *take_waiting(struct vsock *listener)
{
	unsigned long flags = vsock_lock();
	struct vsock *v = NULL;

	if (!list_empty(&listener->waiting)) {
		v = list_first(&listener->waiting, struct vsock, waiting_node);
		list_remove(&v->waiting_node);
		listener->waiting_count--;
		v->listener = NULL;
	}
	vsock_unlock(flags);
	return v;
}

static int vsock_accept(struct socket *socket, bool nonblock, struct socket **out)
{
	struct vsock *listener = vsock_of(socket), *v;

	while (!(v = take_waiting(listener))) {
		int err = nonblock ? -EAGAIN : socket_wait_readable(socket, has_waiting, listener);

		if (err)
			return err;
	}
	/* Nobody has looked at its socket yet but wakers, for whom its queues were made. */
	v->socket.ops = &vsock_ops;
	v->socket.family = AF_VSOCK;
	v->socket.receive_low = 1;
	v->socket.send_buffer = v->socket.receive_buffer = v->buffer_size;
	*out = &v->socket;
	return 0;
}

/* ---- the end ---- */

static int vsock_shutdown(struct socket *socket, int how)
{
	struct vsock *v = vsock_of(socket);
	unsigned long flags = vsock_lock();
	bool connected = v->state == VSOCK_CONNECTED;

	if (connected) {
		v->read_shut |= how != SHUT_WR;
		v->write_shut |= how != SHUT_RD;
		vsock_tell(v, VSOCK_SHUTDOWN,
			   (v->read_shut ? VSOCK_SHUTDOWN_RECEIVE : 0) | (v->write_shut ? VSOCK_SHUTDOWN_SEND : 0));
	}
	vsock_unlock(flags);
	vsock_wake(v);
	return connected ? 0 : -ENOTCONN;
}

static void vsock_release(struct socket *socket)
{
	struct vsock *v = vsock_of(socket), *waiting;
	unsigned long flags;

	flags = vsock_lock();
	if (v->state == VSOCK_CONNECTED) {
		v->state = VSOCK_CLOSING;
		v->in.len = 0;
		vsock_tell(v, VSOCK_SHUTDOWN, VSOCK_SHUTDOWN_RECEIVE | VSOCK_SHUTDOWN_SEND);
		vsock_arm(v, VSOCK_CLOSE_NS);
	} else {
		if (v->state == VSOCK_CONNECTING)
			vsock_tell(v, VSOCK_RST, 0);
		vsock_end(v);
		if (!list_empty(&v->node)) {
			list_remove(&v->node);
			vsock_put(v);
		}
		v->bound = false;
	}
	vsock_unlock(flags);
	while ((waiting = take_waiting(v)))
		vsock_release(&waiting->socket);
	vsock_put(v);
}

/* ---- options ---- */

static int vsock_set_option(struct socket *socket, int level, int name, const void *value, unsigned size)
{
	struct vsock *v = vsock_of(socket);
	uint64_t number = 0;

	if (level != AF_VSOCK)
		return -ENOPROTOOPT;
	if (size < sizeof(number))
		return -EINVAL;
	memcpy(&number, value, sizeof(number));
	if (name == SO_VM_SOCKETS_CONNECT_TIMEOUT) {
		struct abi_timeval tv;

		memcpy(&tv, value, sizeof(tv));
		return size < sizeof(tv) ? -EINVAL : time_from_timeval(&tv, &v->connect_timeout_ns) ? -ERANGE : 0;
	}
	if (name != SO_VM_SOCKETS_BUFFER_SIZE)
		return -ENOPROTOOPT;
	if (v->in_memory)
		return -EISCONN;
	v->buffer_size = (uint32_t)max(min(number, (uint64_t)VSOCK_BUFFER_MAX), (uint64_t)VSOCK_BUFFER_MIN);
	return 0;
}

static int vsock_get_option(struct socket *socket, int level, int name, void *value, unsigned *size)
{
	struct vsock *v = vsock_of(socket);
	uint64_t number[2] = { v->buffer_size, 0 };
	unsigned len = sizeof(number[0]);

	if (level != AF_VSOCK)
		return -ENOPROTOOPT;
	if (name == SO_VM_SOCKETS_CONNECT_TIMEOUT) {
		number[0] = v->connect_timeout_ns / NSEC_PER_SEC;
		number[1] = v->connect_timeout_ns % NSEC_PER_SEC / 1000;
		len = sizeof(number);
	} else if (name != SO_VM_SOCKETS_BUFFER_SIZE) {
		return -ENOPROTOOPT;
	}
	if (*size < len)
		return -EINVAL;
	*size = len;
	memcpy(value, number, len);
	return 0;
}

static const struct socket_ops vsock_ops = {
	.bind = vsock_bind,
	.connect = vsock_connect,
	.listen = vsock_listen,
	.accept = vsock_accept,
	.name = vsock_name,
	.send = vsock_send,
	.receive = vsock_receive_bytes,
	.shutdown = vsock_shutdown,
	.set_option = vsock_set_option,
	.get_option = vsock_get_option,
	.poll = vsock_poll,
	.readable = vsock_readable,
	.release = vsock_release,
};

static const struct socket_family vsock_family = { AF_VSOCK, vsock_create };
SOCKET_FAMILY(vsock_family);

/* ---- /dev/vsock ---- */

static long vsock_device_ioctl(struct file *file UNUSED, unsigned command, user_ptr_t argument)
{
	uint32_t cid = vsock_local_cid();

	return command == IOCTL_VM_SOCKETS_GET_LOCAL_CID ? user_write(argument, &cid) : -ENOTTY;
}

static const struct file_ops vsock_device_fops = { .ioctl = vsock_device_ioctl };
static const struct char_device vsock_device = { "vsock", MAJOR_MISC, MINOR_VSOCK, 0666, &vsock_device_fops };
CHAR_DEVICE(vsock_device);
