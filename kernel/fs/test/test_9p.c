/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The 9P file system against a server in memory (kernel/fake_9p.h): what it does when the server is honest, and that
 * nothing is believed when it is not.
 */
#include <kernel/abi/mount.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/fake_9p.h>
#include <kernel/heap.h>
#include <kernel/remote.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/vfs.h>
#include <kernel/virtio_mmio.h>

#define AT "/test9p"
#define T_READ 116
#define T_GETATTR 24
#define T_WALK 110
#define T_WRITE 118
#define T_VERSION 100
#define T_READDIR 40

static struct fake_9p fake;
static uint8_t buffer[16 * KIB];

/* What the hook does to answers of one type. */
static struct {
	uint8_t type;
	unsigned at;		/* this byte becomes */
	uint8_t value;
	int longer;		/* bytes that the device says more */
	enum fake_9p_fate fate;
} lie;

static enum fake_9p_fate tell_lie(struct fake_9p *f UNUSED, uint8_t type, uint8_t *answer, uint32_t *len,
				  uint32_t *used)
{
	if (type != lie.type)
		return FAKE_9P_ANSWERED;
	if (lie.at)
		answer[lie.at] = lie.value;
	*used = *len + (uint32_t)lie.longer;
	return lie.fate;
}

/* ---- a volume ---- */

static int mount_it(unsigned flags, const char *options)
{
	struct mount *mount;
	struct path at;
	int err = vfs_mkdir(AT_FDCWD, AT, 0755);

	err = err == -EEXIST ? 0 : err;
	if (!err)
		err = mount_create("9p", FAKE_9P_TAG, flags, options, &mount);
	if (err)
		return err;
	err = path_lookup(AT_FDCWD, AT, 0, &at);
	if (!err)
		err = mount_attach(mount, at);
	path_put(at);
	return err;
}

static int begin(void)
{
	fake_9p_init(&fake);
	return fake_9p_attach(&fake) ?: mount_it(0, "");
}

static void end(void)
{
	struct path at;

	if (!path_lookup(AT_FDCWD, AT, 0, &at)) {
		mount_detach(at, MNT_DETACH);
		path_put(at);
	}
	if (!path_lookup(AT_FDCWD, "/", 0, &at)) /* what was forgotten is given up by the next walk */
		path_put(at);
	fake_virtio_detach(&fake.virtio);
	vfs_rmdir(AT_FDCWD, AT);
}

static void lie_about(uint8_t type, unsigned at, uint8_t value)
{
	lie.type = type;
	lie.at = at;
	lie.value = value;
	lie.longer = 0;
	lie.fate = FAKE_9P_ANSWERED;
	fake.hook = tell_lie;
}

static unsigned long offences(void)
{
	return fake.virtio.virtio->device.offences;
}

static ssize_t move(struct file *file, size_t len, off_t offset, bool write)
{
	struct io io;

	io_kernel(&io, buffer, len);
	return write ? file_write_at(file, &io, offset) : file_read_at(file, &io, offset);
}

static int open_it(const char *name, unsigned flags, struct file **file)
{
	return vfs_open(AT_FDCWD, name, flags, 0644, file);
}

static off_t size_of(const char *name)
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

static void sleep_a_second(void)
{
	struct wait_queue queue = WAIT_QUEUE_INIT(queue);

	(void)!wait_until(&queue, never, NULL, clock_ns() + NSEC_PER_SEC);
}

/* ---- an honest server ---- */

TEST(p9_reads_what_the_server_has)
{
	struct file *file;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(size_of(AT "/f"), 10000);
	CHECK_EQ(size_of(AT "/none"), -ENOENT);
	CHECK_EQ(open_it(AT "/l", O_RDONLY, &file), 0); /* a link to it */
	CHECK_EQ(move(file, sizeof(buffer), 0, false), 10000);
	for (unsigned i = 0; i < 10000; i++)
		if (buffer[i] != i % 251)
			CHECK_EQ(i, -1);
	CHECK_EQ(move(file, 10, 10000, false), 0);
	CHECK_EQ(move(file, 100, 9950, false), 50);
	file_put(file);
	CHECK_EQ(offences(), 0);
	end();
}

TEST(p9_reads_in_large_messages)
{
	struct file *file;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(open_it(AT "/f", O_RDONLY, &file), 0);
	for (off_t at = 0; at < 10000; at += 100)
		CHECK_EQ(move(file, 100, at, false), 100);
	/* Ten thousand bytes are three pages: the first read asks for more than it needs. */
	CHECK(fake.asked[T_READ] <= 3);
	file_put(file);
	end();
}

