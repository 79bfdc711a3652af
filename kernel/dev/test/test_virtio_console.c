/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtio console, against a device that does what the test says: one console, and several ports.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/clock.h>
#include <kernel/fake.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/signal.h>
#include <kernel/systest.h>
#include <kernel/terminal.h>
#include <kernel/virtio_console.h>
#include <kernel/virtio_mmio.h>

#define F_SIZE 0
#define F_MULTIPORT 1
enum { DEVICE_READY, PORT_ADD, PORT_REMOVE, PORT_READY, CONSOLE_PORT, RESIZE, PORT_OPEN, PORT_NAME };

static struct file nonblocking = { .flags = O_NONBLOCK };

static struct fake_virtio *make(uint64_t features, uint32_t ports)
{
	struct fake_virtio *fake = heap_zalloc(sizeof(*fake));

	if (!fake)
		return NULL;
	fake->id = VIRTIO_ID_CONSOLE;
	fake->features = VIRTIO_BIT(VIRTIO_F_VERSION_1) | features;
	memcpy(fake->config + 4, &ports, sizeof(ports));
	for (unsigned i = 0; i < FAKE_QUEUES; i++)
		fake->queue_max[i] = 16;
	if (!fake_virtio_add(fake))
		return fake;
	heap_free(fake);
	return NULL;
}

static void end(struct fake_virtio *fake)
{
	fake_virtio_detach(fake);
	heap_free(fake);
}

static ssize_t put(struct terminal *terminal, const char *text, size_t len)
{
	struct io io;

	io_kernel(&io, (void *)text, len);
	return terminal_write(terminal, &nonblocking, &io);
}

static ssize_t get(struct terminal *terminal, char *text, size_t len)
{
	struct io io;

	io_kernel(&io, text, len);
	return terminal_read(terminal, &nonblocking, &io);
}

/* The device fills one buffer of a queue, and interrupts. */
static bool give(struct fake_virtio *fake, unsigned queue, const void *bytes, uint32_t len)
{
	struct fake_chain chain;

	if (!fake_queue_next(fake, queue, &chain) || chain.in != 1 || chain.spans[0].len < len)
		return false;
	memcpy(chain.spans[0].base, bytes, len);
	fake_queue_use(fake, queue, chain.head, len);
	fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
	return true;
}

/* A message on the control queue. */
static bool tell(struct fake_virtio *fake, uint32_t id, uint16_t event, uint16_t value, const char *text)
{
	struct {
		uint32_t id;
		uint16_t event, value;
		char text[24];
	} message = { id, event, value, { 0 } };
	size_t len = event == RESIZE ? 4 : strlen(text);

	memcpy(message.text, text, len);
	return give(fake, 2, &message, (uint32_t)(8 + len));
}

/* The driver's next message is this one. */
static bool was_told(struct fake_virtio *fake, uint32_t id, uint16_t event, uint16_t value)
{
	struct {
		uint32_t id;
		uint16_t event, value;
	} message;
	struct fake_chain chain;

	if (!fake_queue_next(fake, 3, &chain) || chain.out != 1 || chain.spans[0].len != sizeof(message))
		return false;
	memcpy(&message, chain.spans[0].base, sizeof(message));
	fake_queue_use(fake, 3, chain.head, 0);
	return message.id == id && message.event == event && message.value == value;
}

TEST(virtio_console_moves_bytes)
{
	struct fake_virtio *fake = make(0, 0);
	struct terminal *terminal;
	struct fake_chain chain;
	char text[16];

	CHECK(fake);
	terminal = virtio_console_terminal(fake->virtio, 0);
	CHECK(terminal);
	CHECK_EQ(put(terminal, "hello", 5), 5);
	CHECK(fake_queue_next(fake, 1, &chain));
	CHECK_EQ(chain.out, 1);
	CHECK_EQ(chain.spans[0].len, 5);
	CHECK(memcmp(chain.spans[0].base, "hello", 5) == 0);
	fake_queue_use(fake, 1, chain.head, 0);
	CHECK_EQ(get(terminal, text, sizeof(text)), -EAGAIN);
	for (unsigned i = 0; i < 20; i++) {
		CHECK(give(fake, 0, "answer", 6));
		CHECK_EQ(get(terminal, text, 4), 4);
		CHECK_EQ(get(terminal, text + 4, 12), 2);
		CHECK(memcmp(text, "answer", 6) == 0);
	}
	CHECK_EQ(fake->virtio->device.offences, 0);
	end(fake);
}

