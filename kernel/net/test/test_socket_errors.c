/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What socket calls refuse, and how.
 */
#include <kernel/abi/socket.h>
#include <kernel/file.h>
#include <kernel/systest.h>

#define FDS SYSTEST_MEM
#define LIMIT 64	/* offsets in SYSTEST_MEM */
#define NAME 256
#define LEN 512
#define TEXT 1024
#define ROOM 2048
#define HEADER 4096
#define IOV 4352
#define CONTROL 4608
#define BAD_FD 99
#define SOCKET(type) ((uint64_t)sys(SYS_socket, AF_UNIX, (type), 0))

static uint64_t not_a_socket(void)
{
	return (uint64_t)sys(SYS_eventfd2, 0, 0);
}

static uint64_t len_at(int len)
{
	return systest_value(LEN, &len);
}

static uint64_t path(const char *text)
{
	struct abi_sockaddr_un address = { .family = AF_UNIX };

	memcpy(address.path, text, strlen(text) + 1);
	systest_value(NAME, &address);
	return SYSTEST_MEM + NAME;
}

#define AT(text) path(text), sizeof(struct abi_sockaddr_un)

/* No more descriptors than there are. */
static void no_descriptors(void)
{
	const uint64_t limit[2] = { 3, 3 };

	sys(SYS_setrlimit, 7, systest_value(LIMIT, &limit));
}

static void make_pair(uint64_t type, uint64_t pair[2])
{
	int fds[2];

	sys(SYS_socketpair, AF_UNIX, type, 0, FDS);
	systest_read(FDS, &fds);
	pair[0] = (uint64_t)fds[0];
	pair[1] = (uint64_t)fds[1];
}

/* A header of one byte at TEXT, with len bytes of control at CONTROL. */
static uint64_t header(uint64_t control_len, uint64_t iov_count)
{
	uint64_t iov[2] = { SYSTEST_MEM + TEXT, 1 };
	struct abi_mmsghdr message = { { .iov = SYSTEST_MEM + IOV, .iov_count = iov_count,
					 .control = control_len ? SYSTEST_MEM + CONTROL : 0,
					 .control_len = control_len },
				       0, 0 };

	systest_value(IOV, &iov);
	return systest_value(HEADER, &message);
}

SYSTEST(socket_refusals)
{
	CHECK_ERR(sys(SYS_socket, 45, SOCK_STREAM, 0), EAFNOSUPPORT);
	CHECK_ERR(sys(SYS_socket, AF_UNIX, 15, 0), EINVAL);
	CHECK_ERR(sys(SYS_socket, AF_UNIX, SOCK_STREAM | 0x100, 0), EINVAL);
	CHECK_ERR(sys(SYS_socket, AF_UNIX, SOCK_STREAM, 99), EPROTONOSUPPORT);
	CHECK_ERR(sys(SYS_socket, AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
	CHECK_ERR(sys(SYS_socketpair, 45, SOCK_STREAM, 0, FDS), EAFNOSUPPORT);
	CHECK_ERR(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 99, FDS), EPROTONOSUPPORT);
	CHECK_ERR(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM | 0x100, 0, FDS), EINVAL);
	CHECK_ERR(sys(SYS_socketpair, AF_UNIX, SOCK_RDM, 0, FDS), ESOCKTNOSUPPORT);
	CHECK_ERR(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, SYSTEST_BAD), EFAULT);
	no_descriptors();
	CHECK_ERR(sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0), EMFILE);
	CHECK_ERR(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, FDS), EMFILE);
}

SYSTEST(socket_without_memory)
{
	long result, pair;

	systest_starve();
	result = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	pair = sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, FDS);
	systest_feed();
	CHECK_EQ(result, -ENOMEM);
	CHECK_EQ(pair, -ENOMEM);
}

