/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio console device: VIRTIO 1.2, section 5.3. This half finds its ports: one console, or, with F_MULTIPORT, those
 * that the device tells of on its control queue (5.3.6.2). Messages are acted upon in the interrupt; what is answered
 * goes out of a few slots, and a device that does not take its answers gets no more of them.
 *
 * Device files are made for what is there at the end of the probe: the device gets a moment to tell of its ports.
 */
#include "virtio_console_internal.h"

#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/console.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>

#define F_SIZE 0
#define F_MULTIPORT 1

/* The configuration (5.3.4). */
#define AT_SIZE 0
#define AT_MAX_PORTS 4

enum {
	DEVICE_READY,
	PORT_ADD,
	PORT_REMOVE,
	PORT_READY,
	CONSOLE_PORT,
	RESIZE,
	PORT_OPEN,
	PORT_NAME,
};

#define PORTS_MAX ((VIRTIO_QUEUES_MAX - 2) / 2)
#define CONTROL_IN 8
#define CONTROL_OUT 16
#define SETTLE_NS NSEC_PER_SEC		/* for telling of ports, at most: its process may have to wait for a CPU */
#define CONSOLE_NAME "console"		/* of a port that is to be one: QEMU's own consoles lose output */
#define QUIET_NS (2 * NSEC_PER_MSEC)	/* nothing for so long, all answers taken: it has told all */

struct message {
	uint32_t id;
	uint16_t event, value;
};

struct control_in {
	struct message message;
	char text[PORT_NAME_MAX];
};

struct virtio_console {
	struct virtio_device *virtio;
	unsigned number;		/* among the devices of its kind */
	unsigned port_max;
	struct port *ports[PORTS_MAX];	/* those that it has told of ever; set once: read without the lock */
	struct spinlock lock;		/* guards the control queues */
	struct virtqueue *control_in, *control_out;	/* NULL without F_MULTIPORT */
	struct control_in in[CONTROL_IN];
	struct message out[CONTROL_OUT];
	uint32_t out_used;		/* slots, a bit each */
	uint64_t heard_ns;		/* when the last message came or was taken */
};

static unsigned numbers_used; /* of devices, a bit each; atomic */

static struct virtio_console *console_of(struct virtqueue *queue)
{
	return virtqueue_device(queue)->data;
}

/* ---- what is told the device ---- */

/* Lock. @return whether there is something that the device has yet to take */
static bool untaken(struct virtio_console *console)
{
	struct message *message;
	uint32_t len;

	while ((message = virtqueue_take(console->control_out, &len))) {
		console->out_used &= ~(1u << (message - console->out));
		atomic_store_relaxed(&console->heard_ns, clock_ns());
	}
	return console->out_used != 0;
}

/* Lock. */
static void tell(struct virtio_console *console, uint32_t id, uint16_t event, uint16_t value)
{
	struct message *message;
	struct virtq_span span;
	int slot;

	untaken(console);
	slot = __builtin_ffs((int)~console->out_used) - 1;
	if (slot < 0 || slot >= CONTROL_OUT)
		return;
	message = &console->out[slot];
	*message = (struct message){ id, event, value };
	span = (struct virtq_span){ message, sizeof(*message) };
	if (virtqueue_add(console->control_out, &span, 1, 0, message))
		return;
	console->out_used |= 1u << slot;
	virtqueue_kick(console->control_out);
}

void console_tell_open(struct virtio_console *console, const struct port *port, bool open)
{
	unsigned long flags = spin_lock(&console->lock);

	if (console->control_out)
		tell(console, port->number, PORT_OPEN, open);
	spin_unlock(&console->lock, flags);
}

/* ---- what it tells ---- */

/* The queues of a port (5.3.2). */
static unsigned queue_of(unsigned port)
{
	return port ? 2 * port + 2 : 0;
}

static struct port *add_port(struct virtio_console *console, unsigned number)
{
	struct virtqueue **queues = &console->virtio->queues[queue_of(number)];
	struct port *port = console->ports[number];

	if (!port) {
		port = port_create(console, number, queues[0], queues[1]);
		if (!port)
			return NULL;
		atomic_store(&console->ports[number], port);
		port_start(port);
	}
	return port;
}

static void set_size(struct virtio_console *console, struct port *port, const void *size, size_t len)
{
	uint16_t columns_rows[2];

	if (len < sizeof(columns_rows)) {
		virtio_offence(console->virtio, "a size of %zu bytes", len);
		return;
	}
	memcpy(columns_rows, size, sizeof(columns_rows));
	terminal_resize(&port->terminal, columns_rows[1], columns_rows[0]);
}

