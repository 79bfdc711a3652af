/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What socket calls refuse where there is a network: the errors that Linux documents for them, each once.
 */
#include <kernel/abi/socket.h>
#include <kernel/file.h>
#include <kernel/systest.h>

#define FDS SYSTEST_MEM
#define NAME 256	/* offsets in SYSTEST_MEM */
#define LEN 512
#define TEXT 1024
#define ROOM 2048
#define HEADER 4096
#define IOV 4352
#define LOOPBACK 0x0100007fu
#define ELSEWHERE 0x010200c0u	/* 192.0.2.1: RFC 5737, of no network here */
#define PORT_NET(port) ((uint16_t)((port) >> 8 | (port) << 8))
#define NONBLOCK SOCK_NONBLOCK

static uint64_t new_socket(int type)
{
	return (uint64_t)sys(SYS_socket, AF_INET, (uint64_t)type, 0);
}

static user_ptr_t name(uint32_t host, uint16_t port)
{
	struct abi_sockaddr_in address = { .family = AF_INET, .port = PORT_NET(port), .address = host };

	return systest_value(NAME, &address);
}
#define AT(host, port) name(host, port), sizeof(struct abi_sockaddr_in)

/* Of count bytes at TEXT. */
static uint64_t header(uint64_t count)
{
	uint64_t iov[2] = { SYSTEST_MEM + TEXT, count };
	struct abi_mmsghdr message = { { .iov = SYSTEST_MEM + IOV, .iov_count = 1 }, 0, 0 };

	systest_value(IOV, &iov);
	return systest_value(HEADER, &message);
}

static uint64_t header_to(uint32_t host, uint16_t port, uint64_t count)
{
	uint64_t iov[2] = { SYSTEST_MEM + TEXT, count };
	struct abi_mmsghdr message = { { .name = name(host, port), .name_len = sizeof(struct abi_sockaddr_in),
					 .iov = SYSTEST_MEM + IOV, .iov_count = 1 },
				       0, 0 };

	systest_value(IOV, &iov);
	return systest_value(HEADER, &message);
}

SYSTEST(inet_bind_refusals)
{
	uint64_t fd = new_socket(SOCK_STREAM), other = new_socket(SOCK_STREAM);

	CHECK_ERR(sys(SYS_bind, fd, AT(ELSEWHERE, 4201)), EADDRNOTAVAIL);
	CHECK_ERR(sys(SYS_bind, fd, AT(LOOPBACK, 0) - 9), EINVAL);
	CHECK_EQ(sys(SYS_bind, fd, AT(LOOPBACK, 4201)), 0);
	CHECK_ERR(sys(SYS_bind, fd, AT(LOOPBACK, 4202)), EINVAL);
	CHECK_ERR(sys(SYS_bind, other, AT(LOOPBACK, 4201)), EADDRINUSE);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_bind, other, AT(LOOPBACK, 80)), EACCES);
	CHECK_ERR(sys(SYS_bind, new_socket(SOCK_DGRAM), AT(LOOPBACK, 80)), EACCES);
}

SYSTEST(inet_listen_refusals)
{
	uint64_t first = new_socket(SOCK_STREAM), second = new_socket(SOCK_STREAM);
	int one = 1;

	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(sys(SYS_setsockopt, i ? first : second, SOL_SOCKET, SO_REUSEADDR, systest_value(TEXT, &one),
			     4),
			 0);
	CHECK_EQ(sys(SYS_bind, first, AT(LOOPBACK, 4203)), 0);
	CHECK_EQ(sys(SYS_bind, second, AT(LOOPBACK, 4203)), 0);
	CHECK_EQ(sys(SYS_listen, first, 4), 0);
	CHECK_ERR(sys(SYS_listen, second, 4), EADDRINUSE);
}

