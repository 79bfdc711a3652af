/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets of AF_INET and AF_INET6 over loop-back.
 */
#include "../stack.h"

#include <kernel/abi/socket.h>
#include <kernel/clock.h>
#include <kernel/file.h>
#include <kernel/systest.h>

#define NAME 256	/* offsets in SYSTEST_MEM */
#define LEN 512
#define TEXT 1024
#define ROOM 2048
#define LOOPBACK 0x0100007fu
#define PORT_NET(port) ((uint16_t)((port) >> 8 | (port) << 8))

static long tcp(void)
{
	return sys(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

/* 127.0.0.1 at NAME. */
static void name(uint16_t port)
{
	struct abi_sockaddr_in address = { .family = AF_INET, .port = PORT_NET(port), .address = LOOPBACK };

	systest_value(NAME, &address);
}

#define AT_NAME SYSTEST_MEM + NAME, sizeof(struct abi_sockaddr_in)

static void connect_pair(uint16_t port, long *client, long *accepted)
{
	long server = tcp();

	name(port);
	CHECK_EQ(sys(SYS_bind, (uint64_t)server, AT_NAME), 0);
	CHECK_EQ(sys(SYS_listen, (uint64_t)server, 4), 0);
	*client = tcp();
	CHECK_EQ(sys(SYS_connect, (uint64_t)*client, AT_NAME), 0);
	*accepted = sys(SYS_accept, (uint64_t)server, 0, 0);
	CHECK(*accepted >= 0);
	CHECK_EQ(sys(SYS_close, (uint64_t)server), 0);
}

SYSTEST(tcp_carries_bytes)
{
	long client, accepted;

	connect_pair(4001, &client, &accepted);
	CHECK_EQ(systest_events((int)client), POLLOUT);
	CHECK_EQ(sys(SYS_write, (uint64_t)client, systest_string(TEXT, "hello"), 5), 5);
	CHECK_EQ(sys(SYS_read, (uint64_t)accepted, SYSTEST_MEM + ROOM, 100), 5);
	CHECK_MEM(SYSTEST_MEM + ROOM, "hello", 5);
	CHECK_EQ(sys(SYS_close, (uint64_t)client), 0);
	CHECK_EQ(sys(SYS_read, (uint64_t)accepted, SYSTEST_MEM + ROOM, 100), 0);
}

/* At no moment of a second: what runs each second would be due as soon at some. */
SYSTEST(tcp_has_its_timer)
{
	long client, accepted;

	connect_pair(4030, &client, &accepted);
	for (unsigned i = 0; i < 10; i++) {
		uint64_t wait_ns;

		net_lock();
		wait_ns = net_timers_due_ns() - clock_ns();
		net_unlock();
		CHECK((int64_t)wait_ns <= (int64_t)(250 * NSEC_PER_MSEC));
		CHECK_EQ(clock_sleep_until(clock_ns() + 100 * NSEC_PER_MSEC), 0);
	}
}

SYSTEST(tcp_carries_much)
{
	long client, accepted, sent = 0, n;

	connect_pair(4002, &client, &accepted);
	for (unsigned round = 0; round < 64; round++) {
		while ((n = sys(SYS_sendto, (uint64_t)client, SYSTEST_MEM, 60000, MSG_DONTWAIT, 0, 0)) > 0)
			sent += n;
		CHECK_EQ(n, -EAGAIN);
		while ((n = sys(SYS_recvfrom, (uint64_t)accepted, SYSTEST_MEM, 60000, MSG_DONTWAIT, 0, 0)) > 0)
			sent -= n;
		CHECK_EQ(n, -EAGAIN);
	}
	CHECK(sent >= 0 && sent < 1 << 20);
}

SYSTEST(tcp_connection_is_refused)
{
	name(4003);
	CHECK_ERR(sys(SYS_connect, (uint64_t)tcp(), AT_NAME), ECONNREFUSED);
}

SYSTEST(tcp_unread_data_resets)
{
	long client, accepted;

	connect_pair(4004, &client, &accepted);
	CHECK_EQ(sys(SYS_write, (uint64_t)client, systest_string(TEXT, "hello"), 5), 5);
	CHECK_EQ(sys(SYS_close, (uint64_t)accepted), 0);
	CHECK_ERR(sys(SYS_read, (uint64_t)client, SYSTEST_MEM + ROOM, 100), ECONNRESET);
}

SYSTEST(tcp_names)
{
	struct abi_sockaddr_in address;
	long client, accepted;
	int len = sizeof(address);

	connect_pair(4005, &client, &accepted);
	systest_value(LEN, &len);
	CHECK_EQ(sys(SYS_getpeername, (uint64_t)client, SYSTEST_MEM + ROOM, SYSTEST_MEM + LEN), 0);
	systest_read(SYSTEST_MEM + ROOM, &address);
	CHECK_EQ(address.family, AF_INET);
	CHECK_EQ(address.port, PORT_NET(4005));
	CHECK_EQ(address.address, LOOPBACK);
	CHECK_ERR(sys(SYS_getpeername, (uint64_t)tcp(), SYSTEST_MEM + ROOM, SYSTEST_MEM + LEN), ENOTCONN);
}

SYSTEST(tcp_port_is_one_listeners)
{
	long first = tcp(), second = tcp();

	name(4006);
	CHECK_EQ(sys(SYS_bind, (uint64_t)first, AT_NAME), 0);
	CHECK_ERR(sys(SYS_bind, (uint64_t)second, AT_NAME), EADDRINUSE);
}

SYSTEST(udp_carries_datagrams)
{
	long a = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0), b = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);

	name(4007);
	CHECK_EQ(sys(SYS_bind, (uint64_t)a, AT_NAME), 0);
	CHECK_EQ(sys(SYS_sendto, (uint64_t)b, systest_string(TEXT, "one"), 3, 0, AT_NAME), 3);
	CHECK_EQ(sys(SYS_sendto, (uint64_t)b, systest_string(TEXT, "second"), 6, 0, AT_NAME), 6);
	CHECK_EQ(systest_events((int)a), POLLIN | POLLOUT);
	CHECK_EQ(sys(SYS_read, (uint64_t)a, SYSTEST_MEM + ROOM, 100), 3);
	CHECK_EQ(sys(SYS_recvfrom, (uint64_t)a, SYSTEST_MEM + ROOM, 2, MSG_TRUNC, 0, 0), 6);
	CHECK_ERR(sys(SYS_recvfrom, (uint64_t)a, SYSTEST_MEM + ROOM, 2, MSG_DONTWAIT, 0, 0), EAGAIN);
	CHECK_ERR(sys(SYS_write, (uint64_t)b, SYSTEST_MEM + TEXT, 1), EDESTADDRREQ);
}

