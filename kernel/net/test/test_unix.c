/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets of AF_UNIX: pairs, names, connections, messages, files that travel.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/socket.h>
#include <kernel/file.h>
#include <kernel/systest.h>

#define FDS SYSTEST_MEM
#define NAME 256	/* offsets in SYSTEST_MEM */
#define TEXT 1024
#define ROOM 2048
#define HEADER 4096
#define IOV 4352
#define CONTROL 4608

static int fds[2];

static void pair(int type)
{
	CHECK_EQ(sys(SYS_socketpair, AF_UNIX, (uint64_t)type, 0, FDS), 0);
	systest_read(FDS, &fds);
}

/* An address at NAME. @return its length */
static uint64_t name(const char *text)
{
	struct abi_sockaddr_un address = { .family = AF_UNIX };

	memcpy(address.path, text, strlen(text) + 1);
	systest_value(NAME, &address);
	return offsetof(struct abi_sockaddr_un, path) + strlen(text) + 1;
}

SYSTEST(unix_pair_carries_bytes)
{
	pair(SOCK_STREAM);
	CHECK_EQ(sys(SYS_write, (uint64_t)fds[0], systest_string(TEXT, "hello "), 6), 6);
	CHECK_EQ(sys(SYS_write, (uint64_t)fds[0], systest_string(TEXT, "world"), 5), 5);
	CHECK_EQ(sys(SYS_read, (uint64_t)fds[1], SYSTEST_MEM + ROOM, 100), 11);
	CHECK_MEM(SYSTEST_MEM + ROOM, "hello world", 11);
	CHECK_EQ(sys(SYS_recvfrom, (uint64_t)fds[1], SYSTEST_MEM + ROOM, 100, MSG_DONTWAIT, 0, 0), -EAGAIN);
	CHECK_EQ(sys(SYS_write, (uint64_t)fds[1], SYSTEST_MEM + ROOM, 11), 11);
	CHECK_EQ(sys(SYS_recvfrom, (uint64_t)fds[0], SYSTEST_MEM + ROOM, 5, MSG_PEEK, 0, 0), 5);
	CHECK_EQ(sys(SYS_recvfrom, (uint64_t)fds[0], SYSTEST_MEM + ROOM, 100, 0, 0, 0), 11);
}

SYSTEST(unix_packets_keep_their_ends)
{
	for (int type = SOCK_DGRAM; type <= SOCK_SEQPACKET; type += SOCK_SEQPACKET - SOCK_DGRAM) {
		pair(type);
		CHECK_EQ(sys(SYS_write, (uint64_t)fds[0], systest_string(TEXT, "one"), 3), 3);
		CHECK_EQ(sys(SYS_write, (uint64_t)fds[0], systest_string(TEXT, "second"), 6), 6);
		CHECK_EQ(sys(SYS_read, (uint64_t)fds[1], SYSTEST_MEM + ROOM, 100), 3);
		CHECK_EQ(sys(SYS_recvfrom, (uint64_t)fds[1], SYSTEST_MEM + ROOM, 2, MSG_TRUNC, 0, 0), 6);
		CHECK_EQ(sys(SYS_recvfrom, (uint64_t)fds[1], SYSTEST_MEM + ROOM, 2, MSG_DONTWAIT, 0, 0), -EAGAIN);
	}
}

SYSTEST(unix_end_is_seen)
{
	pair(SOCK_STREAM);
	CHECK_EQ(sys(SYS_write, (uint64_t)fds[0], systest_string(TEXT, "x"), 1), 1);
	CHECK_EQ(sys(SYS_close, (uint64_t)fds[0]), 0);
	CHECK_EQ(systest_events(fds[1]), POLLIN | POLLHUP | POLLOUT);
	CHECK_EQ(sys(SYS_read, (uint64_t)fds[1], SYSTEST_MEM + ROOM, 100), 1);
	CHECK_EQ(sys(SYS_read, (uint64_t)fds[1], SYSTEST_MEM + ROOM, 100), 0);
	CHECK_ERR(sys(SYS_sendto, (uint64_t)fds[1], SYSTEST_MEM + TEXT, 1, MSG_NOSIGNAL, 0, 0), EPIPE);
}

SYSTEST(unix_shutdown_ends_one_way)
{
	pair(SOCK_STREAM);
	CHECK_EQ(sys(SYS_shutdown, (uint64_t)fds[0], SHUT_WR), 0);
	CHECK_EQ(sys(SYS_read, (uint64_t)fds[1], SYSTEST_MEM + ROOM, 100), 0);
	CHECK_ERR(sys(SYS_sendto, (uint64_t)fds[0], SYSTEST_MEM + TEXT, 1, MSG_NOSIGNAL, 0, 0), EPIPE);
	CHECK_EQ(sys(SYS_write, (uint64_t)fds[1], systest_string(TEXT, "back"), 4), 4);
	CHECK_EQ(sys(SYS_read, (uint64_t)fds[0], SYSTEST_MEM + ROOM, 100), 4);
}

