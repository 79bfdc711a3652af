/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AF_VSOCK: through the loopback, and against a device that plays the host's side packet by packet.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/socket.h>
#include <kernel/abi/time.h>
#include <kernel/clock.h>
#include <kernel/fake.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/systest.h>
#include <kernel/virtio_mmio.h>
#include <kernel/vsock.h>

#define HEADER sizeof(struct vsock_header)
#define GUEST_CID 42
#define PORT 5000
#define HOST_PORT 77
#define BIG (SYSTEST_MEM + 8192)
#define BIG_SIZE 32768

static long open_socket(int flags)
{
	return sys(SYS_socket, AF_VSOCK, SOCK_STREAM | flags, 0);
}

static user_ptr_t at(uint32_t cid, uint32_t port)
{
	const struct abi_sockaddr_vm address = { .family = AF_VSOCK, .cid = cid, .port = port };

	return systest_value(64, &address);
}

static long bind_to(int fd, uint32_t cid, uint32_t port)
{
	return sys(SYS_bind, fd, at(cid, port), sizeof(struct abi_sockaddr_vm));
}

static long connect_to(int fd, uint32_t cid, uint32_t port)
{
	return sys(SYS_connect, fd, at(cid, port), sizeof(struct abi_sockaddr_vm));
}

static int listen_at(uint32_t port)
{
	int fd = (int)open_socket(0);

	return bind_to(fd, VMADDR_CID_ANY, port) || sys(SYS_listen, fd, 1) ? -1 : fd;
}

/* ---- loopback ---- */

SYSTEST(vsock_loopback_there_and_back)
{
	int listener = listen_at(PORT), client = (int)open_socket(0), server;
	struct abi_sockaddr_vm name;

	CHECK(listener >= 0);
	CHECK_EQ(systest_events(listener), 0);
	CHECK_EQ(connect_to(client, VMADDR_CID_LOCAL, PORT), 0);
	CHECK_EQ(systest_events(listener), POLLIN);
	server = (int)sys(SYS_accept, listener, 0, 0);
	CHECK(server >= 0);
	CHECK_EQ(sys(SYS_write, client, systest_string(0, "question"), 8), 8);
	CHECK_ERR(bind_to(server, VMADDR_CID_ANY, PORT + 1), EINVAL);
	CHECK_EQ(systest_events(server), POLLIN | POLLOUT);
	CHECK_EQ(sys(SYS_read, server, SYSTEST_MEM + 1024, 100), 8);
	CHECK_MEM(SYSTEST_MEM + 1024, "question", 8);
	CHECK_EQ(sys(SYS_sendto, server, systest_string(0, "answer"), 6, 0, 0, 0), 6);
	CHECK_EQ(sys(SYS_recvfrom, client, SYSTEST_MEM + 1024, 3, MSG_PEEK, 0, 0), 3);
	CHECK_EQ(sys(SYS_recvfrom, client, SYSTEST_MEM + 1024, 100, 0, 0, 0), 6);
	CHECK_MEM(SYSTEST_MEM + 1024, "answer", 6);
	sys(SYS_getpeername, client, SYSTEST_MEM + 2048, systest_value(32, &(uint32_t){ 16 }));
	systest_read(SYSTEST_MEM + 2048, &name);
	CHECK_EQ(name.cid, VMADDR_CID_LOCAL);
	CHECK_EQ(name.port, PORT);
	/* Half of it shut, then all. */
	CHECK_EQ(sys(SYS_shutdown, client, SHUT_WR), 0);
	CHECK_EQ(sys(SYS_read, server, SYSTEST_MEM + 1024, 100), 0);
	CHECK_ERR(sys(SYS_sendto, client, SYSTEST_MEM, 1, MSG_NOSIGNAL, 0, 0), EPIPE);
	CHECK_EQ(sys(SYS_write, server, SYSTEST_MEM, 4), 4);
	CHECK_EQ(sys(SYS_close, server), 0);
	CHECK_EQ(sys(SYS_read, client, SYSTEST_MEM + 1024, 100), 4);
	CHECK_EQ(sys(SYS_read, client, SYSTEST_MEM + 1024, 100), 0);
	CHECK(systest_events(client) & POLLHUP);
}

