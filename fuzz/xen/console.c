/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The console of a domain, which xenconsoled gives a terminal in dom0. It is read all the time: a guest waits for a
 * reader that is slow.
 */
#include "server.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE 0x10

void console_init(struct console *console)
{
	*console = (struct console){ .fd = -1, .status = -1 };
}

static void open_console(struct console *console, struct xs_handle *store, uint32_t domain)
{
	struct termios raw;
	char name[64];

	store_read(store, name, sizeof(name), "/local/domain/%u/console/tty", domain);
	if (*name != '/')
		return;
	console->fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (console->fd < 0 || tcgetattr(console->fd, &raw))
		return;
	/* Nothing goes back. */
	cfmakeraw(&raw);
	tcsetattr(console->fd, TCSANOW, &raw);
}

/* True: the byte is none of the text. */
static bool take_mark(struct console *console, char byte)
{
	if (console->in_status) {
		console->in_status = byte >= '0' && byte <= '9';
		if (console->in_status)
			console->status = (console->status < 0 ? 0 : console->status) * 10 + byte - '0';
		return true;
	}
	if (!console->escaped) {
		console->escaped = byte == ESCAPE;
		return console->escaped;
	}
	console->escaped = false;
	console->in_status = byte == 'x';
	return byte != ESCAPE;
}

static void take(struct console *console, char byte)
{
	if (byte == '\n' || byte == '\r') {
		if (console->line_len)
			memcpy(console->last, console->line, sizeof(console->last));
		console->line_len = 0;
	} else if (console->line_len + 1 < sizeof(console->line)) {
		console->line[console->line_len++] = byte;
		console->line[console->line_len] = '\0';
	}
}

void console_read(struct console *console, struct xs_handle *store, uint32_t domain, bool verbose)
{
	char bytes[512];
	ssize_t n;

	if (console->fd < 0)
		open_console(console, store, domain);
	while (console->fd >= 0 && (n = read(console->fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (take_mark(console, bytes[i]))
				continue;
			take(console, bytes[i]);
			if (verbose)
				fputc(bytes[i], stderr);
		}
	}
}

void console_close(struct console *console)
{
	if (console->fd >= 0)
		close(console->fd);
	console->fd = -1;
}
