/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Raw, ping and packet sockets over loop-back; what is told with datagrams; what ioctl says of interfaces.
 */
#include <kernel/abi/net_device.h>
#include <kernel/abi/netlink.h>
#include <kernel/file.h>
#include <kernel/systest.h>

#define NAME 256	/* offsets in SYSTEST_MEM */
#define LEN 512
#define TEXT 1024
#define HEADER 1536
#define VECTOR 1664
#define CONTROL 1792
#define ROOM 2048
#define LOOPBACK 0x0100007fu
#define PORT_NET(port) ((uint16_t)((port) >> 8 | (port) << 8))
#define ECHO_REQUEST 8
#define ECHO_REPLY 0

static uint64_t new_socket(int family, int type, int protocol)
{
	return (uint64_t)sys(SYS_socket, (uint64_t)family, (uint64_t)type, (uint64_t)protocol);
}

/* 127.0.0.1 at NAME. */
static user_ptr_t name(uint16_t port)
{
	struct abi_sockaddr_in address = { .family = AF_INET, .port = PORT_NET(port), .address = LOOPBACK };

	return systest_value(NAME, &address);
}
#define NAME_SIZE sizeof(struct abi_sockaddr_in)

static void set_option(uint64_t fd, int level, int option, int value)
{
	CHECK_EQ(sys(SYS_setsockopt, fd, (uint64_t)level, (uint64_t)option, systest_value(LEN, &value), sizeof(value)),
		 0);
}

static int get_option(uint64_t fd, int level, int option)
{
	int value = 0, len = sizeof(value);

	systest_value(LEN + 8, &len);
	if (sys(SYS_getsockopt, fd, (uint64_t)level, (uint64_t)option, SYSTEST_MEM + LEN, SYSTEST_MEM + LEN + 8))
		return -1;
	systest_read(SYSTEST_MEM + LEN, &value);
	return value;
}

/* What recvmsg() tells: bytes at ROOM; the control message of that kind in `data`. */
static long receive(uint64_t fd, int level, int type, void *data, size_t size)
{
	uint64_t vector[2] = { SYSTEST_MEM + ROOM, 512 };
	struct abi_msghdr header = { .iov = SYSTEST_MEM + VECTOR, .iov_count = 1, .control = SYSTEST_MEM + CONTROL,
				     .control_len = 256 };
	size_t at = 0;
	long n;

	systest_value(VECTOR, &vector);
	n = sys(SYS_recvmsg, fd, systest_value(HEADER, &header), MSG_DONTWAIT);
	systest_read(SYSTEST_MEM + HEADER, &header);
	memset(data, 0, size);
	while (n >= 0 && header.control_len - at >= sizeof(struct abi_cmsghdr)) {
		struct abi_cmsghdr control;

		systest_read(SYSTEST_MEM + CONTROL + at, &control);
		if (control.len < sizeof(control) || control.len > header.control_len - at)
			return -1;
		if (control.level == level && control.type == type)
			systest_get(SYSTEST_MEM + CONTROL + at + sizeof(control), data, size);
		at += align_up(control.len, 8);
	}
	return n;
}

SYSTEST(udp_tells_of_datagrams)
{
	uint64_t server = new_socket(AF_INET, SOCK_DGRAM, 0), client = new_socket(AF_INET, SOCK_DGRAM, 0);
	struct abi_in_pktinfo info;
	int64_t time[2];
	int ttl;

	CHECK_EQ(sys(SYS_bind, server, name(4101), NAME_SIZE), 0);
	set_option(server, SOL_IP, IP_PKTINFO, 1);
	set_option(server, SOL_IP, IP_RECVTTL, 1);
	set_option(server, SOL_SOCKET, SO_TIMESTAMP, 1);
	set_option(client, SOL_IP, IP_TTL_OPTION, 7);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(sys(SYS_sendto, client, systest_string(TEXT, "abc"), 3, 0, name(4101), NAME_SIZE), 3);
	CHECK_EQ(receive(server, SOL_IP, IP_PKTINFO, &info, sizeof(info)), 3);
	CHECK_EQ(info.index, 1);
	CHECK_EQ(info.address, LOOPBACK);
	CHECK_EQ(receive(server, SOL_IP, IP_TTL_OPTION, &ttl, sizeof(ttl)), 3);
	CHECK_EQ(ttl, 7);
	CHECK_EQ(receive(server, SOL_SOCKET, SO_TIMESTAMP, time, sizeof(time)), 3);
	CHECK(time[0] > 0 || IS_ENABLED(CONFIG_FUZZ));
	CHECK_ERR(receive(server, SOL_SOCKET, SO_TIMESTAMP, time, sizeof(time)), EAGAIN);
}