SYSTEST(socket_calls_want_sockets)
{
	uint64_t fd = not_a_socket(), bad = BAD_FD, at = SYSTEST_MEM + NAME, len = len_at(16);

	for (unsigned i = 0; i < 2; i++, fd = bad) {
		long expected = i ? -EBADF : -ENOTSOCK;

		CHECK_EQ(sys(SYS_bind, fd, AT("/tmp/a")), expected);
		CHECK_EQ(sys(SYS_connect, fd, AT("/tmp/a")), expected);
		CHECK_EQ(sys(SYS_listen, fd, 1), expected);
		CHECK_EQ(sys(SYS_accept, fd, 0, 0), expected);
		CHECK_EQ(sys(SYS_accept4, fd, 0, 0, 0), expected);
		CHECK_EQ(sys(SYS_getsockname, fd, at, len), expected);
		CHECK_EQ(sys(SYS_getpeername, fd, at, len), expected);
		CHECK_EQ(sys(SYS_shutdown, fd, 0), expected);
		CHECK_EQ(sys(SYS_sendto, fd, at, 1, 0, 0, 0), expected);
		CHECK_EQ(sys(SYS_recvfrom, fd, at, 1, 0, 0, 0), expected);
		CHECK_EQ(sys(SYS_sendmsg, fd, header(0, 1), 0), expected);
		CHECK_EQ(sys(SYS_recvmsg, fd, header(0, 1), 0), expected);
		CHECK_EQ(sys(SYS_sendmmsg, fd, header(0, 1), 1, 0), expected);
		CHECK_EQ(sys(SYS_recvmmsg, fd, header(0, 1), 1, 0, 0), expected);
		CHECK_EQ(sys(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, at, 4), expected);
		CHECK_EQ(sys(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, at, len), expected);
	}
}

SYSTEST(bind_refusals)
{
	uint64_t fd = SOCKET(SOCK_STREAM);

	CHECK_ERR(sys(SYS_bind, fd, path("/tmp/x"), 1), EINVAL);
	CHECK_ERR(sys(SYS_bind, fd, path("/tmp/x"), -1), EINVAL);
	CHECK_ERR(sys(SYS_bind, fd, AT("/none/x")), ENOENT);
	CHECK_ERR(sys(SYS_bind, fd, AT("/dev/null/x")), ENOTDIR);
	CHECK_EQ(sys(SYS_symlink, systest_string(TEXT, "loop"), systest_string(ROOM, "/tmp/loop")), 0);
	CHECK_ERR(sys(SYS_bind, fd, AT("/tmp/loop/x")), ELOOP);
	CHECK_EQ(sys(SYS_unlink, systest_string(ROOM, "/tmp/loop")), 0);
	CHECK_EQ(sys(SYS_mkdir, systest_string(ROOM, "/tmp/closed"), 0700), 0);
	CHECK_EQ(sys(SYS_bind, fd, AT("/tmp/x")), 0);
	CHECK_ERR(sys(SYS_bind, fd, AT("/tmp/y")), EINVAL);
	CHECK_EQ(sys(SYS_unlink, systest_string(ROOM, "/tmp/x")), 0);
	systest_become(1000);
	CHECK_ERR(sys(SYS_bind, SOCKET(SOCK_STREAM), AT("/tmp/closed/x")), EACCES);
	CHECK_ERR(sys(SYS_connect, SOCKET(SOCK_STREAM), AT("/tmp/closed/x")), EACCES);
}

SYSTEST(bind_refusals_are_cleared_up)
{
	sys(SYS_rmdir, systest_string(ROOM, "/tmp/closed"));
	CHECK_ERR(sys(SYS_rmdir, systest_string(ROOM, "/tmp/closed")), ENOENT);
}

SYSTEST(connect_refusals)
{
	uint64_t stream = SOCKET(SOCK_STREAM), datagram = SOCKET(SOCK_DGRAM), full = SOCKET(SOCK_STREAM);

	CHECK_ERR(sys(SYS_connect, stream, path("/tmp/c"), 1), EINVAL);
	CHECK_EQ(sys(SYS_bind, full, AT("/tmp/c")), 0);
	CHECK_ERR(sys(SYS_connect, stream, AT("/tmp/c")), ECONNREFUSED);
	CHECK_ERR(sys(SYS_connect, datagram, AT("/tmp/c")), EPROTOTYPE);
	CHECK_EQ(sys(SYS_listen, full, 0), 0);
	CHECK_EQ(sys(SYS_connect, stream, AT("/tmp/c")), 0);
	CHECK_ERR(sys(SYS_connect, SOCKET(SOCK_STREAM | SOCK_NONBLOCK), AT("/tmp/c")), EAGAIN);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_connect, SOCKET(SOCK_STREAM), AT("/tmp/c")), EINTR);
	CHECK_EQ(sys(SYS_unlink, systest_string(ROOM, "/tmp/c")), 0);
}