SYSTEST(vsock_sender_waits_for_credit)
{
	int listener = listen_at(PORT), client = (int)open_socket(SOCK_NONBLOCK), server;
	long total = 0, n;

	CHECK(listener >= 0);
	CHECK_EQ(connect_to(client, VMADDR_CID_LOCAL, PORT), 0);
	server = (int)sys(SYS_accept4, listener, 0, 0, SOCK_NONBLOCK);
	while ((n = sys(SYS_write, client, BIG, BIG_SIZE)) > 0)
		total += n;
	CHECK_EQ(n, -EAGAIN);
	CHECK_EQ(total, 65536);
	CHECK_EQ(systest_events(client), 0);
	while ((n = sys(SYS_read, server, BIG, BIG_SIZE)) > 0)
		total -= n;
	CHECK_EQ(n, -EAGAIN);
	CHECK_EQ(total, 0);
	CHECK_EQ(systest_events(client), POLLOUT);
	/* In turns, far beyond what the counters of one buffer can say. */
	for (int i = 0; i < 100; i++) {
		CHECK_EQ(sys(SYS_write, client, BIG, BIG_SIZE), BIG_SIZE);
		CHECK_EQ(sys(SYS_read, server, BIG, BIG_SIZE), BIG_SIZE);
	}
}

SYSTEST(vsock_errors)
{
	int fd = (int)open_socket(0), other = (int)open_socket(SOCK_NONBLOCK), listener;
	const struct abi_sockaddr_vm inet = { .family = AF_INET };

	CHECK_ERR(sys(SYS_socket, AF_VSOCK, SOCK_DGRAM, 0), ESOCKTNOSUPPORT);
	CHECK_ERR(sys(SYS_socket, AF_VSOCK, SOCK_STREAM, 17), EPROTONOSUPPORT);
	CHECK_ERR(sys(SYS_bind, fd, at(VMADDR_CID_ANY, PORT), 15), EINVAL);
	CHECK_ERR(sys(SYS_bind, fd, systest_value(64, &inet), 16), EINVAL);
	CHECK_ERR(bind_to(fd, 4711, PORT), EADDRNOTAVAIL);
	CHECK_ERR(sys(SYS_listen, fd, 1), EINVAL);
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_MEM, 1), ENOTCONN);
	CHECK_ERR(sys(SYS_write, fd, SYSTEST_MEM, 1), ENOTCONN);
	CHECK_ERR(sys(SYS_shutdown, fd, SHUT_RD), ENOTCONN);
	CHECK_ERR(connect_to(fd, 77, PORT), ENODEV);
	CHECK_ERR(connect_to(fd, VMADDR_CID_LOCAL, PORT), ECONNRESET);
	listener = listen_at(PORT);
	CHECK_ERR(bind_to(fd, VMADDR_CID_ANY, PORT), EINVAL); /* connect gave it a port */
	CHECK_ERR(bind_to(other, VMADDR_CID_LOCAL, PORT), EADDRINUSE);
	CHECK_EQ(connect_to(fd, VMADDR_CID_LOCAL, PORT), 0);
	CHECK_ERR(connect_to(fd, VMADDR_CID_LOCAL, PORT), EISCONN);
	CHECK_ERR(sys(SYS_sendto, fd, SYSTEST_MEM, 1, 0, at(1, 1), 16), EISCONN);
	CHECK_ERR(connect_to(other, VMADDR_CID_LOCAL, PORT), ECONNRESET); /* its backlog is full */
	CHECK_ERR(connect_to(listener, VMADDR_CID_LOCAL, PORT), EINVAL);
	CHECK_EQ(sys(SYS_close, listener), 0);
	CHECK_EQ(sys(SYS_read, fd, SYSTEST_MEM, 1), 0); /* nobody accepted it */
	systest_become(1000);
	CHECK_ERR(bind_to(other, VMADDR_CID_ANY, 80), EINVAL);
	CHECK_ERR(bind_to((int)open_socket(0), VMADDR_CID_ANY, 80), EACCES);
}