/* A control message that says how a datagram is to be sent. */
static long send_with(uint64_t fd, int level, int type, const void *data, size_t size)
{
	uint64_t vector[2] = { systest_string(TEXT, "abc"), 3 };
	struct abi_cmsghdr control = { .len = sizeof(control) + size, .level = level, .type = type };
	struct abi_msghdr header = { .name = name(4102), .name_len = NAME_SIZE, .iov = SYSTEST_MEM + VECTOR,
				     .iov_count = 1, .control = SYSTEST_MEM + CONTROL, .control_len = control.len };

	systest_value(VECTOR, &vector);
	systest_value(CONTROL, &control);
	systest_put(CONTROL + sizeof(control), data, size);
	return sys(SYS_sendmsg, fd, systest_value(HEADER, &header), 0);
}

SYSTEST(udp_is_told_how_to_send)
{
	uint64_t server = new_socket(AF_INET, SOCK_DGRAM, 0), client = new_socket(AF_INET, SOCK_DGRAM, 0);
	struct abi_in_pktinfo info = { .local = LOOPBACK }, elsewhere = { .local = 0x01020304 };
	struct abi_in_pktinfo nowhere = { .index = 99 };
	int ttl = 9, wrong = 256;

	CHECK_EQ(sys(SYS_bind, server, name(4102), NAME_SIZE), 0);
	set_option(server, SOL_IP, IP_RECVTTL, 1);
	CHECK_EQ(send_with(client, SOL_IP, IP_TTL_OPTION, &ttl, sizeof(ttl)), 3);
	ttl = 0;
	CHECK_EQ(receive(server, SOL_IP, IP_TTL_OPTION, &ttl, sizeof(ttl)), 3);
	CHECK_EQ(ttl, 9);
	CHECK_EQ(get_option(client, SOL_IP, IP_TTL_OPTION), get_option(server, SOL_IP, IP_TTL_OPTION));
	CHECK_EQ(send_with(client, SOL_IP, IP_PKTINFO, &info, sizeof(info)), 3);
	CHECK_ERR(send_with(client, SOL_IP, IP_PKTINFO, &elsewhere, sizeof(elsewhere)), EINVAL);
	CHECK_ERR(send_with(client, SOL_IP, IP_PKTINFO, &nowhere, sizeof(nowhere)), ENODEV);
	CHECK_ERR(send_with(client, SOL_IP, IP_PKTINFO, &info, 4), EINVAL);
	CHECK_ERR(send_with(client, SOL_IP, IP_TTL_OPTION, &wrong, sizeof(wrong)), EINVAL);
	CHECK_ERR(send_with(client, SOL_IP, 77, &ttl, sizeof(ttl)), EINVAL);
}

SYSTEST(udp_is_refused)
{
	uint64_t fd = new_socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_EQ(sys(SYS_connect, fd, name(4103), NAME_SIZE), 0);
	CHECK_EQ(sys(SYS_write, fd, systest_string(TEXT, "abc"), 3), 3);
	CHECK_ERR(sys(SYS_recvfrom, fd, SYSTEST_MEM + ROOM, 100, MSG_DONTWAIT, 0, 0), ECONNREFUSED);
	CHECK_ERR(sys(SYS_recvfrom, fd, SYSTEST_MEM + ROOM, 100, MSG_DONTWAIT, 0, 0), EAGAIN);
}