SYSTEST(accept_refusals)
{
	uint64_t server = SOCKET(SOCK_STREAM | SOCK_NONBLOCK), waiting = SOCKET(SOCK_STREAM),
		 other = SOCKET(SOCK_STREAM);

	CHECK_ERR(sys(SYS_accept, SOCKET(SOCK_DGRAM), 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_accept4, SOCKET(SOCK_STREAM), 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_listen, SOCKET(SOCK_DGRAM), 1), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_listen, SOCKET(SOCK_STREAM), 1), EINVAL);
	CHECK_EQ(sys(SYS_bind, server, AT("/tmp/d")), 0);
	CHECK_EQ(sys(SYS_listen, server, 4), 0);
	CHECK_ERR(sys(SYS_accept, server, 0, 0), EAGAIN);
	CHECK_ERR(sys(SYS_accept4, server, 0, 0, 0), EAGAIN);
	CHECK_EQ(sys(SYS_connect, waiting, AT("/tmp/d")), 0);
	CHECK_ERR(sys(SYS_accept, server, SYSTEST_BAD, len_at(16)), EFAULT);
	CHECK_EQ(sys(SYS_connect, other, AT("/tmp/d")), 0);
	CHECK_ERR(sys(SYS_accept4, server, SYSTEST_BAD, len_at(16), 0), EFAULT);
	CHECK_EQ(sys(SYS_unlink, systest_string(ROOM, "/tmp/d")), 0);
}

SYSTEST(accept_without_descriptors)
{
	uint64_t server = SOCKET(SOCK_STREAM), blocking = SOCKET(SOCK_STREAM), client = SOCKET(SOCK_STREAM);
	uint64_t second = SOCKET(SOCK_STREAM), third = SOCKET(SOCK_STREAM);
	const uint64_t limit[2] = { 8, 8 };

	CHECK_EQ(sys(SYS_bind, server, AT("/tmp/e")), 0);
	CHECK_EQ(sys(SYS_listen, server, 4), 0);
	CHECK_EQ(sys(SYS_connect, client, AT("/tmp/e")), 0);
	CHECK_EQ(sys(SYS_connect, second, AT("/tmp/e")), 0);
	CHECK_EQ(sys(SYS_connect, third, AT("/tmp/e")), 0);
	CHECK_EQ(sys(SYS_close, blocking), 0);
	CHECK(sys(SYS_accept4, server, 0, 0, SOCK_CLOEXEC) >= 0);
	CHECK_EQ(sys(SYS_setrlimit, 7, systest_value(LIMIT, &limit)), 0);
	CHECK_ERR(sys(SYS_accept, server, 0, 0), EMFILE);
	CHECK_ERR(sys(SYS_accept4, server, 0, 0, 0), EMFILE);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_accept, server, 0, 0), EINTR);
	CHECK_ERR(sys(SYS_accept4, server, 0, 0, 0), EINTR);
	CHECK_EQ(sys(SYS_unlink, systest_string(ROOM, "/tmp/e")), 0);
}

