/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What goes through a port of a virtio console: VIRTIO 1.2, sections 5.3.6 and 5.3.6.1. Input comes into a few pages
 * that go back once they are read. Output is copied into buffers that the device is told of at once; a writer waits
 * only when all are on their way.
 */
#include "virtio_console_internal.h"

#include <kernel/atomic.h>
#include <kernel/console.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/string.h>

#define MAJOR_HVC 229
#define MAJOR_PORTS 242
#define PORTS_A_DEVICE 8
#define HVC_MAX 8

OBJECT_TYPE(console_port);

static unsigned hvc_used; /* numbers, a bit each; atomic */

static struct port *port_of(const struct terminal *terminal)
{
	return terminal->data;
}

static bool is_usable(const struct port *port)
{
	return port->in && port->present && !virtqueue_device(port->in)->broken;
}

/* ---- in ---- */

/* Lock. */
static void post(struct port *port, struct port_buffer *buffer)
{
	const struct virtq_span span = { page_virt(buffer->page), PAGE_SIZE };

	/* One that cannot be given back is lost only to a device that is broken. */
	if (virtqueue_add(port->in, &span, 0, 1, buffer))
		buffer->len = 0;
}

void port_start(struct port *port)
{
	unsigned long flags = spin_lock(&port->lock);

	for (unsigned i = 0; i < PORT_IN_BUFFERS && virtqueue_room(port->in); i++) {
		struct port_buffer *buffer = &port->in_buffers[i];

		if (buffer->page)
			continue;
		buffer->page = page_alloc(0);
		if (buffer->page)
			post(port, buffer);
	}
	virtqueue_kick(port->in);
	spin_unlock(&port->lock, flags);
}

/* Lock. */
static void take_filled(struct port *port)
{
	struct port_buffer *buffer;
	uint32_t len;

	while ((buffer = virtqueue_take(port->in, &len))) {
		/* Nobody reads what came while a port was closed. */
		if (!len || (!port->is_console && !port->opens)) {
			post(port, buffer);
			continue;
		}
		buffer->at = 0;
		buffer->len = len;
		buffer->next = NULL;
		*port->filled_end = buffer;
		port->filled_end = &buffer->next;
	}
}

void port_received(struct port *port)
{
	unsigned long flags = spin_lock(&port->lock);

	if (port->in) {
		do
			take_filled(port);
		while (!virtqueue_enable_callback(port->in));
		virtqueue_kick(port->in);
	}
	spin_unlock(&port->lock, flags);
	terminal_input(&port->terminal);
}

/* Lock. */
static size_t copy_input(struct port *port, const struct port_buffer *buffer, char *text, size_t len, uint32_t *used)
{
	const char *from = (const char *)page_virt(buffer->page) + buffer->at;
	uint32_t left = buffer->len - buffer->at, at;
	size_t n = 0;

	if (!port->escaped) {
		*used = (uint32_t)min(len, (size_t)left);
		memcpy(text, from, *used);
		return *used;
	}
	for (at = 0; at < left && n < len && !port->escape.ended; at++)
		n += terminal_unescape(&port->escape, (uint8_t)from[at], &text[n]);
	*used = at;
	return n;
}

/* Nothing will come any more; of a port, until the other side opens it again. Lock. */
static bool at_end(const struct port *port)
{
	return port->escape.ended || !is_usable(port) || (!port->is_console && !port->host_open);
}

static ssize_t port_read(struct terminal *terminal, char *text, size_t len)
{
	struct port *port = port_of(terminal);
	unsigned long flags = spin_lock(&port->lock);
	size_t n = 0;
	bool end;

	while (port->filled && n < len && !port->escape.ended) {
		struct port_buffer *buffer = port->filled;
		uint32_t used;

		n += copy_input(port, buffer, text + n, len - n, &used);
		buffer->at += used;
		if (buffer->at < buffer->len)
			break;
		port->filled = buffer->next;
		if (!port->filled)
			port->filled_end = &port->filled;
		if (port->in)
			post(port, buffer);
	}
	if (port->in)
		virtqueue_kick(port->in);
	end = at_end(port);
	spin_unlock(&port->lock, flags);
	return !n && end ? -EPIPE : (ssize_t)n;
}

/* ---- out ---- */

/* Lock. */
static void reclaim(struct port *port)
{
	struct port_buffer *buffer;
	uint32_t len;

	while (port->out && (buffer = virtqueue_take(port->out, &len))) {
		buffer->next = port->idle;
		port->idle = buffer;
		port->pending--;
	}
}

/* Lock. An answer of no asks the device to interrupt. */
static bool has_room(struct port *port)
{
	reclaim(port);
	if (!port->idle && port->out && !virtqueue_enable_callback(port->out))
		reclaim(port);
	return port->idle && (port->is_console || port->host_open);
}