TEST(p9_writes_through)
{
	struct file *file;
	struct fake_9p_node *node;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(open_it(AT "/g", O_RDWR | O_CREAT | O_EXCL, &file), 0);
	memset(buffer, 'a', 6000);
	CHECK_EQ(move(file, 6000, 0, true), 6000);
	node = fake_9p_find(&fake, "g");
	CHECK(node);
	CHECK_EQ(node->size, 6000);
	CHECK_EQ(node->data[5999], 'a');
	CHECK_EQ(move(file, 6000, 0, false), 6000); /* its pages are ours now */
	memset(buffer, 'b', 10);
	CHECK_EQ(move(file, 10, 4090, true), 10);
	CHECK_EQ(node->data[4095], 'b');
	CHECK_EQ(node->data[4100], 'a');
	CHECK_EQ(move(file, 20, 4085, false), 20);
	CHECK_EQ(buffer[4], 'a');
	CHECK_EQ(buffer[5], 'b');
	CHECK_EQ(buffer[15], 'a');
	CHECK_EQ(inode_truncate(file->inode, 10), 0);
	CHECK_EQ(node->size, 10);
	CHECK_EQ(inode_truncate(file->inode, 5000), 0);
	CHECK_EQ(move(file, 20, 4085, false), 20);
	CHECK_EQ(buffer[5], 0);
	CHECK_EQ(file->ops->sync(file, false), 0);
	file_put(file);
	CHECK_EQ(open_it(AT "/g", O_RDWR | O_CREAT | O_EXCL, &file), -EEXIST);
	end();
}

TEST(p9_mapped_pages_go_back)
{
	struct fake_9p_node *node;
	struct file *file;
	struct page *page;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(open_it(AT "/f", O_RDWR, &file), 0);
	node = fake_9p_find(&fake, "f");
	file->ops->mapped(file, true, true);
	CHECK_EQ(file->ops->map_page(file, 2, true, &page), 0);
	CHECK_EQ(((uint8_t *)page_virt(page))[0], 8192 % 251);
	CHECK_EQ(((uint8_t *)page_virt(page))[10000 - 8192], 0); /* behind the end */
	((uint8_t *)page_virt(page))[0] = 99;
	CHECK_EQ(node->data[8192], 8192 % 251);
	CHECK_EQ(file->ops->sync(file, true), 0);
	CHECK_EQ(node->data[8192], 99);
	CHECK_EQ(fake.asked[T_WRITE], 1);
	CHECK_EQ(file->ops->sync(file, true), 0); /* nothing has changed */
	CHECK_EQ(fake.asked[T_WRITE], 1);
	((uint8_t *)page_virt(page))[1] = 98;
	page_put(page);
	file->ops->mapped(file, true, false);
	CHECK_EQ(node->data[8193], 98);
	CHECK_EQ(node->size, 10000);
	CHECK_EQ(file->ops->map_page(file, 3, true, &page), -EFAULT);
	file_put(file);
	end();
}

TEST(p9_unlinked_files_live_while_open)
{
	struct file *file;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(open_it(AT "/f", O_RDWR, &file), 0);
	CHECK_EQ(vfs_unlink(AT_FDCWD, AT "/f"), 0);
	CHECK_EQ(size_of(AT "/f"), -ENOENT);
	CHECK(fake_9p_find(&fake, ".saki-unlinked-0"));
	CHECK_EQ(inode_truncate(file->inode, 100), 0);
	CHECK_EQ(move(file, 200, 0, false), 100);
	file_put(file);
	CHECK(!fake_9p_find(&fake, ".saki-unlinked-0"));
	end();
}

TEST(p9_names_are_asked_for_again)
{
	struct fake_9p_node *node;
	unsigned walks;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(size_of(AT "/f"), 10000);
	walks = fake.asked[T_WALK];
	CHECK_EQ(size_of(AT "/f"), 10000);
	CHECK_EQ(fake.asked[T_WALK], walks);
	/* Behind our back it becomes another, and one goes; which shows after a while. */
	node = fake_9p_find(&fake, "f");
	node->size = 5;
	node->version++;
	fake_9p_find(&fake, "d")->used = false;
	CHECK_EQ(size_of(AT "/f"), 10000);
	sleep_a_second();
	CHECK_EQ(size_of(AT "/f"), 5);
	CHECK_EQ(size_of(AT "/d"), -ENOENT);
	end();
}

TEST(p9_directories_are_read)
{
	CHECK_EQ(begin(), 0);
	CHECK_EQ(vfs_mkdir(AT_FDCWD, AT "/d/e", 0755), 0);
	CHECK_EQ(vfs_rmdir(AT_FDCWD, AT "/d"), -ENOTEMPTY);
	CHECK_EQ(vfs_rmdir(AT_FDCWD, AT "/d/e"), 0);
	CHECK_EQ(vfs_rmdir(AT_FDCWD, AT "/d"), 0);
	CHECK_EQ(size_of(AT "/d"), -ENOENT);
	CHECK_EQ(vfs_symlink(AT_FDCWD, AT "/s", "f"), 0);
	CHECK_EQ(size_of(AT "/s"), 1);
	end();
}

TEST(p9_read_only_volumes_refuse)
{
	struct file *file;

	fake_9p_init(&fake);
	CHECK_EQ(fake_9p_attach(&fake), 0);
	CHECK_EQ(mount_it(MS_RDONLY, "msize=8192,trans=virtio,version=9p2000.L"), 0);
	CHECK_EQ(open_it(AT "/f", O_RDWR, &file), -EROFS);
	CHECK_EQ(open_it(AT "/g", O_RDWR | O_CREAT, &file), -EROFS);
	CHECK_EQ(vfs_unlink(AT_FDCWD, AT "/f"), -EROFS);
	CHECK_EQ(vfs_mkdir(AT_FDCWD, AT "/e", 0755), -EROFS);
	CHECK_EQ(open_it(AT "/f", O_RDONLY, &file), 0);
	CHECK_EQ(move(file, sizeof(buffer), 0, false), 10000);
	file_put(file);
	end();
}