SYSTEST(udp_groups)
{
	uint64_t fd = new_socket(AF_INET, SOCK_DGRAM, 0);
	struct abi_ip_mreqn group = { .group = 0x010000e0, .index = 1 }, other = { .group = LOOPBACK, .index = 1 };
	struct abi_ip_mreqn nowhere = { .group = 0x010000e0, .index = 99 };

#define MEMBERSHIP(what, value_ptr)                                                                                    \
	sys(SYS_setsockopt, fd, SOL_IP, what, systest_value(TEXT, value_ptr), sizeof(*(value_ptr)))
	CHECK_EQ(MEMBERSHIP(IP_ADD_MEMBERSHIP, &group), 0);
	CHECK_ERR(MEMBERSHIP(IP_ADD_MEMBERSHIP, &group), EADDRINUSE);
	CHECK_ERR(MEMBERSHIP(IP_ADD_MEMBERSHIP, &other), EINVAL);
	CHECK_ERR(MEMBERSHIP(IP_ADD_MEMBERSHIP, &nowhere), ENODEV);
	CHECK_EQ(MEMBERSHIP(IP_DROP_MEMBERSHIP, &group), 0);
	CHECK_ERR(MEMBERSHIP(IP_DROP_MEMBERSHIP, &group), EADDRNOTAVAIL);
#undef MEMBERSHIP
	CHECK_EQ(get_option(fd, SOL_IP, IP_MULTICAST_TTL), 1);
	CHECK_EQ(get_option(fd, SOL_IP, IP_MULTICAST_LOOP), 1);
	set_option(fd, SOL_IP, IP_MULTICAST_LOOP, 0);
	CHECK_EQ(get_option(fd, SOL_IP, IP_MULTICAST_LOOP), 0);
}

static uint16_t sum(const uint8_t *bytes, size_t len)
{
	uint32_t total = 0;

	for (size_t i = 0; i < len; i++)
		total += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)~total;
}

static const uint8_t *echo_request(uint8_t request[12])
{
	static const uint8_t bytes[12] = { ECHO_REQUEST, 0, 0, 0, 0x12, 0x34, 0, 1, 'p', 'i', 'n', 'g' };
	uint16_t check = sum(bytes, sizeof(bytes));

	memcpy(request, bytes, sizeof(bytes));
	request[2] = (uint8_t)(check >> 8);
	request[3] = (uint8_t)check;
	return request;
}

SYSTEST(raw_socket_sees_echoes)
{
	uint64_t fd = new_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	uint32_t filter = 1u << ECHO_REQUEST;
	uint8_t bytes[32];

	CHECK_EQ(sys(SYS_setsockopt, fd, 255, 1, systest_value(TEXT, &filter), sizeof(filter)), 0);
	systest_put(TEXT, echo_request(bytes), 12);
	CHECK_ERR(sys(SYS_sendto, fd, SYSTEST_MEM + TEXT, 12, 0, 0, 0), EDESTADDRREQ);
	CHECK_EQ(sys(SYS_sendto, fd, SYSTEST_MEM + TEXT, 12, 0, name(0), NAME_SIZE), 12);
	/* The request itself is filtered out; the answer comes with its IP header. */
	CHECK_EQ(sys(SYS_recvfrom, fd, SYSTEST_MEM + ROOM, 100, MSG_DONTWAIT, 0, 0), 32);
	systest_get(SYSTEST_MEM + ROOM, bytes, sizeof(bytes));
	CHECK_EQ(bytes[0], 0x45);
	CHECK_EQ(bytes[9], IPPROTO_ICMP);
	CHECK_EQ(bytes[20], ECHO_REPLY);
	CHECK_MEM(SYSTEST_MEM + ROOM + 28, "ping", 4);
	CHECK_ERR(sys(SYS_recvfrom, fd, SYSTEST_MEM + ROOM, 100, MSG_DONTWAIT, 0, 0), EAGAIN);
	CHECK_ERR(sys(SYS_socket, AF_INET, SOCK_RAW, 0), EPROTONOSUPPORT);
}

SYSTEST(raw_socket_brings_its_header)
{
	uint64_t fd = new_socket(AF_INET, SOCK_RAW, IPPROTO_RAW), reader = new_socket(AF_INET, SOCK_RAW, 200);
	uint8_t packet[24] = { 0x45, [8] = 64, 200, [16] = 127, 0, 0, 1, 'a', 'b', 'c', 'd' };

	CHECK_EQ(get_option(fd, SOL_IP, IP_HDRINCL_OPTION), 1);
	systest_value(TEXT, &packet);
	CHECK_EQ(sys(SYS_sendto, fd, SYSTEST_MEM + TEXT, sizeof(packet), 0, name(0), NAME_SIZE), sizeof(packet));
	CHECK_EQ(sys(SYS_recvfrom, reader, SYSTEST_MEM + ROOM, 100, MSG_DONTWAIT, 0, 0), sizeof(packet));
	systest_get(SYSTEST_MEM + ROOM, packet, sizeof(packet));
	/* Length, checksum and source are the kernel's to fill in. */
	CHECK_EQ(packet[3], sizeof(packet));
	CHECK_EQ(sum(packet, 20), 0);
	CHECK_EQ(packet[12], 127);
	packet[0] = 0x4f;
	systest_value(TEXT, &packet);
	CHECK_ERR(sys(SYS_sendto, fd, SYSTEST_MEM + TEXT, sizeof(packet), 0, name(0), NAME_SIZE), EINVAL);
	CHECK_ERR(sys(SYS_sendto, fd, SYSTEST_MEM + TEXT, 5, 0, name(0), NAME_SIZE), EINVAL);
}

