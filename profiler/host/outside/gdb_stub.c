/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QEMU's gdb stub. See gdb_stub.h. A packet is $text#checksum; each is acknowledged by a "+", which is sent together
 * with what follows. A byte that comes while the machine runs stops it, and is dropped.
 */
#include "gdb_stub.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define XML_MAX (64u << 10)
#define STOP "\x03"

static const char *const names[GDB_REGISTERS] = {
	[GDB_RAX] = "rax", [GDB_RDX] = "rdx", [GDB_RCX] = "rcx", [GDB_RBX] = "rbx",	    [GDB_RSI] = "rsi",
	[GDB_RDI] = "rdi", [GDB_RBP] = "rbp", [GDB_RSP] = "rsp", [GDB_R8] = "r8",	    [GDB_R9] = "r9",
	[GDB_R10] = "r10", [GDB_R11] = "r11", [GDB_R12] = "r12", [GDB_R13] = "r13",	    [GDB_R14] = "r14",
	[GDB_R15] = "r15", [GDB_RIP] = "rip", [GDB_CR3] = "cr3", [GDB_GS_BASE] = "gs_base",
};

int gdb_stub_open(struct gdb_stub *stub, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int err = 0;

	*stub = (struct gdb_stub){ .fd = -1 };
	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	stub->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (stub->fd < 0)
		return -errno;
	if (connect(stub->fd, (struct sockaddr *)&address, sizeof(address))) {
		err = -errno;
		gdb_stub_close(stub);
	} else if (!getsockopt(stub->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len)) {
		stub->pid = peer.pid;
	}
	return err;
}

void gdb_stub_close(struct gdb_stub *stub)
{
	if (stub->fd >= 0)
		close(stub->fd);
	stub->fd = -1;
}

/* ---- packets ---- */