TEST(virtio_console_is_full_and_has_room_again)
{
	struct fake_virtio *fake = make(0, 0);
	struct terminal *terminal;
	struct fake_chain chain;
	unsigned count = 0;

	CHECK(fake);
	terminal = virtio_console_terminal(fake->virtio, 0);
	while (count < 100 && put(terminal, "x", 1) == 1)
		count++;
	CHECK_EQ(count, 8);
	CHECK_EQ(put(terminal, "x", 1), -EAGAIN);
	CHECK(!(terminal_poll(terminal, NULL) & POLLOUT));
	CHECK(fake_queue_next(fake, 1, &chain));
	fake_queue_use(fake, 1, chain.head, 0);
	CHECK(terminal_poll(terminal, NULL) & POLLOUT);
	CHECK_EQ(put(terminal, "x", 1), 1);
	end(fake);
}

TEST(virtio_console_gone_is_the_end)
{
	struct fake_virtio *fake = make(0, 0);
	struct terminal *terminal;
	char text[4];

	CHECK(fake);
	terminal = virtio_console_terminal(fake->virtio, 0);
	fake_queue_use(fake, 0, 4711, 1);
	fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_QUEUE);
	CHECK_EQ(fake->virtio->device.offences, 1);
	CHECK_EQ(put(terminal, "x", 1), -EIO);
	CHECK_EQ(get(terminal, text, sizeof(text)), 0);
	end(fake);
}

static void yield_a_while(void)
{
	for (int i = 0; i < 20 && !signal_pending(); i++)
		clock_sleep_until(clock_ns() + NSEC_PER_MSEC);
}

SYSTEST(virtio_console_new_size_is_a_signal)
{
	struct fake_virtio *fake = make(VIRTIO_BIT(F_SIZE), 0);
	const struct abi_sigaction handler = { .handler = 0x1000 };
	const uint16_t size[] = { 132, 43 };
	struct signal_events events;
	struct terminal *terminal;

	if (IS_ENABLED(CONFIG_FUZZ))
		test_skip("nobody is told under a fuzzer");
	CHECK(fake);
	terminal = virtio_console_terminal(fake->virtio, 0);
	CHECK_EQ(terminal->size.ws_col, 0);
	terminal->foreground_group = process_current()->pgid;
	CHECK_EQ(sys(SYS_rt_sigaction, SIGWINCH, systest_value(0, &handler), 0, 8), 0);
	memcpy(fake->config, size, sizeof(size));
	fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_CONFIG);
	CHECK_EQ(terminal->size.ws_col, 132);
	CHECK_EQ(terminal->size.ws_row, 43);
	yield_a_while();
	sys(SYS_getpid);
	signal_events(&events);
	CHECK_EQ(events.set, IS_ENABLED(CONFIG_FUZZ) ? 0 : SIGNAL_BIT(SIGWINCH));
	end(fake);
}

/* Two ports: 1 is a console, 2 has a name. */
static struct fake_virtio *make_ports(void)
{
	struct fake_virtio *fake = make(VIRTIO_BIT(F_MULTIPORT), 3);

	if (fake && was_told(fake, UINT32_MAX, DEVICE_READY, 1) && tell(fake, 1, PORT_ADD, 1, "") &&
	    was_told(fake, 1, PORT_READY, 1) && tell(fake, 1, CONSOLE_PORT, 1, "") && was_told(fake, 1, PORT_OPEN, 1) &&
	    tell(fake, 2, PORT_ADD, 1, "") && was_told(fake, 2, PORT_READY, 1) &&
	    tell(fake, 2, PORT_NAME, 1, "org.saki/\x01test") && tell(fake, 2, PORT_OPEN, 1, ""))
		return fake;
	if (fake)
		end(fake);
	return NULL;
}