SYSTEST(ping_socket_sees_its_answers)
{
	uint64_t fd = new_socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP),
		 other = new_socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	uint8_t bytes[12];

	/* Its identifier and checksum are the kernel's. */
	systest_put(TEXT, echo_request(bytes), 12);
	CHECK_EQ(sys(SYS_sendto, fd, SYSTEST_MEM + TEXT, 12, 0, name(0), NAME_SIZE), 12);
	CHECK_EQ(sys(SYS_recvfrom, fd, SYSTEST_MEM + ROOM, 100, MSG_DONTWAIT, 0, 0), 12);
	systest_get(SYSTEST_MEM + ROOM, bytes, sizeof(bytes));
	CHECK_EQ(bytes[0], ECHO_REPLY);
	CHECK_EQ(sum(bytes, sizeof(bytes)), 0);
	CHECK_ERR(sys(SYS_recvfrom, other, SYSTEST_MEM + ROOM, 100, MSG_DONTWAIT, 0, 0), EAGAIN);
	bytes[0] = 13;
	systest_put(TEXT, bytes, sizeof(bytes));
	CHECK_ERR(sys(SYS_sendto, fd, SYSTEST_MEM + TEXT, 12, 0, name(0), NAME_SIZE), EINVAL);
	CHECK_EQ(sys(SYS_bind, fd, name(77), NAME_SIZE), 0);
	CHECK_ERR(sys(SYS_bind, other, name(77), NAME_SIZE), EADDRINUSE);
}

SYSTEST(ping6_socket_sees_its_answers)
{
	struct abi_sockaddr_in6 address = { .family = AF_INET6, .address = { [15] = 1 } };
	uint64_t fd = new_socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6);
	uint8_t request[12] = { 128, 0, 0, 0, 0, 0, 0, 1, 'p', 'i', 'n', 'g' };

	systest_value(TEXT, &request);
	systest_value(NAME, &address);
	CHECK_EQ(sys(SYS_sendto, fd, SYSTEST_MEM + TEXT, 12, 0, SYSTEST_MEM + NAME, sizeof(address)), 12);
	CHECK_EQ(sys(SYS_recvfrom, fd, SYSTEST_MEM + ROOM, 100, MSG_DONTWAIT, 0, 0), 12);
	CHECK_MEM(SYSTEST_MEM + ROOM, "\x81", 1);
	CHECK_MEM(SYSTEST_MEM + ROOM + 8, "ping", 4);
}

SYSTEST(packet_socket_sees_frames)
{
	uint64_t packets = new_socket(AF_PACKET, SOCK_RAW, PORT_NET(ETH_P_ALL)),
		 udp = new_socket(AF_INET, SOCK_DGRAM, 0);
	struct abi_sockaddr_ll from;
	struct abi_tpacket_stats stats;
	int len = sizeof(from);

	CHECK_EQ(sys(SYS_bind, udp, name(4104), NAME_SIZE), 0);
	CHECK_EQ(sys(SYS_sendto, udp, systest_string(TEXT, "abc"), 3, 0, name(4104), NAME_SIZE), 3);
	systest_value(LEN, &len);
	CHECK_EQ(sys(SYS_recvfrom, packets, SYSTEST_MEM + ROOM, 100, MSG_DONTWAIT, SYSTEST_MEM + NAME,
		     SYSTEST_MEM + LEN),
		 14 + 20 + 8 + 3);
	systest_read(SYSTEST_MEM + NAME, &from);
	CHECK_EQ(from.family, AF_PACKET);
	CHECK_EQ(from.protocol, PORT_NET(ETH_P_IP));
	CHECK_EQ(from.index, 1);
	CHECK_EQ(from.hatype, ARPHRD_LOOPBACK);
	CHECK_MEM(SYSTEST_MEM + ROOM + 42, "abc", 3);
	len = sizeof(stats);
	systest_value(LEN, &len);
	CHECK_EQ(sys(SYS_getsockopt, packets, SOL_PACKET, PACKET_STATISTICS, SYSTEST_MEM + ROOM, SYSTEST_MEM + LEN), 0);
	systest_read(SYSTEST_MEM + ROOM, &stats);
	CHECK_EQ(stats.packets, 1);
}