SYSTEST(names_and_options_refuse)
{
	uint64_t pair[2], fd = SOCKET(SOCK_STREAM);
	int one = 1;
	int64_t bad_time[2] = { 0, 1000000 };

	make_pair(SOCK_STREAM, pair);
	CHECK_EQ(sys(SYS_getsockname, fd, SYSTEST_MEM + ROOM, len_at(16)), 0);
	CHECK_ERR(sys(SYS_getsockname, fd, SYSTEST_MEM + ROOM, len_at(-1)), EINVAL);
	CHECK_ERR(sys(SYS_getpeername, pair[0], SYSTEST_MEM + ROOM, len_at(-1)), EINVAL);
	CHECK_EQ(sys(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, systest_value(TEXT, &one), 4), 0);
	CHECK_ERR(sys(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, SYSTEST_MEM + TEXT, 3), EINVAL);
	CHECK_ERR(sys(SYS_setsockopt, fd, SOL_SOCKET, 999, SYSTEST_MEM + TEXT, 4), ENOPROTOOPT);
	CHECK_ERR(sys(SYS_setsockopt, fd, SOL_TCP, 1, SYSTEST_MEM + TEXT, 4), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, systest_value(TEXT, &bad_time), 16), EDOM);
	CHECK_ERR(sys(SYS_setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, systest_string(TEXT, "eth9"), 4), ENODEV);
	CHECK_ERR(sys(SYS_getsockopt, fd, SOL_SOCKET, 999, SYSTEST_MEM + TEXT, len_at(4)), ENOPROTOOPT);
	CHECK_ERR(sys(SYS_getsockopt, fd, SOL_TCP, 1, SYSTEST_MEM + TEXT, len_at(4)), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, SYSTEST_MEM + TEXT, len_at(-1)), EINVAL);
	CHECK_ERR(sys(SYS_shutdown, fd, 3), EINVAL);
	CHECK_ERR(sys(SYS_shutdown, fd, SHUT_WR), ENOTCONN);
}

/* All four ways to send, of what a stream says. */
static void sends(uint64_t fd, uint64_t flags, long expected)
{
	CHECK_EQ(sys(SYS_sendto, fd, SYSTEST_MEM + TEXT, 1, flags, 0, 0), expected);
	CHECK_EQ(sys(SYS_sendmsg, fd, header(0, 1), flags), expected);
	CHECK_EQ(sys(SYS_sendmmsg, fd, header(0, 1), 1, flags), expected);
}

static void receives(uint64_t fd, uint64_t flags, long expected)
{
	CHECK_EQ(sys(SYS_recvfrom, fd, SYSTEST_MEM + TEXT, 1, flags, 0, 0), expected);
	CHECK_EQ(sys(SYS_recvmsg, fd, header(0, 1), flags), expected);
	CHECK_EQ(sys(SYS_recvmmsg, fd, header(0, 1), 1, flags, 0), expected);
}

SYSTEST(messages_are_refused)
{
	struct abi_cmsghdr control = { 4, SOL_SOCKET, SCM_RIGHTS };
	uint64_t pair[2], packets[2];

	make_pair(SOCK_STREAM, pair);
	make_pair(SOCK_SEQPACKET, packets);
	receives(pair[0], MSG_DONTWAIT, -EAGAIN);
	receives(pair[0], MSG_OOB, -EINVAL);
	receives(SOCKET(SOCK_SEQPACKET), 0, -ENOTCONN);
	sends(pair[0], MSG_OOB, -EOPNOTSUPP);
	sends(SOCKET(SOCK_STREAM), 0, -ENOTCONN);
	CHECK_ERR(sys(SYS_sendto, packets[0], SYSTEST_MEM, SYSTEST_MEM_SIZE * 4, 0, 0, 0), EMSGSIZE);
	CHECK_ERR(sys(SYS_sendto, pair[0], SYSTEST_MEM + TEXT, 1, 0, AT("/tmp/x")), EISCONN);
	CHECK_ERR(sys(SYS_sendto, pair[0], SYSTEST_MEM + TEXT, 1, 0, path("/tmp/x"), -1), EINVAL);
	CHECK_ERR(sys(SYS_sendmsg, pair[0], header(0, 1025), 0), EMSGSIZE);
	CHECK_ERR(sys(SYS_recvmsg, pair[0], header(0, 1025), 0), EMSGSIZE);
	systest_value(CONTROL, &control);
	CHECK_ERR(sys(SYS_sendmsg, pair[0], header(sizeof(control), 1), 0), EINVAL);
	CHECK_EQ(sys(SYS_sendmmsg, pair[0], header(0, 1), 1, 0), 1);
	CHECK_EQ(sys(SYS_recvmmsg, pair[1], header(0, 1), 1, MSG_WAITFORONE, 0), 1);
	systest_interrupt_soon();
	receives(pair[0], 0, -EINTR);
	CHECK_EQ(sys(SYS_close, pair[1]), 0);
	sends(pair[0], MSG_NOSIGNAL, -EPIPE);
}