/* ---- the host ---- */

static struct fake_virtio *make_host(uint64_t cid)
{
	struct fake_virtio *fake = heap_zalloc(sizeof(*fake));

	if (!fake)
		return NULL;
	fake->id = VIRTIO_ID_VSOCK;
	fake->features = VIRTIO_BIT(VIRTIO_F_VERSION_1);
	memcpy(fake->config, &cid, sizeof(cid));
	for (unsigned i = 0; i < FAKE_QUEUES; i++)
		fake->queue_max[i] = 64;
	if (!fake_virtio_add(fake))
		return fake;
	heap_free(fake);
	return NULL;
}

static void end_host(struct fake_virtio *fake)
{
	fake_virtio_detach(fake);
	heap_free(fake);
}

/* The guest's next packet is one of that kind. */
static bool says(struct fake_virtio *fake, enum vsock_op op, struct vsock_header *h)
{
	struct fake_chain chain;

	if (!fake_queue_next(fake, 1, &chain) || chain.out != 1 || chain.spans[0].len < HEADER)
		return false;
	memcpy(h, chain.spans[0].base, HEADER);
	fake_queue_use(fake, 1, chain.head, 0);
	fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
	return h->op == op && h->src_cid == GUEST_CID && h->dst_cid == VMADDR_CID_HOST &&
	       chain.spans[0].len == HEADER + h->len;
}

static bool is_quiet(struct fake_virtio *fake)
{
	struct vsock_header h = { 0 };

	return !says(fake, VSOCK_INVALID, &h) && !h.op;
}

/* The host answers a packet; len bytes follow. */
static void answer(struct fake_virtio *fake, const struct vsock_header *to, enum vsock_op op, uint32_t flags,
		   uint32_t len)
{
	const struct vsock_header h = { .src_cid = to->dst_cid, .dst_cid = to->src_cid, .src_port = to->dst_port,
					.dst_port = to->src_port, .type = VSOCK_TYPE_STREAM, .op = (uint16_t)op,
					.len = len, .flags = flags, .buf_alloc = 1000, .fwd_cnt = to->fwd_cnt };
	struct fake_chain chain;

	if (!fake_queue_next(fake, 0, &chain))
		return;
	memcpy(chain.spans[0].base, &h, HEADER);
	memset(chain.spans[0].base + HEADER, 'h', min(len, (uint32_t)(PAGE_SIZE - HEADER)));
	fake_queue_use(fake, 0, chain.head, (uint32_t)HEADER + min(len, (uint32_t)(PAGE_SIZE - HEADER)));
	fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
}

static int32_t take_error(int fd)
{
	int32_t error = 4;

	sys(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, SYSTEST_MEM + 1024, systest_value(32, &error));
	systest_read(SYSTEST_MEM + 1024, &error);
	return error;
}

/* A connection to the host's port, the first packet of which is in h. -1. */
static int connect_host(struct fake_virtio *fake, struct vsock_header *h)
{
	int fd = (int)open_socket(SOCK_NONBLOCK);

	if (connect_to(fd, VMADDR_CID_HOST, HOST_PORT) != -EINPROGRESS || !says(fake, VSOCK_REQUEST, h))
		return -1;
	h->fwd_cnt = 0;
	answer(fake, h, VSOCK_RESPONSE, 0, 0);
	return systest_events(fd) == POLLOUT ? fd : -1;
}

