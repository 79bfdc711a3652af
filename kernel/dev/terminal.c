/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See kernel/terminal.h. One thread tells processes of new window sizes: devices
 * learn of them in interrupts, where the list of processes is out of reach.
 */
#include <kernel/terminal.h>

#include <kernel/abi/fcntl.h>
#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/file.h>
#include <kernel/linkset.h>
#include <kernel/mutex.h>
#include <kernel/process.h>
#include <kernel/signal.h>
#include <kernel/string.h>
#include <kernel/thread.h>

#define POLL_INTERVAL_NS (10 * NSEC_PER_MSEC)
#define CHUNK 256
#define INIT_GROUP 1 /* the first program's, to which the terminal belongs until somebody says otherwise */

/* ---- input ---- */

static bool is_polled(const struct terminal *t)
{
	return t->ops->polled && t->ops->polled((struct terminal *)t);
}

/* Asks the device for more when there is none. Lock. */
static void fetch_locked(struct terminal *t)
{
	ssize_t n;

	if (t->start != t->end || t->closed)
		return;
	n = t->ops->read(t, t->bytes, sizeof(t->bytes));
	t->start = 0;
	t->end = n > 0 ? (size_t)n : 0;
	if (n < 0)
		t->closed = true;
}

static bool input_ready(void *arg)
{
	struct terminal *t = arg;
	unsigned long flags = spin_lock(&t->lock);
	bool ready;

	fetch_locked(t);
	ready = t->start != t->end || t->closed;
	spin_unlock(&t->lock, flags);
	return ready;
}

/* While somebody waits, the machine is asked at intervals. */
static void look_again(struct timer *timer)
{
	struct terminal *t = container_of(timer, struct terminal, timer);

	if (input_ready(t))
		wake_all(&t->readers);
	else if (!list_empty(&t->readers.waiters))
		timer_arm(timer, clock_ns() + POLL_INTERVAL_NS);
}

static void watch_input(struct terminal *t)
{
	if (is_polled(t))
		timer_arm(&t->timer, clock_ns() + POLL_INTERVAL_NS);
}

static size_t take(struct terminal *t, char *chunk, size_t max)
{
	unsigned long flags = spin_lock(&t->lock);
	size_t len = min(max, t->end - t->start);

	memcpy(chunk, t->bytes + t->start, len);
	t->start += len;
	spin_unlock(&t->lock, flags);
	return len;
}

ssize_t terminal_read(struct terminal *t, struct file *file, struct io *io)
{
	char chunk[CHUNK];
	ssize_t total = 0;
	size_t len;

	if (!io->remaining)
		return 0;
	while (!input_ready(t)) {
		int err;

		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		watch_input(t);
		err = wait_until(&t->readers, input_ready, t, WAIT_FOREVER);
		if (err)
			return err;
	}
	while ((len = take(t, chunk, min(io->remaining, sizeof(chunk))))) {
		ssize_t n = io_put(io, chunk, len);

		if (n > 0)
			total += n;
		if (n != (ssize_t)len)
			return total ? total : n;
	}
	return total;
}

ssize_t terminal_write(struct terminal *t, struct file *file, struct io *io)
{
	return t->ops->write(t, io, file->flags & O_NONBLOCK);
}

unsigned terminal_poll(struct terminal *t, struct poll_table *table)
{
	bool writable = !t->ops->writable || t->ops->writable(t);

	poll_wait(table, &t->readers);
	poll_wait(table, &t->writers);
	if (table)
		watch_input(t);
	return (writable ? POLLOUT | POLLWRNORM : 0) | (input_ready(t) ? POLLIN | POLLRDNORM : 0);
}

void terminal_input(struct terminal *t)
{
	wake_all(&t->readers);
}

void terminal_room(struct terminal *t)
{
	wake_all(&t->writers);
}

void terminal_reopen(struct terminal *t)
{
	unsigned long flags = spin_lock(&t->lock);

	t->closed = false;
	spin_unlock(&t->lock, flags);
}

/* ---- ioctl ---- */

static long get_group(const struct terminal *t, user_ptr_t argument)
{
	int group = t->foreground_group ? t->foreground_group : process_current()->pgid;

	return user_write(argument, &group);
}