/* As packet_mmap.rst lays it out: two frames to a page, given back by their status. */
SYSTEST(packet_ring_is_shared)
{
	uint64_t packets = new_socket(AF_PACKET, SOCK_RAW, PORT_NET(ETH_P_ALL)),
		 udp = new_socket(AF_INET, SOCK_DGRAM, 0);
	struct abi_tpacket_req request = { PAGE_SIZE, 1, 2048, 2 }, wrong = { PAGE_SIZE, 1, 2048, 3 }, none = { 0 };
	struct abi_tpacket2_hdr frame;
	long ring;
	uint32_t free = TP_STATUS_KERNEL;

#define SET_RING(value_ptr)                                                                                            \
	sys(SYS_setsockopt, packets, SOL_PACKET, PACKET_RX_RING, systest_value(TEXT, value_ptr), sizeof(*(value_ptr)))
	CHECK_EQ(sys(SYS_setsockopt, packets, SOL_PACKET, PACKET_VERSION, systest_value(TEXT, &(int){ TPACKET_V2 }), 4),
		 0);
	CHECK_ERR(SET_RING(&wrong), EINVAL);
	CHECK_EQ(SET_RING(&request), 0);
	ring = sys(SYS_mmap, 0, PAGE_SIZE, 3, 1, packets, 0);
	CHECK(ring > 0);
	CHECK_ERR(SET_RING(&none), EBUSY);
	CHECK_EQ(systest_events((int)packets) & POLLIN, 0);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(sys(SYS_sendto, udp, systest_string(TEXT, "abc"), 3, 0, name(4105), NAME_SIZE), 3);
	CHECK_EQ(systest_events((int)packets) & POLLIN, POLLIN);
	systest_read((user_ptr_t)ring, &frame);
	CHECK_EQ(frame.status & TP_STATUS_USER, TP_STATUS_USER);
	CHECK_EQ(frame.len, 14 + 20 + 8 + 3);
	CHECK_EQ(frame.snaplen, frame.len);
	CHECK_EQ(frame.net - frame.mac, 14);
	CHECK_MEM((user_ptr_t)ring + frame.mac + 42, "abc", 3);
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(user_write((user_ptr_t)ring + 2048 * i, &free), 0);
	CHECK_EQ(systest_events((int)packets) & POLLIN, 0);
	CHECK_EQ(sys(SYS_munmap, (uint64_t)ring, PAGE_SIZE), 0);
	CHECK_EQ(SET_RING(&none), 0);
#undef SET_RING
}