static void serve(const char *path, uint64_t len, int type)
{
	long server = sys(SYS_socket, AF_UNIX, (uint64_t)type, 0), client, accepted;

	CHECK(server >= 0);
	CHECK_EQ(sys(SYS_bind, (uint64_t)server, SYSTEST_MEM + NAME, len), 0);
	CHECK_EQ(sys(SYS_listen, (uint64_t)server, 4), 0);
	CHECK_ERR(sys(SYS_accept4, (uint64_t)server, 0, 0, 0x10), EINVAL);
	client = sys(SYS_socket, AF_UNIX, (uint64_t)type, 0);
	CHECK_EQ(systest_events((int)server), 0);
	CHECK_EQ(sys(SYS_connect, (uint64_t)client, SYSTEST_MEM + NAME, len), 0);
	CHECK_EQ(systest_events((int)server), POLLIN);
	CHECK_ERR(sys(SYS_connect, (uint64_t)client, SYSTEST_MEM + NAME, len), EISCONN);
	accepted = sys(SYS_accept, (uint64_t)server, 0, 0);
	CHECK(accepted >= 0);
	CHECK_EQ(sys(SYS_write, (uint64_t)client, systest_string(TEXT, "ping"), 4), 4);
	CHECK_EQ(sys(SYS_read, (uint64_t)accepted, SYSTEST_MEM + ROOM, 100), 4);
	CHECK_EQ(sys(SYS_close, (uint64_t)server), 0);
	CHECK_EQ(sys(SYS_write, (uint64_t)accepted, systest_string(TEXT, "pong"), 4), 4);
	CHECK_EQ(sys(SYS_read, (uint64_t)client, SYSTEST_MEM + ROOM, 100), 4);
	if (*path)
		CHECK_EQ(sys(SYS_unlink, systest_string(TEXT, path)), 0);
}

SYSTEST(unix_server_at_a_path)
{
	serve("/tmp/s", name("/tmp/s"), SOCK_STREAM);
	serve("/tmp/s", name("/tmp/s"), SOCK_SEQPACKET);
}

SYSTEST(unix_server_of_an_abstract_name)
{
	struct abi_sockaddr_un address = { .family = AF_UNIX, .path = "\0name" };

	systest_value(NAME, &address);
	serve("", offsetof(struct abi_sockaddr_un, path) + 5, SOCK_STREAM);
}

SYSTEST(unix_connect_is_refused)
{
	uint64_t len = name("/tmp/none");
	long fd = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);

	CHECK_ERR(sys(SYS_connect, (uint64_t)fd, SYSTEST_MEM + NAME, len), ENOENT);
	CHECK_EQ(sys(SYS_mknod, systest_string(TEXT, "/tmp/none"), 0140666, 0), 0);
	CHECK_ERR(sys(SYS_connect, (uint64_t)fd, SYSTEST_MEM + NAME, len), ECONNREFUSED);
	CHECK_ERR(sys(SYS_bind, (uint64_t)fd, SYSTEST_MEM + NAME, len), EADDRINUSE);
	CHECK_EQ(sys(SYS_unlink, systest_string(TEXT, "/tmp/none")), 0);
}

SYSTEST(unix_files_travel)
{
	struct {
		struct abi_cmsghdr header;
		int fd, pad;
	} control = { { sizeof(struct abi_cmsghdr) + sizeof(int), SOL_SOCKET, SCM_RIGHTS }, 0, 0 };
	struct abi_msghdr header = { .iov = SYSTEST_MEM + IOV, .iov_count = 1, .control = SYSTEST_MEM + CONTROL,
				     .control_len = sizeof(control) };
	uint64_t iov[2] = { SYSTEST_MEM + TEXT, 1 };
	int pipe[2];

	CHECK_EQ(sys(SYS_pipe, FDS), 0);
	systest_read(FDS, &pipe);
	pair(SOCK_STREAM);
	control.fd = pipe[0];
	systest_string(TEXT, "f");
	systest_value(CONTROL, &control);
	systest_value(IOV, &iov);
	systest_value(HEADER, &header);
	CHECK_EQ(sys(SYS_sendmsg, (uint64_t)fds[0], SYSTEST_MEM + HEADER, 0), 1);
	CHECK_EQ(sys(SYS_close, (uint64_t)pipe[0]), 0);
	CHECK_EQ(sys(SYS_recvmsg, (uint64_t)fds[1], SYSTEST_MEM + HEADER, 0), 1);
	systest_read(SYSTEST_MEM + CONTROL, &control);
	CHECK_EQ(control.header.len, sizeof(struct abi_cmsghdr) + sizeof(int));
	CHECK_EQ(control.header.type, SCM_RIGHTS);
	CHECK_EQ(sys(SYS_write, (uint64_t)pipe[1], systest_string(TEXT, "through"), 7), 7);
	CHECK_EQ(sys(SYS_read, (uint64_t)control.fd, SYSTEST_MEM + ROOM, 100), 7);
	CHECK_MEM(SYSTEST_MEM + ROOM, "through", 7);
}

SYSTEST(unix_peer_is_known)
{
	struct abi_ucred cred = { 0 };
	unsigned size = sizeof(cred);

	pair(SOCK_STREAM);
	systest_value(ROOM, &size);
	CHECK_EQ(sys(SYS_getsockopt, (uint64_t)fds[0], SOL_SOCKET, SO_PEERCRED, SYSTEST_MEM + TEXT, SYSTEST_MEM + ROOM),
		 0);
	systest_read(SYSTEST_MEM + TEXT, &cred);
	CHECK_EQ(cred.pid, sys(SYS_getpid));
}

SYSTEST(unix_queue_has_a_limit)
{
	long n, total = 0;

	pair(SOCK_STREAM);
	while ((n = sys(SYS_sendto, (uint64_t)fds[0], SYSTEST_MEM, SYSTEST_MEM_SIZE, MSG_DONTWAIT, 0, 0)) > 0)
		total += n;
	CHECK_EQ(n, -EAGAIN);
	CHECK(total >= 65536 && total <= 1 << 20);
	CHECK_EQ(systest_events(fds[0]), 0);
	while (total > 0 && (n = sys(SYS_read, (uint64_t)fds[1], SYSTEST_MEM, SYSTEST_MEM_SIZE)) > 0)
		total -= n;
	CHECK_EQ(total, 0);
	CHECK_EQ(systest_events(fds[0]), POLLOUT);
}