TEST(p9_mount_says_what_is_wrong)
{
	struct mount *mount;

	fake_9p_init(&fake);
	CHECK_EQ(fake_9p_attach(&fake), 0);
	CHECK_EQ(mount_create("9p", "nothing", 0, "", &mount), -ENOENT);
	CHECK_EQ(mount_create("9p", "", 0, "", &mount), -EINVAL);
	CHECK_EQ(mount_create("9p", FAKE_9P_TAG, 0, "trans=tcp", &mount), -EINVAL);
	CHECK_EQ(mount_create("9p", FAKE_9P_TAG, 0, "msize=100", &mount), -EINVAL);
	CHECK_EQ(mount_create("9p", FAKE_9P_TAG, 0, "", &mount), 0);
	CHECK_EQ(mount_create("9p", FAKE_9P_TAG, 0, "", &mount), -EBUSY);
	mount_put(mount);
	fake_virtio_detach(&fake.virtio);
}

/* ---- one that is not ---- */

/* Whatever it says, the file cannot be read, the device is reset, and all that comes later fails. */
static void expect_offence(uint8_t type, unsigned at, uint8_t value)
{
	struct file *file = NULL;
	int err;

	CHECK_EQ(begin(), 0);
	lie_about(type, at, value);
	err = open_it(AT "/f", O_RDONLY, &file);
	if (!err)
		err = (int)move(file, 100, 0, false);
	CHECK_EQ(err, -EIO);
	CHECK(offences() > 0);
	CHECK_EQ(fake.virtio.status & VIRTIO_STATUS_DRIVER_OK, 0);
	CHECK_EQ(size_of(AT "/none"), -EIO);
	if (file)
		file_put(file);
	end();
}

TEST(p9_another_tag_is_an_offence)
{
	expect_offence(T_WALK, 6, 77);
}

TEST(p9_another_type_is_an_offence)
{
	expect_offence(T_GETATTR, 4, 99);
}

TEST(p9_another_size_is_an_offence)
{
	expect_offence(T_GETATTR, 1, 0xff);
}

TEST(p9_a_walk_of_another_length_is_an_offence)
{
	expect_offence(T_WALK, 7, 2);
}

TEST(p9_more_than_was_asked_for_is_an_offence)
{
	expect_offence(T_READ, 10, 1);
}

TEST(p9_a_negative_size_is_an_offence)
{
	expect_offence(T_GETATTR, 7 + 8 + 13 + 4 + 4 + 4 + 8 + 8 + 7, 0x80);
}

TEST(p9_another_kind_than_the_qid_is_an_offence)
{
	expect_offence(T_GETATTR, 7 + 8, 0x80);
}

TEST(p9_more_bytes_written_than_given_is_an_offence)
{
	struct file *file;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(open_it(AT "/f", O_RDWR, &file), 0);
	lie_about(T_WRITE, 9, 1);
	CHECK_EQ(move(file, 10, 0, true), -EIO);
	CHECK(offences() > 0);
	file_put(file);
	end();
}

TEST(p9_an_answer_given_twice_is_an_offence)
{
	struct file *file;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(open_it(AT "/f", O_RDONLY, &file), 0);
	lie_about(T_READ, 0, 0);
	lie.fate = FAKE_9P_TWICE;
	move(file, 100, 0, false);
	fake_virtio_interrupt(&fake.virtio, VIRTIO_MMIO_INTERRUPT_QUEUE);
	CHECK(offences() > 0);
	CHECK_EQ(size_of(AT "/none"), -EIO);
	file_put(file);
	end();
}

TEST(p9_a_version_that_is_none_is_refused)
{
	struct mount *mount;

	fake_9p_init(&fake);
	CHECK_EQ(fake_9p_attach(&fake), 0);
	lie_about(T_VERSION, 7 + 4 + 2, '8');
	CHECK_EQ(mount_create("9p", FAKE_9P_TAG, 0, "", &mount), -EPROTONOSUPPORT);
	lie_about(T_VERSION, 7 + 3, 1); /* a larger message size */
	CHECK_EQ(mount_create("9p", FAKE_9P_TAG, 0, "", &mount), -EIO);
	fake_virtio_detach(&fake.virtio);
}

TEST(p9_tags_of_devices_are_checked)
{
	fake_9p_init(&fake);
	fake.virtio.config[1] = 1; /* longer than the configuration */
	CHECK_EQ(fake_9p_attach(&fake), -EINVAL);
	fake_9p_init(&fake);
	fake.virtio.config[3] = 0;
	CHECK_EQ(fake_9p_attach(&fake), -EINVAL);
	fake_9p_init(&fake);
	fake.virtio.queue_max[0] = 2;
	CHECK_EQ(fake_9p_attach(&fake), -EINVAL);
}