/* Classic BPF: datagrams to port 4107 only, and of these 44 bytes. */
SYSTEST(packet_socket_filters)
{
	static const struct {
		uint16_t code;
		uint8_t jt, jf;
		uint32_t k;
	} right[] = { { 0x28, 0, 0, 36 }, { 0x15, 0, 1, 4107 }, { 0x06, 0, 0, 44 }, { 0x06, 0, 0, 0 } },
	  too_far[] = { { 0x05, 0, 0, 1 }, { 0x06, 0, 0, 1 } }, endless[] = { { 0x00, 0, 0, 1 } },
	  divides[] = { { 0x34, 0, 0, 0 }, { 0x06, 0, 0, 1 } }, outside[] = { { 0x02, 0, 0, 16 }, { 0x06, 0, 0, 1 } },
	  unknown[] = { { 0xffff, 0, 0, 0 }, { 0x06, 0, 0, 1 } };
	uint64_t packets = new_socket(AF_PACKET, SOCK_RAW, PORT_NET(ETH_P_ALL)),
		 udp = new_socket(AF_INET, SOCK_DGRAM, 0);

#define ATTACH(program)                                                                                                \
	sys(SYS_setsockopt, packets, SOL_SOCKET, SO_ATTACH_FILTER,                                                     \
	    systest_value(TEXT, &((uint64_t[2]){ sizeof(program) / 8, systest_value(ROOM, &(program)) })), 16)
	CHECK_ERR(sys(SYS_setsockopt, packets, SOL_SOCKET, SO_DETACH_FILTER, SYSTEST_MEM, 4), ENOENT);
	CHECK_ERR(ATTACH(too_far), EINVAL);
	CHECK_ERR(ATTACH(endless), EINVAL);
	CHECK_ERR(ATTACH(divides), EINVAL);
	CHECK_ERR(ATTACH(outside), EINVAL);
	CHECK_ERR(ATTACH(unknown), EINVAL);
	CHECK_EQ(ATTACH(right), 0);
#undef ATTACH
	CHECK_EQ(sys(SYS_sendto, udp, systest_string(TEXT, "abc"), 3, 0, name(4106), NAME_SIZE), 3);
	CHECK_EQ(sys(SYS_sendto, udp, SYSTEST_MEM + TEXT, 3, 0, name(4107), NAME_SIZE), 3);
	CHECK_EQ(sys(SYS_recvfrom, packets, SYSTEST_MEM + ROOM, 100, MSG_DONTWAIT, 0, 0), 44);
	CHECK_MEM(SYSTEST_MEM + ROOM + 42, "ab", 2);
	CHECK_ERR(sys(SYS_recvfrom, packets, SYSTEST_MEM + ROOM, 100, MSG_DONTWAIT, 0, 0), EAGAIN);
	CHECK_EQ(sys(SYS_setsockopt, packets, SOL_SOCKET, SO_DETACH_FILTER, SYSTEST_MEM, 4), 0);
}

SYSTEST(packet_socket_sends_frames)
{
	uint64_t packets = new_socket(AF_PACKET, SOCK_DGRAM, PORT_NET(ETH_P_IP)),
		 udp = new_socket(AF_INET, SOCK_DGRAM, 0);
	struct abi_sockaddr_ll to = { .family = AF_PACKET, .protocol = PORT_NET(ETH_P_IP), .index = 1, .halen = 6 };
	uint8_t packet[31] = { 0x45, [3] = 31, [8] = 64, IPPROTO_UDP, [12] = 127, [15] = 1, [16] = 127, [19] = 1,
			       [20] = 0x10, 0x01, 0x10, 0x09, [25] = 11, [28] = 'a', 'b', 'c' };
	uint16_t check = sum(packet, 20);

	packet[10] = (uint8_t)(check >> 8);
	packet[11] = (uint8_t)check;
	CHECK_EQ(sys(SYS_bind, udp, name(0x1009), NAME_SIZE), 0);
	systest_value(TEXT, &packet);
	CHECK_ERR(sys(SYS_sendto, packets, SYSTEST_MEM + TEXT, sizeof(packet), 0, 0, 0), EDESTADDRREQ);
	CHECK_EQ(sys(SYS_sendto, packets, SYSTEST_MEM + TEXT, sizeof(packet), 0, systest_value(NAME, &to), sizeof(to)),
		 sizeof(packet));
	CHECK_EQ(sys(SYS_recvfrom, udp, SYSTEST_MEM + ROOM, 100, MSG_DONTWAIT, 0, 0), 3);
	CHECK_MEM(SYSTEST_MEM + ROOM, "abc", 3);
	to.index = 99;
	CHECK_ERR(sys(SYS_sendto, packets, SYSTEST_MEM + TEXT, 4, 0, systest_value(NAME, &to), sizeof(to)), ENXIO);
	CHECK_ERR(sys(SYS_bind, packets, systest_value(NAME, &to), sizeof(to)), ENODEV);
}