SYSTEST(inet_connect_refusals)
{
	uint64_t fd = new_socket(SOCK_STREAM), server = new_socket(SOCK_STREAM);
	struct abi_sockaddr_un path = { .family = AF_UNIX };

	CHECK_ERR(sys(SYS_connect, fd, systest_value(NAME, &path), sizeof(path)), EAFNOSUPPORT);
	CHECK_ERR(sys(SYS_connect, fd, AT(ELSEWHERE, 4204)), ENETUNREACH);
	CHECK_ERR(sys(SYS_connect, new_socket(SOCK_STREAM), AT(LOOPBACK, 4204)), ECONNREFUSED);
	CHECK_ERR(sys(SYS_connect, new_socket(SOCK_DGRAM), AT(ELSEWHERE, 4204)), ENETUNREACH);
	CHECK_ERR(sys(SYS_connect, new_socket(SOCK_DGRAM), AT(0xffffffff, 4204)), EACCES);
	CHECK_EQ(sys(SYS_bind, server, AT(LOOPBACK, 4204)), 0);
	CHECK_EQ(sys(SYS_listen, server, 4), 0);
	fd = new_socket(SOCK_STREAM);
	CHECK_EQ(sys(SYS_connect, fd, AT(LOOPBACK, 4204)), 0);
	CHECK_ERR(sys(SYS_connect, fd, AT(LOOPBACK, 4204)), EISCONN);
	CHECK_ERR(sys(SYS_accept, new_socket(SOCK_DGRAM), 0, 0), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_accept4, new_socket(SOCK_DGRAM), 0, 0, 0), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_socketpair, AF_INET, SOCK_STREAM, 0, FDS), EOPNOTSUPP);
}

/* A backlog that is full, of connections that are, answers nobody: who connects goes on trying. */
SYSTEST(inet_connect_takes_its_time)
{
	uint64_t server = new_socket(SOCK_STREAM), fd;

	CHECK_EQ(sys(SYS_bind, server, AT(LOOPBACK, 4205)), 0);
	CHECK_EQ(sys(SYS_listen, server, 1), 0);
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(sys(SYS_connect, new_socket(SOCK_STREAM), AT(LOOPBACK, 4205)), 0);
	for (unsigned i = 0; i < 6; i++) {
		fd = new_socket(SOCK_STREAM | NONBLOCK);
		CHECK_ERR(sys(SYS_connect, fd, AT(LOOPBACK, 4205)), EINPROGRESS);
	}
	CHECK_ERR(sys(SYS_connect, fd, AT(LOOPBACK, 4205)), EALREADY);
}

/* Also a connection that was there at once is in progress at first, and told of once. */
SYSTEST(inet_connect_without_waiting)
{
	uint64_t server = new_socket(SOCK_STREAM), fd = new_socket(SOCK_STREAM | NONBLOCK);

	CHECK_EQ(sys(SYS_bind, server, AT(LOOPBACK, 4206)), 0);
	CHECK_EQ(sys(SYS_listen, server, 4), 0);
	CHECK_ERR(sys(SYS_connect, fd, AT(LOOPBACK, 4206)), EINPROGRESS);
	CHECK_EQ(sys(SYS_connect, fd, AT(LOOPBACK, 4206)), 0);
	CHECK_ERR(sys(SYS_connect, fd, AT(LOOPBACK, 4206)), EISCONN);
}

SYSTEST(inet_sends_are_refused)
{
	uint64_t udp = new_socket(SOCK_DGRAM), tcp = new_socket(SOCK_STREAM), broadcast = 0xffffffff;

	CHECK_ERR(sys(SYS_sendto, udp, SYSTEST_MEM, 1, 0, 0, 0), EDESTADDRREQ);
	CHECK_ERR(sys(SYS_sendmsg, udp, header(1), 0), EDESTADDRREQ);
	CHECK_ERR(sys(SYS_sendmmsg, udp, header(1), 1, 0), EDESTADDRREQ);
	CHECK_ERR(sys(SYS_sendto, udp, SYSTEST_MEM, 1, 0, AT(broadcast, 9)), EACCES);
	CHECK_ERR(sys(SYS_sendmsg, udp, header_to(broadcast, 9, 1), 0), EACCES);
	CHECK_ERR(sys(SYS_sendmmsg, udp, header_to(broadcast, 9, 1), 1, 0), EACCES);
	CHECK_ERR(sys(SYS_sendmmsg, udp, header_to(LOOPBACK, 9, 65530), 1, 0), EMSGSIZE);
	CHECK_ERR(sys(SYS_sendto, udp, SYSTEST_MEM, 1, 0, AT(ELSEWHERE, 9)), ENETUNREACH);
	CHECK_ERR(sys(SYS_sendmsg, udp, header_to(ELSEWHERE, 9, 1), 0), ENETUNREACH);
	CHECK_ERR(sys(SYS_sendmmsg, udp, header_to(ELSEWHERE, 9, 1), 1, 0), ENETUNREACH);
	CHECK_ERR(sys(SYS_sendmsg, tcp, header(1), MSG_NOSIGNAL), EPIPE);
	CHECK_ERR(sys(SYS_sendto, udp, SYSTEST_MEM, 1, 0, AT(LOOPBACK, 0)), EINVAL);
}