static bool send_all(struct gdb_stub *stub, const char *text, size_t size)
{
	while (size) {
		ssize_t n = send(stub->fd, text, size, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		text += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Adds an acknowledgement of what came last, and a packet. */
static size_t packet(char *to, size_t room, const char *text)
{
	unsigned sum = 0;

	for (const char *c = text; *c; c++)
		sum += (unsigned char)*c;
	return (size_t)snprintf(to, room, "+$%s#%02x", text, sum & 255);
}

static bool ask(struct gdb_stub *stub, const char *text)
{
	char out[128];

	return send_all(stub, out, packet(out, sizeof(out), text));
}

static bool more(struct gdb_stub *stub)
{
	ssize_t n;

	if (stub->in_start) {
		memmove(stub->in, stub->in + stub->in_start, stub->in_end - stub->in_start);
		stub->in_end -= stub->in_start;
		stub->in_start = 0;
	}
	if (stub->in_end == sizeof(stub->in))
		return false;
	do
		n = recv(stub->fd, stub->in + stub->in_end, sizeof(stub->in) - stub->in_end, 0);
	while (n < 0 && errno == EINTR);
	stub->in_end += n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* The next packet's text, valid until the next one is asked for; NULL: the machine has ended. */
static char *receive(struct gdb_stub *stub)
{
	for (;;) {
		char *from = stub->in + stub->in_start;
		size_t left = stub->in_end - stub->in_start;
		char *start = memchr(from, '$', left);
		char *end = start ? memchr(start, '#', left - (size_t)(start - from)) : NULL;

		if (end && stub->in + stub->in_end - end >= 3) {
			*end = '\0';
			stub->in_start = (size_t)(end + 3 - stub->in);
			return start + 1;
		}
		if (!more(stub))
			return NULL;
	}
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* The same, but for what tells that the machine has stopped. */
static char *answer(struct gdb_stub *stub)
{
	char *text;

	do
		text = receive(stub);
	while (text && (*text == 'T' || *text == 'S'));
	return text;
}

/* ---- what it is ---- */

static bool read_threads(struct gdb_stub *stub)
{
	char *text = ask(stub, "qfThreadInfo") ? answer(stub) : NULL;

	while (text && *text == 'm' && stub->cpu_count < GDB_CPUS) {
		for (char *rest = text + 1, *id; (id = strsep(&rest, ",")) != NULL && stub->cpu_count < GDB_CPUS;)
			snprintf(stub->cpus[stub->cpu_count++].thread, sizeof(stub->cpus[0].thread), "%.15s", id);
		text = ask(stub, "qsThreadInfo") ? answer(stub) : NULL;
	}
	return text && stub->cpu_count;
}

/* A file of the target's description, to be freed. NULL: it cannot be had. */
static char *read_xml(struct gdb_stub *stub, const char *name)
{
	char *xml = calloc(1, XML_MAX + 1), command[96], *text;
	size_t size = 0, len;

	do {
		snprintf(command, sizeof(command), "qXfer:features:read:%.40s:%zx,1000", name, size);
		text = xml && ask(stub, command) ? answer(stub) : NULL;
		if (!text || (*text != 'm' && *text != 'l')) {
			free(xml);
			return NULL;
		}
		len = strlen(text + 1);
		if (len > XML_MAX - size)
			len = XML_MAX - size;
		memcpy(xml + size, text + 1, len);
		size += len;
	} while (*text == 'm' && len);
	return xml;
}

/* QEMU's file has registers in comments. */
static void blank_comments(char *xml)
{
	for (char *from = xml, *end; (from = strstr(from, "<!--")) && (end = strstr(from, "-->"));)
		memset(from, ' ', (size_t)(end + 3 - from));
}

/* The registers in the order of their description, which is that of their bytes. */
static bool place_registers(struct gdb_stub *stub, const char *xml)
{
	uint32_t at = 0, found = 0;

	for (const char *reg = strstr(xml, "<reg "); reg; reg = strstr(reg + 1, "<reg ")) {
		char name[32] = "";
		unsigned bits = 0;
		const char *size = strstr(reg, "bitsize=\"");

		if (sscanf(reg, "<reg name=\"%31[a-z0-9_()]", name) != 1 || !size ||
		    sscanf(size, "bitsize=\"%u", &bits) != 1 || bits % 8 || bits > 1024)
			return false;
		for (unsigned i = 0; i < GDB_REGISTERS; i++)
			if (bits == 64 && !strcmp(names[i], name)) {
				stub->offsets[i] = at;
				found++;
			}
		at += bits / 8;
	}
	return found == GDB_REGISTERS;
}

int gdb_stub_begin(struct gdb_stub *stub, char *error)
{
	char *xml;
	bool known;

	*error = '\0';
	/* The first byte may be what stops it. */
	if (!send_all(stub, "+", 1) || !read_threads(stub))
		return -1;
	/* Its one file says no more than which other holds the registers. */
	xml = read_xml(stub, "target.xml");
	free(xml);
	xml = xml ? read_xml(stub, "i386-64bit.xml") : NULL;
	if (xml)
		blank_comments(xml);
	known = xml && place_registers(stub, xml);
	free(xml);
	if (!known)
		snprintf(error, GDB_ERROR, "QEMU's gdb stub does not tell of the registers that are needed");
	return known ? 0 : -1;
}

/* ---- stopping ---- */

static int nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A little-endian word in hexadecimal digits. False: there is none. */
static bool word(const char *digits, uint64_t *value)
{
	*value = 0;
	for (int i = 0; i < 8; i++) {
		int high = nibble(digits[2 * i]), low = high < 0 ? -1 : nibble(digits[2 * i + 1]);

		if (low < 0)
			return false;
		*value |= (uint64_t)(high << 4 | low) << (8 * i);
	}
	return true;
}

static bool read_registers(const struct gdb_stub *stub, struct gdb_cpu *cpu, const char *text)
{
	size_t size = strlen(text) / 2;

	for (unsigned i = 0; i < GDB_REGISTERS; i++)
		if (size < stub->offsets[i] + 8 || !word(text + 2 * (size_t)stub->offsets[i], &cpu->registers[i]))
			return false;
	return true;
}

/*
 * With one CPU the question goes with the interrupt; of several, all have their two.
 */
bool gdb_stub_stop(struct gdb_stub *stub)
{
	char out[GDB_CPUS * 48], *text;
	size_t size = (size_t)snprintf(out, sizeof(out), STOP);

	for (unsigned i = 0; i < stub->cpu_count; i++) {
		char choice[20];

		snprintf(choice, sizeof(choice), "Hg%s", stub->cpus[i].thread);
		if (stub->cpu_count > 1)
			size += packet(out + size, sizeof(out) - size, choice);
		size += packet(out + size, sizeof(out) - size, "g");
	}
	stub->stopped_ns = now_ns();
	if (!send_all(stub, out, size))
		return false;
	for (unsigned i = 0; i < stub->cpu_count; i++) {
		text = stub->cpu_count > 1 ? answer(stub) : "OK";
		if (!text || strcmp(text, "OK") != 0)
			return false;
		text = answer(stub);
		if (!text || !read_registers(stub, &stub->cpus[i], text))
			return false;
	}
	return true;
}

/* The acknowledgement comes when it is read, just before the machine goes on. */
bool gdb_stub_continue(struct gdb_stub *stub)
{
	stub->in_start = stub->in_end = 0;
	if (!ask(stub, "c") || !more(stub))
		return false;
	stub->resumed_ns = now_ns();
	return true;
}
