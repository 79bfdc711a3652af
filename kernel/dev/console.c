/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's terminal: the machine's console, whose input is polled because consoles do not interrupt; or, with
 * console=hvc0 on the command line, the first virtio console. See kernel/terminal.h.
 */
#include <kernel/console.h>

#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/terminal.h>
#include <kernel/vfs.h>
#include <plat/plat.h>

#define MAJOR_TTY_AUX 5
#define CHUNK 256

static void (*console_sink)(const char *text, size_t len);

void console_set_sink(void (*sink)(const char *text, size_t len))
{
	console_sink = sink;
}

/* ---- the machine's ---- */

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

static ssize_t machine_write(struct terminal *terminal UNUSED, struct io *io, bool nonblock UNUSED)
{
	return write_with(io, console_sink ? console_sink : plat->console_write);
}

/* With a sink no input exists: a harness has no terminal. */
static ssize_t machine_read(struct terminal *terminal UNUSED, char *text, size_t len)
{
	return console_sink ? 0 : plat->console_read(text, len);
}

static bool machine_polled(struct terminal *terminal UNUSED)
{
	return !console_sink;
}

static const struct terminal_ops machine_ops = {
	.write = machine_write,
	.read = machine_read,
	.polled = machine_polled,
};
static struct terminal machine;
static struct terminal *console = &machine;

void console_use(struct terminal *terminal)
{
	terminal->plain = machine.plain;
	console = terminal;
}

void console_drain(void)
{
	if (console->ops->drain)
		console->ops->drain(console);
}

/* ---- its files ---- */

static ssize_t console_read(struct file *file, struct io *io, off_t *position UNUSED)
{
	return terminal_read(console, file, io);
}

static ssize_t console_write(struct file *file, struct io *io, off_t *position UNUSED)
{
	return console_sink ? write_with(io, console_sink) : terminal_write(console, file, io);
}

static ssize_t errout_write(struct file *file UNUSED, struct io *io, off_t *position UNUSED)
{
	return write_with(io, console_sink ? console_sink : plat->log_write);
}

static unsigned console_poll(struct file *file UNUSED, struct poll_table *table)
{
	return terminal_poll(console, table);
}

static long console_ioctl(struct file *file UNUSED, unsigned command, user_ptr_t argument)
{
	return terminal_ioctl(console, command, argument);
}

/* Where the console is no terminal, no process has one that controls it (tty(4)). */
static int tty_open(struct file *file UNUSED)
{
	return console->plain ? -ENXIO : 0;
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

bool console_option(const char *word)
{
	char kind[8];
	ssize_t len;

	for (size_t i = 0; (len = boot_option_at("console", i, kind, sizeof(kind))) != -ENOENT; i++)
		if (len > 0 && !strcmp(kind, word))
			return true;
	return false;
}

/* Before devices are looked for, one of which may take the console over. */
static int console_init(void)
{
	terminal_init(&machine, &machine_ops, NULL);
	machine.plain = console_option("pipe");
	return 0;
}
INIT_CALL(INIT_CORE, console_init);

static int console_check(void)
{
	if (console_option("hvc0") && console == &machine)
		log_warning("console=hvc0: there is no virtio console; the machine's is used");
	return 0;
}
INIT_CALL(INIT_FS, console_check);

int console_open(unsigned flags, struct file **out)
{
	return device_open_internal("console", flags, out);
}

int console_open_errors(unsigned flags, struct file **out)
{
	return device_open_internal("errout", flags, out);
}