/* The name becomes one of a file: no more than that is in it. */
static void set_name(struct port *port, const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < sizeof(port->name) && text[i]; i++)
		port->name[n++] = text[i] > ' ' && text[i] < 0x7f && text[i] != '/' ? text[i] : '_';
	if (port->name[0] == '.')
		port->name[0] = '_';
	port->name[n] = '\0';
}

/* A console is open from the start. Lock. */
static void make_console(struct virtio_console *console, struct port *port)
{
	if (port->is_file)
		return;
	port->is_console = true;
	tell(console, port->number, PORT_OPEN, 1);
}

/* Lock. */
static void act(struct virtio_console *console, const struct message *message, const char *text, size_t len)
{
	struct port *port = message->id < console->port_max ? console->ports[message->id] : NULL;

	if (message->id >= console->port_max) {
		virtio_offence(console->virtio, "port %u of %u", message->id, console->port_max);
		return;
	}
	if (message->event == PORT_ADD) {
		port = add_port(console, message->id);
		if (port)
			port_set_open(port, true, port->host_open);
		tell(console, message->id, PORT_READY, port != NULL);
		return;
	}
	if (!port)
		return;
	switch (message->event) {
	case PORT_REMOVE: port_set_open(port, false, false); break;
	case CONSOLE_PORT:
		if (message->value)
			make_console(console, port);
		break;
	case RESIZE: set_size(console, port, text, len); break;
	case PORT_OPEN: port_set_open(port, port->present, message->value); break;
	case PORT_NAME:
		if (!port->is_file)
			set_name(port, text, len);
		if (!strcmp(port->name, CONSOLE_NAME))
			make_console(console, port);
		break;
	default: break;
	}
}

/* Lock. */
static void give(struct virtio_console *console, struct control_in *in)
{
	const struct virtq_span span = { in, sizeof(*in) };

	/* Fails only of a device that is broken, and takes no more. */
	if (!virtqueue_add(console->control_in, &span, 0, 1, in))
		return;
}

static void control_came(struct virtqueue *queue)
{
	struct virtio_console *console = console_of(queue);
	unsigned long flags = spin_lock(&console->lock);
	struct control_in *in, copy;
	uint32_t len;

	do {
		while ((in = virtqueue_take(queue, &len))) {
			memcpy(&copy, in, sizeof(copy));
			give(console, in);
			if (len >= sizeof(copy.message))
				act(console, &copy.message, copy.text, len - sizeof(copy.message));
			else
				virtio_offence(console->virtio, "a control message of %u bytes", len);
			atomic_store_relaxed(&console->heard_ns, clock_ns());
		}
	} while (!virtqueue_enable_callback(queue));
	virtqueue_kick(queue);
	spin_unlock(&console->lock, flags);
}

static void control_sent(struct virtqueue *queue UNUSED)
{
}

/* ---- data ---- */

static struct port *port_of(struct virtqueue *queue)
{
	unsigned index = virtqueue_index(queue), number = index < 2 ? 0 : (index - 2) / 2;

	return atomic_load(&console_of(queue)->ports[number]);
}

static void data_came(struct virtqueue *queue)
{
	struct port *port = port_of(queue);

	if (port)
		port_received(port);
}

static void data_sent(struct virtqueue *queue)
{
	struct port *port = port_of(queue);

	if (port)
		port_sent(port);
}

static void config_changed(struct virtio_device *virtio)
{
	struct virtio_console *console = virtio->data;
	struct port *port = atomic_load(&console->ports[0]);
	uint16_t size[2];

	if (port && virtio_has(virtio, F_SIZE) && !virtio_config_read(virtio, AT_SIZE, size, sizeof(size)))
		set_size(console, port, size, sizeof(size));
}

struct terminal *virtio_console_terminal(struct virtio_device *device, unsigned number)
{
	struct virtio_console *console = device->data;
	struct port *port = number < PORTS_MAX ? atomic_load(&console->ports[number]) : NULL;

	return port ? &port->terminal : NULL;
}

/* ---- coming and going ---- */

/* All queues there are to be, in their order; then what is needed of the control queues. */
static int create_queues(struct virtio_console *console)
{
	bool multiport = virtio_has(console->virtio, F_MULTIPORT);
	struct virtqueue *queue;
	int err = 0;

	for (unsigned i = 0; i < console->port_max && !err; i++) {
		err = virtqueue_create(console->virtio, PORT_IN_BUFFERS, data_came, &queue);
		if (!err)
			err = virtqueue_create(console->virtio, PORT_OUT_BUFFERS, data_sent, &queue);
		if (i || !multiport || err)
			continue;
		err = virtqueue_create(console->virtio, CONTROL_IN, control_came, &console->control_in);
		if (!err)
			err = virtqueue_create(console->virtio, CONTROL_OUT, control_sent, &console->control_out);
	}
	return err;
}