/* Room, or no hope of any. */
static bool can_write(void *arg)
{
	struct port *port = arg;
	unsigned long flags = spin_lock(&port->lock);
	bool can = !is_usable(port) || has_room(port);

	spin_unlock(&port->lock, flags);
	return can;
}

static bool port_writable(struct terminal *terminal)
{
	return can_write(port_of(terminal));
}

void port_sent(struct port *port)
{
	unsigned long flags = spin_lock(&port->lock);

	if (port->out)
		virtqueue_disable_callback(port->out);
	spin_unlock(&port->lock, flags);
	terminal_room(&port->terminal);
}

/* 0 with a buffer; -EAGAIN; -EIO. */
static int take_idle(struct port *port, struct port_buffer **out)
{
	unsigned long flags = spin_lock(&port->lock);
	int err = 0;

	if (!is_usable(port)) {
		err = -EIO;
	} else if (!has_room(port)) {
		err = -EAGAIN;
	} else {
		*out = port->idle;
		port->idle = port->idle->next;
	}
	spin_unlock(&port->lock, flags);
	return err;
}

/* A buffer goes out with its first len bytes; with 0 it stays here. */
static int send(struct port *port, struct port_buffer *buffer, size_t len)
{
	unsigned long flags = spin_lock(&port->lock);
	int err = len ? -EIO : 0;

	if (len && is_usable(port)) {
		const struct virtq_span span = { page_virt(buffer->page), (uint32_t)len };

		err = virtqueue_add(port->out, &span, 1, 0, buffer);
	}
	if (err || !len) {
		buffer->next = port->idle;
		port->idle = buffer;
	} else {
		port->pending++;
		virtqueue_kick(port->out);
	}
	spin_unlock(&port->lock, flags);
	return err;
}

/* Fills one buffer, and sends it. Bytes, 0 with a full device, or an error. */
static ssize_t write_buffer(struct port *port, struct io *io)
{
	struct port_buffer *buffer;
	int err = take_idle(port, &buffer);
	ssize_t n;

	if (err)
		return err == -EAGAIN ? 0 : err;
	if (!buffer->page)
		buffer->page = page_alloc(PORT_OUT_ORDER);
	n = buffer->page ? io_get(io, page_virt(buffer->page), min(io->remaining, (size_t)PORT_OUT_SIZE)) : -ENOMEM;
	err = send(port, buffer, n > 0 ? (size_t)n : 0);
	return err ? err : n;
}

static ssize_t port_write(struct terminal *terminal, struct io *io, bool nonblock)
{
	struct port *port = port_of(terminal);
	ssize_t total = 0, n = 1;

	while (io->remaining && n >= 0) {
		size_t asked = min(io->remaining, (size_t)PORT_OUT_SIZE);

		n = write_buffer(port, io);
		if (n > 0)
			total += n;
		if (n > 0 && (size_t)n < asked)
			break;
		if (!n)
			n = nonblock ? -EAGAIN : wait_until(&terminal->writers, can_write, port, WAIT_FOREVER);
	}
	return total || n >= 0 ? total : n;
}

static bool is_drained(void *arg)
{
	struct port *port = arg;
	unsigned long flags = spin_lock(&port->lock);
	bool drained;

	reclaim(port);
	if (port->pending && port->out && !virtqueue_enable_callback(port->out))
		reclaim(port);
	drained = !port->pending || !is_usable(port);
	spin_unlock(&port->lock, flags);
	return drained;
}

static void port_drain(struct terminal *terminal)
{
	wait_for_work(&terminal->writers, is_drained, port_of(terminal));
}

static const struct terminal_ops port_ops = {
	.write = port_write,
	.read = port_read,
	.writable = port_writable,
	.drain = port_drain,
};

/* ---- coming and going ---- */

struct port *port_create(struct virtio_console *console, unsigned number, struct virtqueue *in, struct virtqueue *out)
{
	struct port *port = heap_zalloc(sizeof(*port));

	if (!port)
		return NULL;
	port->refs = 1;
	port->number = number;
	port->console = console;
	port->hvc = -1;
	port->in = in;
	port->out = out;
	port->filled_end = &port->filled;
	for (unsigned i = 0; i < min(virtqueue_size(out), (unsigned)PORT_OUT_BUFFERS); i++) {
		port->out_buffers[i].next = port->idle;
		port->idle = &port->out_buffers[i];
	}
	spin_init(&port->lock);
	terminal_init(&port->terminal, &port_ops, port);
	virtqueue_disable_callback(out);
	object_count_add(&object_type_console_port, 1);
	return port;
}

static void port_put(struct port *port)
{
	if (atomic_fetch_add(&port->refs, -1) != 1)
		return;
	for (unsigned i = 0; i < PORT_IN_BUFFERS; i++)
		if (port->in_buffers[i].page)
			page_free(port->in_buffers[i].page, 0);
	for (unsigned i = 0; i < PORT_OUT_BUFFERS; i++)
		if (port->out_buffers[i].page)
			page_free(port->out_buffers[i].page, PORT_OUT_ORDER);
	object_count_add(&object_type_console_port, -1);
	heap_free(port);
}

