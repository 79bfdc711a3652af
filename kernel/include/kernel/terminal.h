/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Terminals: what programs see of a console, whichever machine or device is behind it. There is no line editing, since
 * a runner and no person sits at the other end: what is written goes out as it is, what comes in can be read at once.
 */
#pragma once

#include <kernel/abi/tty.h>
#include <kernel/clock.h>
#include <kernel/spinlock.h>
#include <kernel/user.h>
#include <kernel/wait.h>

#define TERMINAL_INPUT 2048

struct file;
struct file_ops;
struct poll_table;
struct terminal;

struct terminal_ops {
	/* Takes bytes, all it can: sleeps for room, unless nonblock (-EAGAIN). */
	ssize_t (*write)(struct terminal *terminal, struct io *io, bool nonblock);
	/* What has come in, without waiting: 0 nothing yet, -EPIPE the end. Interrupts off; takes no queue's lock. */
	ssize_t (*read)(struct terminal *terminal, char *text, size_t len);
	/* A write would not wait. NULL: it never does. */
	bool (*writable)(struct terminal *terminal);
	/* Waits until what was written is with the other side. NULL: it is. */
	void (*drain)(struct terminal *terminal);
	/* Nobody interrupts for input: it is looked for at intervals while somebody waits. NULL: it interrupts. */
	bool (*polled)(struct terminal *terminal);
};

struct terminal {
	const struct terminal_ops *ops;
	void *data;			/* the device's */
	bool plain;			/* a stream that programs do not take for a terminal */
	/* What was read from the device and not by a program yet. */
	struct spinlock lock;
	char bytes[TERMINAL_INPUT];
	size_t start, end;
	bool closed;
	struct wait_queue readers, writers;
	struct timer timer;
	struct abi_termios termios;
	struct abi_winsize size;
	bool resized;			/* SIGWINCH is owed; atomic */
	struct list node;		/* on the list of those that may be resized */
	int foreground_group;		/* 0: nobody has said */
};

void terminal_init(struct terminal *terminal, const struct terminal_ops *ops, void *data);
/* The device has input, or room. Any context. */
void terminal_input(struct terminal *terminal);
void terminal_room(struct terminal *terminal);
/* After the end of input there may be more, as the other side has begun anew. Any context. */
void terminal_reopen(struct terminal *terminal);
/* The other side's window has another size: the foreground processes get SIGWINCH. Any context, once watched. */
void terminal_resize(struct terminal *terminal, unsigned rows, unsigned columns);
/* Makes terminal_resize() possible, until unwatched, after which nothing looks at the terminal. Threads. */
void terminal_watch_size(struct terminal *terminal);
void terminal_unwatch_size(struct terminal *terminal);

/* Operations of its files, for file_ops that find the terminal by themselves. */
ssize_t terminal_read(struct terminal *terminal, struct file *file, struct io *io);
ssize_t terminal_write(struct terminal *terminal, struct file *file, struct io *io);
unsigned terminal_poll(struct terminal *terminal, struct poll_table *table);
long terminal_ioctl(struct terminal *terminal, unsigned command, user_ptr_t argument);

/*
 * A line has no end of file, so the runner (plat/run) sends one as ESCAPE END, and an ESCAPE that was in the input as
 * ESCAPE ESCAPE. What follows another ESCAPE stands for itself.
 */
struct terminal_escape {
	bool escaped, ended;
};
#define TERMINAL_ESCAPE 0x10
#define TERMINAL_END 0x04

/* One byte of such a line; false: none of the input, but a part of an escape. */
static inline bool terminal_unescape(struct terminal_escape *state, uint8_t byte, char *decoded)
{
	if (!state->escaped && byte == TERMINAL_ESCAPE) {
		state->escaped = true;
		return false;
	}
	state->ended = state->escaped && byte == TERMINAL_END;
	state->escaped = false;
	*decoded = (char)byte;
	return !state->ended;
}