SYSTEST(tcp6_carries_bytes)
{
	struct abi_sockaddr_in6 address = { .family = AF_INET6, .port = PORT_NET(4008), .address = { [15] = 1 } };
	long server = sys(SYS_socket, AF_INET6, SOCK_STREAM, 0), client = sys(SYS_socket, AF_INET6, SOCK_STREAM, 0);
	long accepted;

	systest_value(NAME, &address);
	CHECK_EQ(sys(SYS_bind, (uint64_t)server, SYSTEST_MEM + NAME, sizeof(address)), 0);
	CHECK_EQ(sys(SYS_listen, (uint64_t)server, 4), 0);
	CHECK_EQ(sys(SYS_connect, (uint64_t)client, SYSTEST_MEM + NAME, sizeof(address)), 0);
	accepted = sys(SYS_accept, (uint64_t)server, 0, 0);
	CHECK_EQ(sys(SYS_write, (uint64_t)client, systest_string(TEXT, "hello"), 5), 5);
	CHECK_EQ(sys(SYS_read, (uint64_t)accepted, SYSTEST_MEM + ROOM, 100), 5);
}

/* The file of /proc/net holds that text. */
static bool proc_says(const char *path, const char *what)
{
	static char text[4096];
	long fd = sys(SYS_open, systest_string(TEXT, path), 0, 0),
	     n = sys(SYS_read, (uint64_t)fd, SYSTEST_MEM + ROOM, 4095);

	sys(SYS_close, (uint64_t)fd);
	if (n <= 0)
		return false;
	systest_get(SYSTEST_MEM + ROOM, text, (size_t)n);
	text[n] = '\0';
	for (const char *at = text; *at; at++)
		if (!memcmp(at, what, min(strlen(what), strlen(at) + 1)))
			return true;
	return false;
}

SYSTEST(proc_net_tells_of_sockets)
{
	long client, accepted, udp = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);

	connect_pair(0x1111, &client, &accepted);
	name(0x2222);
	CHECK_EQ(sys(SYS_bind, (uint64_t)udp, AT_NAME), 0);
	CHECK(proc_says("/proc/net/tcp", ": 0100007F:1111 0100007F:"));
	CHECK(proc_says("/proc/net/udp", ": 0100007F:2222 00000000:0000 07 "));
	CHECK(proc_says("/proc/net/sockstat", "sockets: used 3\n"));
	CHECK(!proc_says("/proc/net/tcp6", "0100007F:1111"));
	CHECK(proc_says("/proc/net/dev", "    lo:"));
	CHECK(proc_says("/proc/net/snmp", "\nTcp: 1 "));
}
