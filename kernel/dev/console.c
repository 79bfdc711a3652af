/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's terminal: the machine's console without line editing, since a runner and no person sits at the other
 * end. What is written goes out as it is. Input is polled: a sleeping reader looks again at intervals, because
 * consoles do not interrupt.
 */
#include <kernel/console.h>

#include <kernel/abi/tty.h>
#include <kernel/boot.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/signal.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>
#include <kernel/vfs.h>
#include <plat/plat.h>

#define MAJOR_TTY_AUX 5
#define CHUNK 256
#define POLL_INTERVAL_NS (10 * NSEC_PER_MSEC)

static void (*console_sink)(const char *text, size_t len);

/* What was read from the machine and not by a program yet. */
static struct {
	struct spinlock lock;
	char bytes[CHUNK];
	size_t start, end;
	bool closed;
	struct wait_queue readers;
	struct timer timer; /* looks for input while somebody waits */
} input = { .lock = SPINLOCK_INIT, .readers = WAIT_QUEUE_INIT(input.readers) };

static struct abi_termios termios = {
	.c_iflag = ICRNL | IXON,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = CS8 | CREAD | B38400,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.c_cc = { 3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22 },
};
/* With console=pipe on the command line programs find no terminal: the runner's ends are files or pipes. */
static bool is_terminal = true;
static struct abi_winsize winsize = { .ws_row = 24, .ws_col = 80 };
static int foreground_group;

void console_set_sink(void (*sink)(const char *text, size_t len))
{
	console_sink = sink;
}

/* ---- output ---- */

static ssize_t write_with(struct io *io, void (*write)(const char *text, size_t len))
{
	char chunk[CHUNK];
	ssize_t total = 0;

	while (io->remaining) {
		size_t len = min(io->remaining, sizeof(chunk));
		ssize_t n = io_get(io, chunk, len);

		if (n > 0) {
			write(chunk, (size_t)n);
			total += n;
		}
		if (n != (ssize_t)len)
			return total ? total : n;
	}
	return total;
}

static ssize_t console_write(struct file *file UNUSED, struct io *io, off_t *position UNUSED)
{
	return write_with(io, console_sink ? console_sink : plat->console_write);
}

static ssize_t errout_write(struct file *file UNUSED, struct io *io, off_t *position UNUSED)
{
	return write_with(io, console_sink ? console_sink : plat->log_write);
}

/* ---- input ---- */

/* Asks the machine for more when there is none. Input lock. With a sink no input exists: a harness has no terminal. */
static void fetch_locked(void)
{
	ssize_t n;

	if (input.start != input.end || input.closed || console_sink)
		return;
	n = plat->console_read(input.bytes, sizeof(input.bytes));
	input.start = 0;
	input.end = n > 0 ? (size_t)n : 0;
	if (n < 0)
		input.closed = true;
}

static bool input_ready(void *arg UNUSED)
{
	unsigned long flags = spin_lock(&input.lock);
	bool ready;

	fetch_locked();
	ready = input.start != input.end || input.closed;
	spin_unlock(&input.lock, flags);
	return ready;
}

/* While somebody waits, the machine is asked at intervals. */
static void look_again(struct timer *timer)
{
	if (input_ready(NULL))
		wake_all(&input.readers);
	else if (!list_empty(&input.readers.waiters))
		timer_arm(timer, clock_ns() + POLL_INTERVAL_NS);
}

static void watch_input(void)
{
	if (!console_sink)
		timer_arm(&input.timer, clock_ns() + POLL_INTERVAL_NS);
}

static ssize_t console_read(struct file *file, struct io *io, off_t *position UNUSED)
{
	char chunk[CHUNK];
	unsigned long flags;
	size_t len;

	if (!io->remaining)
		return 0;
	while (!input_ready(NULL)) {
		int err;

		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		watch_input();
		err = wait_until(&input.readers, input_ready, NULL, WAIT_FOREVER);
		if (err)
			return err;
	}
	flags = spin_lock(&input.lock);
	len = min(io->remaining, input.end - input.start);
	memcpy(chunk, input.bytes + input.start, len);
	input.start += len;
	spin_unlock(&input.lock, flags);
	return len ? io_put(io, chunk, len) : 0;
}

static unsigned console_poll(struct file *file UNUSED, struct poll_table *table)
{
	poll_wait(table, &input.readers);
	if (table)
		watch_input();
	return POLLOUT | POLLWRNORM | (input_ready(NULL) ? POLLIN | POLLRDNORM : 0);
}

/* ---- ioctl ---- */

static long get_group(user_ptr_t argument)
{
	int group = foreground_group ? foreground_group : process_current()->pgid;

	return user_write(argument, &group);
}

static long set_group(user_ptr_t argument)
{
	int group, err = user_read(&group, argument);

	if (err)
		return err;
	if (group <= 0)
		return -EINVAL;
	foreground_group = group;
	return 0;
}

static long count_input(user_ptr_t argument)
{
	int count;

	input_ready(NULL);
	count = (int)(input.end - input.start);
	return user_write(argument, &count);
}

static long console_ioctl(struct file *file UNUSED, unsigned command, user_ptr_t argument)
{
	if (!is_terminal && command != FIONREAD)
		return -ENOTTY;
	switch (command) {
	case TCGETS:
		return user_write(argument, &termios);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return user_read(&termios, argument);
	case TIOCGWINSZ:
		return user_write(argument, &winsize);
	case TIOCSWINSZ:
		return user_read(&winsize, argument);
	case TIOCGPGRP:
		return get_group(argument);
	case TIOCSPGRP:
		return set_group(argument);
	case FIONREAD:
		return count_input(argument);
	}
	return -ENOTTY;
}

/* Where the console is no terminal, no process has one that controls it (tty(4)). */
static int tty_open(struct file *file UNUSED)
{
	return is_terminal ? 0 : -ENXIO;
}

static const struct file_ops tty_fops = {
	.open = tty_open,
	.read = console_read,
	.write = console_write,
	.poll = console_poll,
	.ioctl = console_ioctl,
};
static const struct file_ops console_fops = {
	.read = console_read,
	.write = console_write,
	.poll = console_poll,
	.ioctl = console_ioctl,
};
static const struct file_ops errout_fops = {
	.read = console_read,
	.write = errout_write,
	.poll = console_poll,
	.ioctl = console_ioctl,
};
static const struct char_device tty_device = { "tty", MAJOR_TTY_AUX, 0, 0666, &tty_fops };
static const struct char_device console_device = { "console", MAJOR_TTY_AUX, 1, 0600, &console_fops };
static const struct char_device errout_device = { "errout", MAJOR_TTY_AUX, 64, 0600, &errout_fops };
CHAR_DEVICE(tty_device);
CHAR_DEVICE(console_device);
CHAR_DEVICE(errout_device);

static int console_init(void)
{
	char kind[8];

	is_terminal = boot_option("console", kind, sizeof(kind)) < 0 || strcmp(kind, "pipe");
	timer_init(&input.timer, look_again);
	return 0;
}
INIT_CALL(INIT_DEVICE, console_init);

int console_open(unsigned flags, struct file **out)
{
	return device_open_internal("console", flags, out);
}

int console_open_errors(unsigned flags, struct file **out)
{
	return device_open_internal("errout", flags, out);
}
