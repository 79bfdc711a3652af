/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arguments and environment on their way into a program: one buffer of strings, bounded.
 */
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>

#include "exec.h"

static int make_room(struct exec_strings *strings, size_t more)
{
	size_t room = strings->room ? strings->room : 1024;
	char *text;

	if (more > EXEC_STRINGS_MAX - strings->len)
		return -E2BIG;
	while (room < strings->len + more)
		room *= 2;
	if (room == strings->room)
		return 0;
	text = heap_resize(strings->text, room);
	if (!text)
		return -ENOMEM;
	strings->text = text;
	strings->room = room;
	return 0;
}

int exec_strings_add(struct exec_strings *strings, const char *text, size_t len)
{
	int err = make_room(strings, len + 1);

	if (err)
		return err;
	memcpy(strings->text + strings->len, text, len);
	strings->text[strings->len + len] = '\0';
	strings->len += len + 1;
	return 0;
}

static size_t offset_of(const struct exec_strings *strings, size_t n)
{
	size_t offset = 0;

	while (n--)
		offset += strlen(strings->text + offset) + 1;
	return offset;
}

int exec_strings_insert_arg(struct exec_strings *strings, size_t n, const char *text)
{
	size_t size = strlen(text) + 1, at;
	int err = make_room(strings, size);

	if (err)
		return err;
	at = offset_of(strings, n);
	memmove(strings->text + at + size, strings->text + at, strings->len - at);
	memcpy(strings->text + at, text, size);
	strings->len += size;
	strings->arg_count++;
	return 0;
}

void exec_strings_drop_first(struct exec_strings *strings)
{
	size_t size;

	if (!strings->arg_count)
		return;
	size = offset_of(strings, 1);
	strings->len -= size;
	memmove(strings->text, strings->text + size, strings->len);
	strings->arg_count--;
}

void exec_strings_free(struct exec_strings *strings)
{
	heap_free(strings->text);
	*strings = (struct exec_strings){ 0 };
}