SYSTEST(vsock_connects_to_the_host)
{
	struct fake_virtio *fake = make_host(GUEST_CID);
	struct vsock_header h;
	int fd;

	CHECK(fake);
	fd = connect_host(fake, &h);
	CHECK(fd >= 0);
	CHECK_EQ(h.dst_port, HOST_PORT);
	CHECK_EQ(h.buf_alloc, 65536);
	/* The host has room for 1000 bytes, and then for 500 more. */
	CHECK_EQ(sys(SYS_write, fd, BIG, 3000), 1000);
	CHECK(says(fake, VSOCK_RW, &h));
	CHECK_EQ(h.len, 1000);
	CHECK_ERR(sys(SYS_write, fd, BIG, 3000), EAGAIN);
	h.fwd_cnt = 500;
	answer(fake, &h, VSOCK_CREDIT_UPDATE, 0, 0);
	CHECK_EQ(sys(SYS_write, fd, BIG, 3000), 500);
	CHECK(says(fake, VSOCK_RW, &h));
	CHECK_EQ(h.len, 500);
	/* What it sends is read, and told of once half of the room is new. */
	h.fwd_cnt = 1500;
	for (int i = 0; i < 10; i++) {
		answer(fake, &h, VSOCK_RW, 0, 4000);
		CHECK_EQ(sys(SYS_read, fd, BIG, BIG_SIZE), 4000);
	}
	CHECK_MEM(BIG, "hhhh", 4);
	CHECK(says(fake, VSOCK_CREDIT_UPDATE, &h));
	CHECK(h.fwd_cnt >= 32768);
	h.fwd_cnt = 1500;
	answer(fake, &h, VSOCK_CREDIT_REQUEST, 0, 0);
	CHECK(says(fake, VSOCK_CREDIT_UPDATE, &h));
	CHECK_EQ(h.fwd_cnt, 40000);
	/* It shuts both ways while there is something to read: over when that was read. */
	h.fwd_cnt = 1500;
	answer(fake, &h, VSOCK_RW, 0, 10);
	answer(fake, &h, VSOCK_SHUTDOWN, VSOCK_SHUTDOWN_RECEIVE | VSOCK_SHUTDOWN_SEND, 0);
	CHECK(is_quiet(fake));
	CHECK_EQ(sys(SYS_read, fd, BIG, BIG_SIZE), 10);
	CHECK(says(fake, VSOCK_RST, &h));
	CHECK_EQ(sys(SYS_read, fd, BIG, BIG_SIZE), 0);
	CHECK_EQ(fake->virtio->device.offences, 0);
	end_host(fake);
}

SYSTEST(vsock_host_connects)
{
	struct fake_virtio *fake = make_host(GUEST_CID);
	const struct vsock_header request = { .src_cid = GUEST_CID, .dst_cid = VMADDR_CID_HOST, .src_port = PORT,
					      .dst_port = 9 };
	int listener = listen_at(PORT), fd;
	struct vsock_header h;

	CHECK(fake);
	answer(fake, &request, VSOCK_REQUEST, 0, 0);
	CHECK(says(fake, VSOCK_RESPONSE, &h));
	CHECK_EQ(h.dst_port, 9);
	fd = (int)sys(SYS_accept, listener, 0, 0);
	CHECK(fd >= 0);
	CHECK_EQ(sys(SYS_close, fd), 0);
	CHECK(says(fake, VSOCK_SHUTDOWN, &h));
	CHECK_EQ(h.flags, 3);
	answer(fake, &h, VSOCK_RST, 0, 0);
	CHECK(is_quiet(fake));
	/* What belongs to nobody is refused, unless it is a refusal. */
	answer(fake, &h, VSOCK_RW, 0, 1);
	CHECK(says(fake, VSOCK_RST, &h));
	answer(fake, &h, VSOCK_RST, 0, 0);
	CHECK(is_quiet(fake));
	CHECK_EQ(fake->virtio->device.offences, 0);
	end_host(fake);
}

