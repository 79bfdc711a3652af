/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two halves of the virtio console: the device with its control queues (virtio_console.c), and what goes through a
 * port (virtio_console_port.c).
 */
#pragma once

#include <kernel/page.h>
#include <kernel/terminal.h>
#include <kernel/vfs.h>
#include <kernel/virtio_console.h>

#define PORT_NAME_MAX 32
#define PORT_IN_BUFFERS 4	/* of a page */
#define PORT_OUT_BUFFERS 8	/* of PORT_OUT_SIZE */
#define PORT_OUT_ORDER 2
#define PORT_OUT_SIZE (PAGE_SIZE << PORT_OUT_ORDER)

struct virtio_console;

struct port_buffer {
	struct port_buffer *next;
	struct page *page;	/* NULL: none yet */
	uint32_t at, len;	/* of what came in */
};

struct port {
	unsigned refs;			/* the device's, and one of each open file */
	unsigned number;
	struct virtio_console *console;	/* what its fields say of the other side is under lock */
	struct terminal terminal;
	struct spinlock lock;
	struct virtqueue *in, *out;	/* NULL: the device has gone */
	struct port_buffer in_buffers[PORT_IN_BUFFERS], out_buffers[PORT_OUT_BUFFERS];
	struct port_buffer *filled, **filled_end;	/* not read yet, in order */
	struct port_buffer *idle;			/* for output */
	unsigned pending;				/* on their way out */
	bool present;			/* the other side says that it is there */
	bool is_console;
	bool host_open;
	unsigned opens;
	bool escaped;			/* its input is the runner's (kernel/terminal.h) */
	struct terminal_escape escape;
	int hvc;			/* its number as a console; -1: none */
	bool watched;			/* terminal_watch_size() */
	bool is_file;			/* device is registered */
	struct found_device file;
	char name[PORT_NAME_MAX], device_name[16], link[16 + PORT_NAME_MAX];
};

/* One reference. NULL without memory. Any context. */
struct port *port_create(struct virtio_console *console, unsigned number, struct virtqueue *in, struct virtqueue *out);
/* The device has been reset: takes back what it had, and drops the device's reference. Threads. */
void port_remove(struct port *port);
/* Gives it buffers to fill. Any context. */
void port_start(struct port *port);
/* Something was used. Interrupts off. */
void port_received(struct port *port);
void port_sent(struct port *port);
/* The other side has opened, closed or taken away the port. Any context. */
void port_set_open(struct port *port, bool present, bool host_open);
/* Makes its device file, and of a console the terminal that may be resized. Threads; at boot. */
void port_publish(struct port *port, unsigned device_number);

/* virtio_console.c: tells the device that a port was opened or closed here. Threads. */
void console_tell_open(struct virtio_console *console, const struct port *port, bool open);