/* Opens what devfs, mounted at /mnt for this, has below the folder of named ports. */
static long open_port(const char *path)
{
	return sys(SYS_open, systest_string(256, path), O_RDWR | O_NONBLOCK, 0);
}

static long mount_devices(void)
{
	sys(SYS_mkdir, systest_string(0, "/ports"), 0755);
	return sys(SYS_mount, systest_string(64, "none"), systest_string(0, "/ports"), systest_string(128, "devfs"), 0,
		   0);
}

SYSTEST(virtio_console_ports_are_files)
{
	struct fake_virtio *fake = make_ports();
	struct fake_chain chain;
	int fd;

	CHECK(fake);
	virtio_console_publish(fake->virtio);
	CHECK_EQ(mount_devices(), 0);
	fd = (int)open_port("/ports/virtio-ports/org.saki__test");
	CHECK(fd >= 0);
	CHECK(was_told(fake, 2, PORT_OPEN, 1));
	CHECK_ERR(open_port("/ports/virtio-ports/org.saki__test"), EBUSY);
	CHECK_EQ(sys(SYS_write, fd, systest_string(512, "to it"), 5), 5);
	CHECK(fake_queue_next(fake, 7, &chain));
	CHECK(memcmp(chain.spans[0].base, "to it", 5) == 0);
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_MEM + 1024, 16), EAGAIN);
	CHECK(give(fake, 6, "from it", 7));
	CHECK_EQ(sys(SYS_read, fd, SYSTEST_MEM + 1024, 16), 7);
	CHECK_MEM(SYSTEST_MEM + 1024, "from it", 7);
	CHECK_ERR(sys(SYS_ioctl, fd, TIOCGWINSZ, SYSTEST_MEM), ENOTTY);
	CHECK_EQ(systest_events(fd), POLLOUT);
	/* The other side closes: the end, until it opens again. */
	CHECK(tell(fake, 2, PORT_OPEN, 0, ""));
	CHECK_EQ(systest_events(fd), POLLIN | POLLHUP);
	CHECK_EQ(sys(SYS_read, fd, SYSTEST_MEM + 1024, 16), 0);
	CHECK_ERR(sys(SYS_write, fd, SYSTEST_MEM, 5), EAGAIN);
	CHECK(tell(fake, 2, PORT_OPEN, 1, ""));
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_MEM + 1024, 16), EAGAIN);
	CHECK_EQ(sys(SYS_close, fd), 0);
	CHECK(was_told(fake, 2, PORT_OPEN, 0));
	/* One that it takes away. */
	CHECK(tell(fake, 2, PORT_REMOVE, 0, ""));
	CHECK_ERR(open_port("/ports/virtio-ports/org.saki__test"), ENODEV);
	CHECK_EQ(sys(SYS_umount2, systest_string(0, "/ports"), 0), 0);
	CHECK_EQ(fake->virtio->device.offences, 0);
	end(fake);
}

TEST(virtio_console_port_is_resized)
{
	struct fake_virtio *fake = make_ports();

	CHECK(fake);
	CHECK(tell(fake, 1, RESIZE, 0, "\x50\x01\x19\x00"));
	CHECK_EQ(virtio_console_terminal(fake->virtio, 1)->size.ws_col, 0x150);
	CHECK_EQ(virtio_console_terminal(fake->virtio, 1)->size.ws_row, 25);
	end(fake);
}

TEST(virtio_console_checks_what_it_is_told)
{
	struct fake_virtio *fake = make_ports();

	CHECK(fake);
	CHECK(tell(fake, 0, PORT_OPEN, 1, "")); /* of a port that it has not told of: nothing */
	CHECK(tell(fake, 1, 99, 1, ""));
	CHECK_EQ(fake->virtio->device.offences, 0);
	CHECK(tell(fake, 3, PORT_ADD, 1, ""));
	CHECK_EQ(fake->virtio->device.offences, 1);
	CHECK(fake->virtio->broken);
	end(fake);

	fake = make_ports();
	CHECK(fake);
	CHECK(give(fake, 2, "short", 5));
	CHECK_EQ(fake->virtio->device.offences, 1);
	end(fake);
	CHECK(!make(VIRTIO_BIT(F_MULTIPORT), 0));
}