/* What ICMP says of the last one. */
SYSTEST(inet_datagrams_are_refused)
{
	uint64_t fd = new_socket(SOCK_DGRAM);

	CHECK_EQ(sys(SYS_connect, fd, AT(LOOPBACK, 4206)), 0);
	for (unsigned i = 0; i < 6; i++) {
		long result;

		CHECK_EQ(sys(SYS_sendto, fd, SYSTEST_MEM, 1, 0, 0, 0), 1);
		switch (i) {
		case 0: result = sys(SYS_recvfrom, fd, SYSTEST_MEM + ROOM, 9, 0, 0, 0); break;
		case 1: result = sys(SYS_recvmsg, fd, header(1), 0); break;
		case 2: result = sys(SYS_recvmmsg, fd, header(1), 1, 0, 0); break;
		case 3: result = sys(SYS_sendto, fd, SYSTEST_MEM, 1, 0, 0, 0); break;
		case 4: result = sys(SYS_sendmsg, fd, header(1), 0); break;
		default: result = sys(SYS_sendmmsg, fd, header(1), 1, 0); break;
		}
		CHECK_EQ(result, -ECONNREFUSED);
	}
}

/* A connection that the other side has given up. */
SYSTEST(inet_connections_are_reset)
{
	uint64_t server = new_socket(SOCK_STREAM);
	struct abi_linger linger = { 1, 0 };

	CHECK_EQ(sys(SYS_bind, server, AT(LOOPBACK, 4207)), 0);
	CHECK_EQ(sys(SYS_listen, server, 8), 0);
	for (unsigned i = 0; i < 6; i++) {
		uint64_t fd = new_socket(SOCK_STREAM), accepted;
		long result;

		CHECK_EQ(sys(SYS_connect, fd, AT(LOOPBACK, 4207)), 0);
		accepted = (uint64_t)sys(SYS_accept, server, 0, 0);
		CHECK_EQ(sys(SYS_setsockopt, accepted, SOL_SOCKET, SO_LINGER, systest_value(TEXT, &linger), 8), 0);
		CHECK_EQ(sys(SYS_close, accepted), 0);
		switch (i) {
		case 0: result = sys(SYS_recvfrom, fd, SYSTEST_MEM + ROOM, 9, 0, 0, 0); break;
		case 1: result = sys(SYS_recvmsg, fd, header(1), 0); break;
		case 2: result = sys(SYS_recvmmsg, fd, header(1), 1, 0, 0); break;
		case 3: result = sys(SYS_sendto, fd, SYSTEST_MEM, 1, 0, 0, 0); break;
		case 4: result = sys(SYS_sendmsg, fd, header(1), 0); break;
		default: result = sys(SYS_sendmmsg, fd, header(1), 1, 0); break;
		}
		CHECK_EQ(result, -ECONNRESET);
		CHECK_EQ(sys(SYS_close, fd), 0);
	}
}

SYSTEST(inet_without_memory)
{
	uint64_t udp = new_socket(SOCK_DGRAM), to = name(LOOPBACK, 9), message;
	long results[4];

	message = header_to(LOOPBACK, 9, 3000);
	systest_starve();
	results[0] = sys(SYS_sendto, udp, SYSTEST_MEM, 3000, 0, to, sizeof(struct abi_sockaddr_in));
	results[1] = sys(SYS_sendmsg, udp, message, 0);
	results[2] = sys(SYS_sendmmsg, udp, message, 1, 0);
	results[3] = sys(SYS_socket, AF_INET, SOCK_STREAM, 0);
	systest_feed();
	CHECK_EQ(results[0], -ENOBUFS);
	CHECK_EQ(results[1], -ENOBUFS);
	CHECK_EQ(results[2], -ENOBUFS);
	CHECK_EQ(results[3], -ENOMEM);
}
