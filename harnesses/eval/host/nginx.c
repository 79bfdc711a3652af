/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nginx's requests: see nginx.h. `saki run` starts the catalogue's nginx behind a port of this machine, and one
 * connection after the other asks it for a page. QEMU's own network is a good part of the time: images can be compared
 * by it, systems cannot.
 */
#include "nginx.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <plat/run/image.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "eval.h"
#include "signals.h"

#define START_S 60	/* unpacking its initrd, when it is the first of all, included */
#define MEASURE_S 2.0
#define ANSWER_MAX 65536

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct sockaddr_in loopback(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

/* A port that is free now. 0: none. */
static int free_port(void)
{
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int port = 0;

	if (fd >= 0 && !bind(fd, (struct sockaddr *)&address, size) &&
	    !getsockname(fd, (struct sockaddr *)&address, &size))
		port = ntohs(address.sin_port);
	if (fd >= 0)
		close(fd);
	return port;
}

static int connect_to(int port)
{
	struct sockaddr_in address = loopback(port);
	struct timeval limit = { .tv_sec = 2 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

/* Header and body of an answer, whose length the header says. False when it does not come. */
static bool read_answer(int fd)
{
	static char buf[ANSWER_MAX + 1];
	size_t len = 0, wanted = 0;

	while (!wanted || len < wanted) {
		ssize_t n = recv(fd, buf + len, ANSWER_MAX - len, 0);
		char *body, *length;

		if (n <= 0)
			return false;
		len += (size_t)n;
		buf[len] = '\0';
		body = strstr(buf, "\r\n\r\n");
		length = strcasestr(buf, "content-length:");
		if (!wanted && body && length && length < body)
			wanted = (size_t)(body + 4 - buf) + strtoul(length + 15, NULL, 10);
		if (wanted > ANSWER_MAX)
			return false;
	}
	return !strncmp(buf, "HTTP/1.1 200", 12);
}

static bool ask(int fd)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: saki\r\n\r\n";

	return send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == sizeof(request) - 1 && read_answer(fd);
}

/* A connection that has been answered; -1: the time is over, or somebody wants the end. */
static int wait_for_server(int port, const struct tool *tool)
{
	double end = now() + START_S;

	while (now() < end && tool_is_alive(tool)) {
		int fd = connect_to(port);

		if (fd >= 0 && ask(fd))
			return fd;
		if (fd >= 0)
			close(fd);
		if (signals_pause(100))
			return -1;
	}
	return -1;
}

static double count_requests(int fd, int port)
{
	double start = now(), took;
	unsigned count = 0;

	do {
		if (fd >= 0 && ask(fd)) {
			count++;
		} else {
			/* nginx ends a connection after so many. */
			if (fd >= 0)
				close(fd);
			fd = connect_to(port);
		}
		took = now() - start;
	} while (took < MEASURE_S);
	if (fd >= 0)
		close(fd);
	return count / took;
}

int nginx_measure(const struct preset *preset, double *requests_per_s)
{
	char path[PATH_MAX], full[sizeof(preset->full)], net[64], build[PATH_MAX];
	int port = free_port(), fd;
	struct tool tool;
	bool interrupted;

	*requests_per_s = 0;
	snprintf(full, sizeof(full), "%s", preset->full);
	snprintf(net, sizeof(net), "user,tcp:%d:80", port);
	if (!port || image_build_dir(build) ||
	    (size_t)snprintf(path, sizeof(path), "%s/tools/saki-run", build) >= sizeof(path) ||
	    tool_start(&tool, (char *[]){ path, "--preset", full, "--net", net, "nginx", NULL })) {
		run_fail(0, "nginx cannot be started: %s", strerror(errno));
		return 0;
	}
	fd = wait_for_server(port, &tool);
	if (fd >= 0)
		*requests_per_s = count_requests(fd, port);
	interrupted = signals_pause(0);
	tool_end(&tool);
	if (fd < 0 && !interrupted)
		run_fail(0,
			 "nginx does not answer on preset %s; see: saki run --preset %s --net user,tcp:8080:80 nginx",
			 preset->name, preset->full);
	return interrupted ? INTERRUPTED : 0;
}