SYSTEST(vsock_host_refuses_or_does_not_answer)
{
	struct fake_virtio *fake = make_host(GUEST_CID);
	const struct abi_timeval soon = { 0, 1000 };
	int fd = (int)open_socket(SOCK_NONBLOCK);
	struct vsock_header h;

	CHECK(fake);
	CHECK_ERR(connect_to(fd, VMADDR_CID_HOST, HOST_PORT), EINPROGRESS);
	CHECK_ERR(connect_to(fd, VMADDR_CID_HOST, HOST_PORT), EALREADY);
	CHECK(says(fake, VSOCK_REQUEST, &h));
	answer(fake, &h, VSOCK_RST, 0, 0);
	CHECK(systest_events(fd) & POLLERR);
	CHECK_EQ(take_error(fd), ECONNRESET);
	/* An answer that is none. */
	CHECK_ERR(connect_to(fd, VMADDR_CID_HOST, HOST_PORT), EINPROGRESS);
	CHECK(says(fake, VSOCK_REQUEST, &h));
	answer(fake, &h, VSOCK_RW, 0, 4);
	CHECK(says(fake, VSOCK_RST, &h));
	CHECK_ERR(sys(SYS_read, fd, BIG, 1), EPROTO);
	/* None at all. */
	fd = (int)open_socket(0);
	CHECK_EQ(sys(SYS_setsockopt, fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, systest_value(32, &soon), 16), 0);
	CHECK_ERR(connect_to(fd, VMADDR_CID_HOST, HOST_PORT), ETIMEDOUT);
	end_host(fake);
}

SYSTEST(vsock_transport_reset_ends_connections)
{
	struct fake_virtio *fake = make_host(GUEST_CID);
	struct fake_chain chain;
	struct vsock_header h;
	int fd;

	CHECK(fake);
	fd = connect_host(fake, &h);
	CHECK(fd >= 0);
	fake->config[0] = 43;
	CHECK(fake_queue_next(fake, 2, &chain));
	memset(chain.spans[0].base, 0, 4);
	fake_queue_use(fake, 2, chain.head, 4);
	fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
	CHECK_ERR(sys(SYS_read, fd, BIG, 1), ECONNRESET);
	CHECK_EQ(bind_to((int)open_socket(0), 43, PORT), 0);
	CHECK_EQ(fake->virtio->device.offences, 0);
	end_host(fake);
}

/* Each is an offence, and ends what was connected. */
static void offend(void (*how)(struct fake_virtio *fake, const struct vsock_header *h))
{
	struct fake_virtio *fake = make_host(GUEST_CID);
	struct vsock_header h;
	int fd;

	CHECK(fake);
	fd = connect_host(fake, &h);
	CHECK(fd >= 0);
	how(fake, &h);
	CHECK_EQ(fake->virtio->device.offences, 1);
	/* AF_VSOCK is told a moment later. */
	for (int i = 0; i < 100 && !(systest_events(fd) & POLLERR); i++)
		clock_sleep_until(clock_ns() + NSEC_PER_MSEC);
	CHECK_EQ(take_error(fd), ECONNRESET);
	CHECK_ERR(sys(SYS_sendto, fd, BIG, 1, MSG_NOSIGNAL, 0, 0), EPIPE);
	CHECK_EQ(sys(SYS_close, fd), 0);
	end_host(fake);
}

static void more_than_came(struct fake_virtio *fake, const struct vsock_header *h)
{
	answer(fake, h, VSOCK_RW, 0, PAGE_SIZE);
}

static void more_than_credit(struct fake_virtio *fake, const struct vsock_header *h)
{
	for (int i = 0; i < 17; i++)
		answer(fake, h, VSOCK_RW, 0, 4000);
}

static void no_header(struct fake_virtio *fake, const struct vsock_header *h UNUSED)
{
	struct fake_chain chain;

	if (!fake_queue_next(fake, 0, &chain))
		return;
	fake_queue_use(fake, 0, chain.head, HEADER - 1);
	fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
}

SYSTEST(vsock_host_is_not_trusted)
{
	offend(no_header);
	offend(more_than_came);
	CHECK(!make_host(2));
	CHECK(!make_host(UINT64_C(1) << 32));
}

SYSTEST(vsock_host_keeps_to_its_credit)
{
	offend(more_than_credit);
}
