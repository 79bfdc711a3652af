/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing the text of a file of /proc.
 */
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/string.h>

#include "proc.h"

#define ROOM_FIRST 1024

static bool make_room(struct proc_text *text, size_t more)
{
	size_t room = text->room ? text->room : ROOM_FIRST;
	char *buf;

	if (text->failed)
		return false;
	while (room - text->len < more)
		room *= 2;
	if (room == text->room)
		return true;
	buf = text->buf ? heap_resize(text->buf, room) : heap_alloc(room);
	if (!buf) {
		text->failed = true;
		return false;
	}
	text->buf = buf;
	text->room = room;
	return true;
}

void proc_print(struct proc_text *text, const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = format_va(NULL, 0, fmt, args);
	va_end(args);
	if (!make_room(text, len + 1))
		return;
	va_start(args, fmt);
	format_va(text->buf + text->len, len + 1, fmt, args);
	va_end(args);
	text->len += len;
}

void proc_put(struct proc_text *text, const void *data, size_t len)
{
	if (!make_room(text, len))
		return;
	memcpy(text->buf + text->len, data, len);
	text->len += len;
}

void proc_put_escaped(struct proc_text *text, const char *name, const char *extra)
{
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (c == '\n' || strchr(extra, *name))
			proc_print(text, "\\%u%u%u", c >> 6, c >> 3 & 7, c & 7);
		else
			proc_put(text, name, 1);
	}
}
