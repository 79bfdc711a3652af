/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server that hostile.py attacks: echoes what comes by TCP or UDP on port 7. A line "state" is answered with the
 * free memory, the sockets that this program has, and the connections that SYN cookies have opened. One thread, epoll;
 * clients that have gone are found by keepalive.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 7

static int events, clients;

static void watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
}

static void accept_one(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), on = 1, second = 1, count = 3;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &second, sizeof(second));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &second, sizeof(second));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	clients++;
	watch(fd);
}

/* What stands in a file, as scanf's format says, from where it begins with "begin". 0: nothing. */
static long look(const char *path, const char *begin, const char *format)
{
	char text[2048] = "";
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	const char *line = n > 0 ? strstr(text, begin) : NULL;
	long number = 0;

	close(fd);
	if (line)
		sscanf(line, format, &number);
	return number;
}

static int say_state(char *to, size_t size)
{
	return snprintf(to, size, "free %ld clients %d cookies %ld\n",
			look("/proc/meminfo", "MemFree:", "MemFree: %ld"), clients,
			look("/proc/net/netstat", "TcpExt: S", "%*[^\n]\nTcpExt: %*d %ld"));
}

static void answer(int fd)
{
	char data[4096];
	ssize_t n = recv(fd, data, sizeof(data), 0);

	if (n <= 0) {
		close(fd);
		clients--;
		return;
	}
	if (n == 6 && !memcmp(data, "state\n", 6))
		n = say_state(data, sizeof(data));
	send(fd, data, (size_t)n, MSG_NOSIGNAL);
}

static void answer_datagram(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char data[4096];
	ssize_t n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &len);

	if (n >= 0)
		sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&from, len);
}

int main(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), datagrams = socket(AF_INET, SOCK_DGRAM, 0);

	events = epoll_create1(0);
	if (bind(listener, (struct sockaddr *)&here, sizeof(here)) || listen(listener, 255) ||
	    bind(datagrams, (struct sockaddr *)&here, sizeof(here)))
		return 1;
	watch(listener);
	watch(datagrams);
	for (;;) {
		struct epoll_event ready[64];
		int n = epoll_wait(events, ready, 64, -1);

		for (int i = 0; i < n; i++) {
			if (ready[i].data.fd == listener)
				accept_one(listener);
			else if (ready[i].data.fd == datagrams)
				answer_datagram(datagrams);
			else
				answer(ready[i].data.fd);
		}
	}
}
