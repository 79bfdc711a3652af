/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device side of a virtio console, with one console or several ports, while somebody reads and writes.
 * Finds: control messages that are believed, ports that do not exist, input that is taken from where none is, buffers
 * that are lost or given twice, ports that are not let go of.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/fake.h>
#include <kernel/file.h>
#include <kernel/harness.h>
#include <kernel/terminal.h>
#include <kernel/virtio_console.h>

#define BYTES_MAX 1024

enum { OP_DEVICE, OP_DEVICE_TOO, OP_WRITE, OP_READ, OP_POLL, OP_PUBLISH, OPS };

static struct fake_virtio fake;
static uint64_t sum; /* of what the driver's side saw */

static void move(struct script *script, struct terminal *terminal, bool out)
{
	static char bytes[BYTES_MAX];
	struct file file = { .flags = O_NONBLOCK };
	struct io io;
	ssize_t n;

	io_kernel(&io, bytes, (size_t)script_take(script, 2) % BYTES_MAX);
	n = out ? terminal_write(terminal, &file, &io) : terminal_read(terminal, &file, &io);
	sum = sum * 31 + (uint64_t)n;
	for (ssize_t i = 0; !out && i < n; i++)
		sum = sum * 31 + (uint8_t)bytes[i];
}

static void step(struct script *script)
{
	unsigned op = (unsigned)script_take(script, 1) % OPS;
	struct terminal *terminal;

	if (op == OP_PUBLISH) {
		virtio_console_publish(fake.virtio);
		return;
	}
	if (op <= OP_DEVICE_TOO) {
		fake_virtio_step(&fake, script);
		return;
	}
	terminal = virtio_console_terminal(fake.virtio, (unsigned)script_take(script, 1) % FAKE_QUEUES);
	if (!terminal)
		return;
	if (op == OP_POLL)
		sum = sum * 31 + terminal_poll(terminal, NULL);
	else
		move(script, terminal, op == OP_WRITE);
}

static int virtio_console_run(const uint8_t *data, size_t size)
{
	struct script script = script_open(data, size);
	int err = fake_virtio_attach(&fake, VIRTIO_ID_CONSOLE, &script);

	sum = 0;
	while (!err && !script_done(&script))
		step(&script);
	harness_result(0, (uint64_t)err);
	harness_result(1, fake.status);
	harness_result(2, fake.virtio ? fake.virtio->device.offences : 0);
	harness_result(3, sum);
	return err;
}

static void virtio_console_teardown(void)
{
	fake_virtio_detach(&fake);
}
HARNESS(virtio_console, .run = virtio_console_run, .teardown = virtio_console_teardown, .max_size = 4 * KIB,
	.about = "a virtio console that does what the input says");
