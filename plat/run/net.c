/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --net: a network for the guest. "user": QEMU's own, behind this machine, where the guest is 10.0.2.15; only ports of
 * 127.0.0.1 lead in. "tap:NAME": an interface of this machine.
 */
#include "run.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define USER_WORD "10.0.2.15/24,10.0.2.2"

/* 0: it is none. */
static unsigned parse_port(const char *text, char **end)
{
	unsigned long port = strtoul(text, end, 10);

	return *end == text || port > 65535 ? 0 : (unsigned)port;
}

/* "tcp:8080:80" */
static int add_forward(FILE *backend, const char *text, size_t len)
{
	unsigned from, to;
	char *end;

	if (len < 4 || (strncmp(text, "tcp:", 4) && strncmp(text, "udp:", 4)))
		return -1;
	from = parse_port(text + 4, &end);
	if (!from || *end != ':')
		return -1;
	to = parse_port(end + 1, &end);
	if (!to || end != text + len)
		return -1;
	fprintf(backend, ",hostfwd=%.3s:127.0.0.1:%u-:%u", text, from, to);
	return 0;
}

static int parse_user(FILE *backend, const char *text)
{
	fputs("user,ipv6=off", backend);
	while (*text == ',') {
		size_t len = strcspn(++text, ",");

		if (add_forward(backend, text, len))
			return -1;
		text += len;
	}
	return *text ? -1 : 0;
}

/* The rest, an address, is the kernel's to read. */
static int parse_tap(FILE *backend, const char *text, char word[NET_WORD])
{
	size_t len = strcspn(text, ",");

	if (!len || len >= IFNAMSIZ || strlen(text) - len >= NET_WORD)
		return -1;
	fprintf(backend, "tap,script=no,downscript=no,ifname=%.*s", (int)len, text);
	strcpy(word, text[len] ? text + len + 1 : "");
	return 0;
}

int net_parse(const char *text, char **backend, char word[NET_WORD])
{
	size_t size;
	FILE *f = open_memstream(backend, &size);
	int bad = -1;

	if (!f)
		return run_fail(RUN_ENVIRONMENT, "no memory");
	if (!strncmp(text, "tap:", 4)) {
		bad = parse_tap(f, text + 4, word);
	} else if (!strncmp(text, "user", 4)) {
		strcpy(word, USER_WORD);
		bad = parse_user(f, text + 4);
	}
	fclose(f);
	return bad ? run_fail(RUN_USAGE, "--net %s: user[,tcp:PORT:GUESTPORT...] or tap:NAME[,ADDRESS/BITS[,GATEWAY]]",
			      text)
		   : 0;
}
