/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --net: a network for the guest. "user": QEMU's own, behind this machine, where the guest is 10.0.2.15; only ports of
 * 127.0.0.1 lead in. "tap:NAME": an interface of this machine.
 */
#include "run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define USER_WORD "10.0.2.15/24,10.0.2.2"

/* 0: it is none. */
static unsigned parse_port(const char *text, char **end)
{
	unsigned long port = strtoul(text, end, 10);

	return *end == text || port > 65535 ? 0 : (unsigned)port;
}

/* Can QEMU have the port? It would only say that something is wrong. 0 or an exit status. */
static int check_port(int type, unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), status = 0;

	if (fd >= 0 && type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		status = run_fail(RUN_ENVIRONMENT, "--net: port %u of this machine: %s", port, strerror(errno));
	if (fd >= 0)
		close(fd);
	return status;
}

/* "tcp:8080:80". 0 or an exit status, of which usage is not told yet. */
static int add_forward(FILE *backend, const char *text, size_t len)
{
	unsigned from, to;
	char *end;

	if (len < 4 || (strncmp(text, "tcp:", 4) && strncmp(text, "udp:", 4)))
		return RUN_USAGE;
	from = parse_port(text + 4, &end);
	if (!from || *end != ':')
		return RUN_USAGE;
	to = parse_port(end + 1, &end);
	if (!to || end != text + len)
		return RUN_USAGE;
	fprintf(backend, ",hostfwd=%.3s:127.0.0.1:%u-:%u", text, from, to);
	return check_port(*text == 't' ? SOCK_STREAM : SOCK_DGRAM, from);
}

static int parse_user(FILE *backend, const char *text)
{
	fputs("user,ipv6=off", backend);
	while (*text == ',') {
		size_t len = strcspn(++text, ",");
		int status = add_forward(backend, text, len);

		if (status)
			return status;
		text += len;
	}
	return *text ? RUN_USAGE : 0;
}

/* The rest, an address, is the kernel's to read. */
static int parse_tap(FILE *backend, const char *text, char word[NET_WORD])
{
	size_t len = strcspn(text, ",");

	if (!len || len >= IFNAMSIZ || strlen(text) - len >= NET_WORD)
		return RUN_USAGE;
	fprintf(backend, "tap,script=no,downscript=no,ifname=%.*s", (int)len, text);
	strcpy(word, text[len] ? text + len + 1 : "");
	return 0;
}

int net_parse(const char *text, char **backend, char word[NET_WORD])
{
	size_t size;
	FILE *f = open_memstream(backend, &size);
	int status = RUN_USAGE;

	if (!f)
		return run_fail(RUN_ENVIRONMENT, "no memory");
	if (!strncmp(text, "tap:", 4)) {
		status = parse_tap(f, text + 4, word);
	} else if (!strncmp(text, "user", 4)) {
		strcpy(word, USER_WORD);
		status = parse_user(f, text + 4);
	}
	fclose(f);
	if (status == RUN_USAGE)
		run_fail(status, "--net %s: user[,tcp:PORT:GUESTPORT...] or tap:NAME[,ADDRESS/BITS[,GATEWAY]]", text);
	return status;
}