SYSTEST(ioctl_tells_of_interfaces)
{
	uint64_t fd = new_socket(AF_INET, SOCK_DGRAM, 0);
	struct abi_ifreq request = { .name = "lo" };
	struct abi_ifconf conf = { .len = sizeof(request), .requests = SYSTEST_MEM + ROOM };

#define IOCTL(command) sys(SYS_ioctl, fd, command, systest_value(TEXT, &request))
	CHECK_EQ(IOCTL(SIOCGIFINDEX), 0);
	systest_read(SYSTEST_MEM + TEXT, &request);
	CHECK_EQ(request.number, 1);
	memset(request.name, 0, sizeof(request.name));
	CHECK_EQ(IOCTL(SIOCGIFNAME), 0);
	CHECK_MEM(SYSTEST_MEM + TEXT, "lo", 3);
	systest_read(SYSTEST_MEM + TEXT, &request);
	CHECK_EQ(IOCTL(SIOCGIFADDR), 0);
	systest_read(SYSTEST_MEM + TEXT, &request);
	CHECK_EQ(request.address.address, LOOPBACK);
	CHECK_EQ(IOCTL(SIOCGIFFLAGS), 0);
	systest_read(SYSTEST_MEM + TEXT, &request);
	CHECK_EQ(request.flags & (int)(IFF_UP | IFF_LOOPBACK), IFF_UP | IFF_LOOPBACK);
	request.name[0] = 'x';
	CHECK_ERR(IOCTL(SIOCGIFADDR), ENODEV);
	CHECK_ERR(IOCTL(0x8999), ENOTTY);
	CHECK_EQ(sys(SYS_ioctl, fd, SIOCGIFCONF, systest_value(TEXT, &conf)), 0);
	systest_read(SYSTEST_MEM + TEXT, &conf);
	CHECK_EQ(conf.len, sizeof(request));
	CHECK_MEM(SYSTEST_MEM + ROOM, "lo", 3);
	CHECK_ERR(sys(SYS_ioctl, fd, SIOCGIFCONF, SYSTEST_BAD), EFAULT);
#undef IOCTL
}

SYSTEST(raw_sockets_want_a_capability)
{
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP), EPERM);
	CHECK_ERR(sys(SYS_socket, AF_PACKET, SOCK_RAW, 0), EPERM);
	CHECK(sys(SYS_socket, AF_INET, SOCK_DGRAM, IPPROTO_ICMP) >= 0);
}

/* One request; what the answer's status is. */
static long ask(uint64_t fd, const void *request, size_t len)
{
	struct {
		struct nlmsghdr header;
		int32_t status;
	} answer;

	if (sys(SYS_sendto, fd, systest_put(TEXT, request, len), len, 0, 0, 0) != (long)len ||
	    sys(SYS_recvfrom, fd, SYSTEST_MEM + ROOM, 512, MSG_DONTWAIT, 0, 0) < (long)sizeof(answer))
		return 1;
	systest_read(SYSTEST_MEM + ROOM, &answer);
	return answer.header.type == NLMSG_ERROR ? answer.status : 1;
}

SYSTEST(netlink_changes_interfaces)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg info;
		struct rtattr attribute;
		uint32_t address;
	} address = { { sizeof(address), RTM_NEWADDR, NLM_F_ACK | NLM_F_EXCL, 1, 0 }, { AF_INET, 8, 0, 0, 1 },
		      { 8, IFA_LOCAL }, LOOPBACK };
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
		struct rtattr attribute;
		uint32_t mtu;
	} link = { { sizeof(link), RTM_NEWLINK, NLM_F_ACK, 1, 0 }, { .index = 1 }, { 8, IFLA_MTU }, 1500 };
	uint64_t fd = new_socket(AF_NETLINK, SOCK_RAW, 0);

	CHECK_EQ(ask(fd, &link, sizeof(link)), 0);
	link.mtu = 1 << 20;
	CHECK_EQ(ask(fd, &link, sizeof(link)), -EINVAL);
	link.info.index = 99;
	CHECK_EQ(ask(fd, &link, sizeof(link)), -ENODEV);
	CHECK_EQ(ask(fd, &address, sizeof(address)), -EEXIST);
	address.attribute.len = 200; /* beyond its end */
	CHECK_EQ(ask(fd, &address, sizeof(address)), -EINVAL);
	address.attribute.len = 3;
	CHECK_EQ(ask(fd, &address, sizeof(address)), -EINVAL);
	address.header.type = RTM_DELADDR;
	address.attribute.len = 8;
	address.address = 0x01020304;
	CHECK_EQ(ask(fd, &address, sizeof(address)), -EADDRNOTAVAIL);
	address.header.len = sizeof(struct nlmsghdr);
	CHECK_EQ(ask(fd, &address, sizeof(struct nlmsghdr)), -EINVAL);
	address.header.type = 99;
	CHECK_EQ(ask(fd, &address, sizeof(struct nlmsghdr)), -EOPNOTSUPP);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	address.header.type = RTM_NEWADDR;
	CHECK_EQ(ask(fd, &address, sizeof(struct nlmsghdr)), -EPERM);
}