void port_remove(struct port *port)
{
	unsigned long flags = spin_lock(&port->lock);

	while (virtqueue_reclaim(port->in))
		;
	while (virtqueue_reclaim(port->out))
		;
	port->in = port->out = NULL;
	port->console = NULL;
	port->pending = 0;
	spin_unlock(&port->lock, flags);
	if (port->watched)
		terminal_unwatch_size(&port->terminal);
	if (port->is_file)
		char_device_remove(&port->file);
	if (port->hvc >= 0)
		atomic_fetch_and(&hvc_used, ~(1u << port->hvc));
	terminal_input(&port->terminal);
	terminal_room(&port->terminal);
	timer_cancel(&port->terminal.timer);
	port_put(port);
}

void port_set_open(struct port *port, bool present, bool host_open)
{
	unsigned long flags = spin_lock(&port->lock);

	port->present = present;
	port->host_open = host_open;
	spin_unlock(&port->lock, flags);
	if (present && host_open)
		terminal_reopen(&port->terminal);
	terminal_input(&port->terminal);
	terminal_room(&port->terminal);
}

/* ---- files ---- */

static const struct char_device *device_of(const struct file *file)
{
	return char_device_find(file->inode->rdev);
}

/* A port is one reader's at a time, a console everybody's. */
static int port_file_open(struct file *file)
{
	const struct char_device *device = device_of(file);
	struct port *port = device ? container_of(device, struct port, file.device) : NULL;
	struct virtio_console *console;
	unsigned long flags;
	int err = 0;

	if (!port)
		return -ENXIO;
	flags = spin_lock(&port->lock);
	console = port->console;
	if (!port->present)
		err = -ENODEV;
	else if (port->opens && !port->is_console)
		err = -EBUSY;
	else
		port->opens++;
	spin_unlock(&port->lock, flags);
	if (err)
		return err;
	atomic_fetch_add(&port->refs, 1);
	file->data = port;
	if (!port->is_console && console)
		console_tell_open(console, port, true);
	return 0;
}

static void port_file_release(struct file *file)
{
	struct port *port = file->data;
	unsigned long flags = spin_lock(&port->lock);
	struct virtio_console *console = port->console;

	port->opens--;
	spin_unlock(&port->lock, flags);
	if (!port->is_console && console)
		console_tell_open(console, port, false);
	port_put(port);
}

static ssize_t port_file_read(struct file *file, struct io *io, off_t *position UNUSED)
{
	struct port *port = file->data;

	return terminal_read(&port->terminal, file, io);
}

static ssize_t port_file_write(struct file *file, struct io *io, off_t *position UNUSED)
{
	struct port *port = file->data;

	return terminal_write(&port->terminal, file, io);
}

static unsigned port_file_poll(struct file *file, struct poll_table *table)
{
	struct port *port = file->data;
	unsigned events = terminal_poll(&port->terminal, table);

	return events | (!port->is_console && !atomic_load_relaxed(&port->host_open) ? POLLHUP : 0);
}

static long port_file_ioctl(struct file *file, unsigned command, user_ptr_t argument)
{
	struct port *port = file->data;

	return terminal_ioctl(&port->terminal, command, argument);
}

static const struct file_ops port_fops = {
	.open = port_file_open,
	.read = port_file_read,
	.write = port_file_write,
	.poll = port_file_poll,
	.ioctl = port_file_ioctl,
	.release = port_file_release,
};

/* The lowest number that no console has; -1. */
static int take_hvc(void)
{
	for (int n = 0; n < HVC_MAX; n++)
		if (!(atomic_fetch_or(&hvc_used, 1u << n) & 1u << n))
			return n;
	return -1;
}

void port_publish(struct port *port, unsigned device_number)
{
	port->hvc = port->is_console ? take_hvc() : -1;
	port->terminal.plain = !port->is_console;
	port->file.device = (struct char_device){ .name = port->device_name, .mode = 0600, .fops = &port_fops };
	if (port->hvc >= 0) {
		format(port->device_name, sizeof(port->device_name), "hvc%d", port->hvc);
		port->file.device.major = MAJOR_HVC;
		port->file.device.minor = (unsigned)port->hvc;
		terminal_watch_size(&port->terminal);
		port->watched = true;
	} else {
		format(port->device_name, sizeof(port->device_name), "vport%up%u", device_number, port->number);
		port->file.device.major = MAJOR_PORTS;
		port->file.device.minor = device_number * PORTS_A_DEVICE + port->number;
	}
	if (port->name[0]) {
		format(port->link, sizeof(port->link), "virtio-ports/%s", port->name);
		port->file.link = port->link;
	}
	port->is_file = !char_device_add(&port->file);
	if (port->hvc == 0 && console_option("hvc0")) {
		port->escaped = true;
		console_use(&port->terminal);
	}
}
