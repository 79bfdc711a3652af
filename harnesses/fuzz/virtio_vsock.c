/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host's side of a virtio socket device, while somebody connects, listens, sends and receives through AF_VSOCK.
 * Finds: headers that are believed, credit that is not kept, connections that are ended twice or never, packets and
 * sockets that are lost.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/fake.h>
#include <kernel/harness.h>
#include <kernel/socket.h>
#include <kernel/string.h>

#define SOCKETS 4
#define BYTES_MAX 4096
#define PORTS 8

enum {
	OP_DEVICE,
	OP_DEVICE_TOO,
	OP_CREATE,
	OP_BIND,
	OP_CONNECT,
	OP_LISTEN,
	OP_ACCEPT,
	OP_SEND,
	OP_RECEIVE,
	OP_SHUTDOWN,
	OP_CLOSE,
	OP_POLL,
	OPS
};

static struct fake_virtio fake;
static struct socket *sockets[SOCKETS];
static uint64_t sum; /* of what the sockets' side saw */

static void saw(uint64_t value)
{
	sum = sum * 31 + value;
}

static struct socket_address address_of(struct script *script)
{
	static const uint32_t cids[] = { VMADDR_CID_HOST, VMADDR_CID_LOCAL, VMADDR_CID_ANY, 3 };
	struct socket_address address = { .len = sizeof(address.abi.vm) };

	address.abi.vm.family = AF_VSOCK;
	address.abi.vm.cid = cids[script_take(script, 1) % array_size(cids)];
	address.abi.vm.port = 1024 + (uint32_t)script_take(script, 1) % PORTS;
	return address;
}

static void move(struct script *script, struct socket *socket, bool out)
{
	static uint8_t bytes[BYTES_MAX];
	struct socket_message message = { .nonblock = true };
	ssize_t n;

	io_kernel(&message.io, bytes, (size_t)script_take(script, 2) % BYTES_MAX);
	n = out ? socket->ops->send(socket, &message) : socket->ops->receive(socket, &message);
	saw((uint64_t)n);
	for (ssize_t i = 0; !out && i < n; i++)
		saw(bytes[i]);
}

static void close(unsigned n)
{
	if (sockets[n])
		sockets[n]->ops->release(sockets[n]);
	sockets[n] = NULL;
}

static void on_socket(struct script *script, unsigned op, unsigned n)
{
	struct socket *socket = sockets[n];
	struct socket_address address;
	unsigned other;

	switch (op) {
	case OP_BIND:
	case OP_CONNECT:
		address = address_of(script);
		saw((uint64_t)(op == OP_BIND ? socket->ops->bind(socket, &address)
					     : socket->ops->connect(socket, &address, true)));
		break;
	case OP_LISTEN: saw((uint64_t)socket->ops->listen(socket, (int)script_take(script, 1))); break;
	case OP_ACCEPT:
		other = (unsigned)script_take(script, 1) % SOCKETS;
		if (!sockets[other] && socket->listening)
			saw((uint64_t)socket->ops->accept(socket, true, &sockets[other]));
		break;
	case OP_SEND:
	case OP_RECEIVE: move(script, socket, op == OP_SEND); break;
	case OP_SHUTDOWN: saw((uint64_t)socket->ops->shutdown(socket, (int)(script_take(script, 1) % 3))); break;
	case OP_POLL: saw(socket->ops->poll(socket)); break;
	default: close(n); break;
	}
}

static void step(struct script *script)
{
	unsigned op = (unsigned)script_take(script, 1) % OPS, n;

	if (op <= OP_DEVICE_TOO) {
		fake_virtio_step(&fake, script);
		return;
	}
	n = (unsigned)script_take(script, 1) % SOCKETS;
	if (sockets[n] && op != OP_CREATE)
		on_socket(script, op, n);
	else if (!sockets[n] && socket_create(AF_VSOCK, SOCK_STREAM, 0, &sockets[n]))
		sockets[n] = NULL;
}

static int virtio_vsock_run(const uint8_t *data, size_t size)
{
	struct script script = script_open(data, size);
	int err = fake_virtio_attach(&fake, VIRTIO_ID_VSOCK, &script);

	sum = 0;
	while (!err && !script_done(&script))
		step(&script);
	harness_result(0, (uint64_t)err);
	harness_result(1, fake.status);
	harness_result(2, fake.virtio ? fake.virtio->device.offences : 0);
	harness_result(3, sum);
	return err;
}

static void virtio_vsock_teardown(void)
{
	for (unsigned n = 0; n < SOCKETS; n++)
		close(n);
	fake_virtio_detach(&fake);
}
HARNESS(virtio_vsock, .run = virtio_vsock_run, .teardown = virtio_vsock_teardown, .max_size = 8 * KIB,
	.about = "a virtio socket device that does what the input says, and AF_VSOCK above it");