static long set_group(struct terminal *t, user_ptr_t argument)
{
	int group, err = user_read(&group, argument);

	if (err)
		return err;
	if (group <= 0)
		return -EINVAL;
	t->foreground_group = group;
	return 0;
}

static long set_size(struct terminal *t, user_ptr_t argument)
{
	struct abi_winsize size;
	int err = user_read(&size, argument);

	if (!err)
		t->size = size;
	return err;
}

static long count_input(struct terminal *t, user_ptr_t argument)
{
	unsigned long flags;
	int count;

	input_ready(t);
	flags = spin_lock(&t->lock);
	count = (int)(t->end - t->start);
	spin_unlock(&t->lock, flags);
	return user_write(argument, &count);
}

long terminal_ioctl(struct terminal *t, unsigned command, user_ptr_t argument)
{
	if (t->plain && command != FIONREAD)
		return -ENOTTY;
	switch (command) {
	case TCGETS: return user_write(argument, &t->termios);
	case TCSETS:
	case TCSETSW:
	case TCSETSF: return user_read(&t->termios, argument);
	case TIOCGWINSZ: return user_write(argument, &t->size);
	case TIOCSWINSZ: return set_size(t, argument);
	case TIOCGPGRP: return get_group(t, argument);
	case TIOCSPGRP: return set_group(t, argument);
	case FIONREAD: return count_input(t, argument);
	default: return -ENOTTY;
	}
}

/* ---- size ---- */

static struct mutex watched_lock = MUTEX_INIT(watched_lock);
static struct list watched = LIST_INIT(watched);
static struct wait_queue resized_queue = WAIT_QUEUE_INIT(resized_queue);
static bool any_resized; /* atomic */

void terminal_resize(struct terminal *t, unsigned rows, unsigned columns)
{
	t->size.ws_row = (uint16_t)rows;
	t->size.ws_col = (uint16_t)columns;
	atomic_store(&t->resized, true);
	atomic_store(&any_resized, true);
	wake_all(&resized_queue);
}

static int tell(struct process *process, void *context)
{
	const struct terminal *t = context;

	if (process->pgid == (t->foreground_group ? t->foreground_group : INIT_GROUP))
		signal_send(process, SIGWINCH, NULL);
	return 0;
}

static bool has_resized(void *arg UNUSED)
{
	return atomic_load(&any_resized);
}

static void terminal_main(void *arg UNUSED)
{
	for (;;) {
		wait_for_work(&resized_queue, has_resized, NULL);
		atomic_store(&any_resized, false);
		mutex_lock(&watched_lock);
		list_foreach(&watched, struct terminal, node, t)
			if (atomic_exchange(&t->resized, false))
				process_foreach(tell, t);
		mutex_unlock(&watched_lock);
	}
}

void terminal_watch_size(struct terminal *t)
{
	mutex_lock(&watched_lock);
	list_append(&watched, &t->node);
	mutex_unlock(&watched_lock);
}

void terminal_unwatch_size(struct terminal *t)
{
	mutex_lock(&watched_lock);
	list_remove(&t->node);
	mutex_unlock(&watched_lock);
}

/* Not under a fuzzer, where a thread is one more stack to put back after each input. */
static int terminal_start(void)
{
	struct thread *thread;

	if (!IS_ENABLED(CONFIG_DEVICES) || IS_ENABLED(CONFIG_FUZZ))
		return 0;
	thread = thread_create("terminal", terminal_main, NULL);
	if (!thread)
		return -ENOMEM;
	thread_start(thread);
	thread_put(thread);
	return 0;
}
INIT_CALL(INIT_BUS, terminal_start);

/* ---- start ---- */

void terminal_init(struct terminal *t, const struct terminal_ops *ops, void *data)
{
	t->ops = ops;
	t->data = data;
	spin_init(&t->lock);
	wait_queue_init(&t->readers);
	wait_queue_init(&t->writers);
	timer_init(&t->timer, look_again);
	t->termios = (struct abi_termios){
		.c_iflag = ICRNL | IXON,
		.c_oflag = OPOST | ONLCR,
		.c_cflag = CS8 | CREAD | B38400,
		.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
		.c_cc = { 3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22 },
	};
	t->size = (struct abi_winsize){ .ws_row = 24, .ws_col = 80 };
}