static int read_port_max(struct virtio_console *console)
{
	uint32_t max = 1;
	int err = 0;

	if (virtio_has(console->virtio, F_MULTIPORT))
		err = virtio_config_read(console->virtio, AT_MAX_PORTS, &max, sizeof(max));
	if (!err && !max)
		err = -EINVAL;
	console->port_max = min(max, (uint32_t)PORTS_MAX);
	return err;
}

/* What it has taken may still be answered, at once as QEMU does or a little later. */
static bool may_say_more(struct virtio_console *console)
{
	unsigned long flags = spin_lock(&console->lock);
	bool waits = untaken(console) && !console->virtio->broken;

	spin_unlock(&console->lock, flags);
	return waits || clock_ns() - atomic_load_relaxed(&console->heard_ns) < QUIET_NS;
}

/* Until it says nothing more. While the clock is virtual nobody is waited for. */
static void hear_of_ports(struct virtio_console *console)
{
	uint64_t start = clock_ns();
	unsigned long flags = spin_lock(&console->lock);

	for (unsigned i = 0; i < CONTROL_IN && virtqueue_room(console->control_in); i++)
		give(console, &console->in[i]);
	virtqueue_kick(console->control_in);
	tell(console, UINT32_MAX, DEVICE_READY, 1);
	spin_unlock(&console->lock, flags);
	console->heard_ns = start;
	while (!clock_is_virtual() && clock_ns() - start < SETTLE_NS && may_say_more(console)) {
		control_came(console->control_in);
		arch_relax();
	}
}

static int start(struct virtio_console *console)
{
	struct port *port;

	if (console->control_in) {
		hear_of_ports(console);
		return 0;
	}
	port = add_port(console, 0);
	if (!port)
		return -ENOMEM;
	port->is_console = true;
	port_set_open(port, true, true);
	config_changed(console->virtio);
	return 0;
}

static void virtio_console_remove(struct virtio_device *virtio)
{
	struct virtio_console *console = virtio->data;

	for (unsigned i = 0; i < PORTS_MAX; i++)
		if (console->ports[i])
			port_remove(console->ports[i]);
	while (console->control_in && virtqueue_reclaim(console->control_in))
		;
	while (console->control_out && virtqueue_reclaim(console->control_out))
		;
	atomic_fetch_and(&numbers_used, ~(1u << console->number));
	heap_free(console);
}

void virtio_console_publish(struct virtio_device *virtio)
{
	struct virtio_console *console = virtio->data;

	for (unsigned i = 0; i < console->port_max; i++)
		if (console->ports[i] && console->ports[i]->present && !console->ports[i]->is_file)
			port_publish(console->ports[i], console->number);
}

static int take_number(void)
{
	for (unsigned n = 0; n < 32; n++)
		if (!(atomic_fetch_or(&numbers_used, 1u << n) & 1u << n))
			return (int)n;
	return -ENOSPC;
}

static int virtio_console_probe(struct virtio_device *virtio)
{
	struct virtio_console *console = heap_zalloc(sizeof(*console));
	int number = console ? take_number() : -ENOMEM, err;

	if (number < 0) {
		heap_free(console);
		return number;
	}
	console->number = (unsigned)number;
	console->virtio = virtio;
	virtio->data = console;
	spin_init(&console->lock);
	err = read_port_max(console);
	if (!err)
		err = create_queues(console);
	if (!err) {
		virtio_ready(virtio);
		err = start(console);
	}
	if (err) {
		atomic_fetch_and(&numbers_used, ~(1u << console->number));
		heap_free(console);
		return err;
	}
	virtio_console_publish(virtio);
	return 0;
}

/* Who waits for it need not any more. */
static void virtio_console_broken(struct virtio_device *virtio)
{
	struct virtio_console *console = virtio->data;

	for (unsigned i = 0; i < PORTS_MAX; i++) {
		struct port *port = atomic_load(&console->ports[i]);

		if (port) {
			terminal_input(&port->terminal);
			terminal_room(&port->terminal);
		}
	}
}

static const struct virtio_driver virtio_console_driver = {
	.name = "virtio-console",
	.device_id = VIRTIO_ID_CONSOLE,
	.features = VIRTIO_BIT(F_SIZE) | VIRTIO_BIT(F_MULTIPORT),
	.probe = virtio_console_probe,
	.remove = virtio_console_remove,
	.broken = virtio_console_broken,
	.config_changed = config_changed,
};
DRIVER(virtio, virtio_console_driver);
