/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fake file server that is mounted for tests: see server_test.h.
 */
#include "server_test.h"

#include <kernel/abi/mount.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/vfs.h>
#include <kernel/virtio_mmio.h>

struct fake_server server_fake;
uint8_t server_buffer[SERVER_BUFFER];
struct server_lie server_lie;

static enum fake_server_fate tell_lie(struct fake_server *f UNUSED, unsigned type, uint8_t *answer, uint32_t *len,
				      uint32_t *used)
{
	if (type != server_lie.type)
		return FAKE_SERVER_ANSWERED;
	if (server_lie.at)
		answer[server_lie.at] = server_lie.value;
	*used = *len + (uint32_t)server_lie.longer;
	return server_lie.fate;
}

/* ---- a volume ---- */

int server_mount(const char *filesystem, unsigned flags, const char *options)
{
	int err = vfs_mkdir(AT_FDCWD, SERVER_AT, 0755);

	return err && err != -EEXIST ? err
				     : mount_create_at(SERVER_AT, filesystem, FAKE_SERVER_TAG, flags, options, NULL);
}

int server_begin(const struct fake_protocol *protocol, const char *filesystem)
{
	fake_server_init(&server_fake, protocol);
	return fake_server_attach(&server_fake) ?: server_mount(filesystem, 0, "");
}

void server_end(void)
{
	struct path at;

	if (!path_lookup(AT_FDCWD, SERVER_AT, 0, &at)) {
		mount_detach(at, MNT_DETACH);
		path_put(at);
	}
	if (!path_lookup(AT_FDCWD, "/", 0, &at)) /* what was forgotten is given up by the next walk */
		path_put(at);
	fake_virtio_detach(&server_fake.virtio);
	vfs_rmdir(AT_FDCWD, SERVER_AT);
}

void server_lie_about(unsigned type, unsigned at, uint8_t value)
{
	server_lie.type = type;
	server_lie.at = at;
	server_lie.value = value;
	server_lie.longer = 0;
	server_lie.fate = FAKE_SERVER_ANSWERED;
	server_fake.hook = tell_lie;
}

unsigned long server_offences(void)
{
	return server_fake.virtio.virtio->device.offences;
}

ssize_t server_move(struct file *file, size_t len, off_t offset, bool write)
{
	struct io io;

	io_kernel(&io, server_buffer, len);
	return write ? file_write_at(file, &io, offset) : file_read_at(file, &io, offset);
}

int server_open(const char *name, unsigned flags, struct file **file)
{
	return vfs_open(AT_FDCWD, name, flags, 0644, file);
}

off_t server_size_of(const char *name)
{
	struct path path;
	off_t size = path_lookup(AT_FDCWD, name, 0, &path);

	if (size)
		return size;
	size = path.dentry->inode->size;
	path_put(path);
	return size;
}

static bool never(void *arg UNUSED)
{
	return false;
}

void server_sleep_a_second(void)
{
	struct wait_queue queue = WAIT_QUEUE_INIT(queue);

	(void)!wait_until(&queue, never, NULL, clock_ns() + NSEC_PER_SEC);
}

void server_expect_offence_twice(const struct fake_protocol *protocol, const char *filesystem, unsigned type)
{
	struct file *file;

	CHECK_EQ(server_begin(protocol, filesystem), 0);
	CHECK_EQ(server_open(SERVER_AT "/f", O_RDONLY, &file), 0);
	server_lie_about(type, 0, 0);
	server_lie.fate = FAKE_SERVER_TWICE;
	server_move(file, 100, 0, false);
	fake_virtio_interrupt(&server_fake.virtio, VIRTIO_MMIO_INTERRUPT_QUEUE);
	CHECK(server_offences() > 0);
	CHECK_EQ(server_size_of(SERVER_AT "/none"), -EIO);
	file_put(file);
	server_end();
}

void server_expect_offence_of_write(const struct fake_protocol *protocol, const char *filesystem, unsigned type,
				    unsigned at)
{
	struct file *file;

	CHECK_EQ(server_begin(protocol, filesystem), 0);
	CHECK_EQ(server_open(SERVER_AT "/f", O_RDWR, &file), 0);
	server_lie_about(type, at, 1);
	CHECK_EQ(server_move(file, 10, 0, true), -EIO);
	CHECK(server_offences() > 0);
	file_put(file);
	server_end();
}

void server_expect_offence(const struct fake_protocol *protocol, const char *filesystem, unsigned type, unsigned at,
			   uint8_t value)
{
	struct file *file = NULL;
	int err;

	CHECK_EQ(server_begin(protocol, filesystem), 0);
	server_lie_about(type, at, value);
	err = server_open(SERVER_AT "/f", O_RDONLY, &file);
	if (!err)
		err = (int)server_move(file, 100, 0, false);
	CHECK_EQ(err, -EIO);
	CHECK(server_offences() > 0);
	CHECK_EQ(server_fake.virtio.status & VIRTIO_STATUS_DRIVER_OK, 0);
	CHECK_EQ(server_size_of(SERVER_AT "/none"), -EIO);
	if (file)
		file_put(file);
	server_end();
}
