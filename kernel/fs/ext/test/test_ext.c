/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ext on a disk in memory: what is written is there after the next mount, and what a disk that fails does to it.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/mount.h>
#include <kernel/errno.h>
#include <kernel/fake_disk.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/vfs.h>

#define DEVICE "/test-disk"
#define POINT "/test-mount"
#define JOURNAL_INODE_AT (35 * 1024 + 7 * 256) /* in that image */

static struct fake_disk *disk;

static int attach(unsigned flags)
{
	return mount_create_at(POINT, "ext4", DEVICE, flags, "", NULL);
}

static int detach(void)
{
	struct path at;
	int err = path_lookup(AT_FDCWD, POINT, 0, &at);

	if (err)
		return err;
	err = mount_detach(at, 0);
	path_put(at);
	return err;
}

static int start(unsigned image)
{
	int err = fake_disk_get(&disk);

	if (!err)
		err = vfs_mkdir(AT_FDCWD, POINT, 0755);
	if (!err)
		err = vfs_mknod(AT_FDCWD, DEVICE, S_IFBLK | 0600, disk->block.rdev);
	if (err)
		return err;
	fake_disk_load(disk, image);
	return 0;
}

static void end(void)
{
	CHECK_EQ(vfs_unlink(AT_FDCWD, DEVICE), 0);
	CHECK_EQ(vfs_rmdir(AT_FDCWD, POINT), 0);
}

/* Writes or reads a file's bytes, from the start; an error, or bytes. */
static ssize_t transfer(const char *path, void *bytes, size_t len, bool write)
{
	struct file *file;
	struct io io;
	ssize_t n = vfs_open(AT_FDCWD, path, write ? O_RDWR | O_CREAT : O_RDONLY, 0644, &file);

	if (n)
		return n;
	io_kernel(&io, bytes, len);
	n = write ? file_write(file, &io) : file_read(file, &io);
	file_put(file);
	return n;
}

static void check_kept(unsigned image)
{
	static char bytes[9000], read[9000];

	CHECK_EQ(start(image), 0);
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + i / 256);
	CHECK_EQ(attach(0), 0);
	CHECK_EQ(transfer(POINT "/a/new", bytes, sizeof(bytes), true), sizeof(bytes));
	CHECK_EQ(vfs_mkdir(AT_FDCWD, POINT "/dir", 0755), 0);
	CHECK_EQ(vfs_unlink(AT_FDCWD, POINT "/a/b/large"), 0);
	CHECK_EQ(vfs_rmdir(AT_FDCWD, POINT "/a"), -ENOTEMPTY);
	CHECK_EQ(vfs_rmdir(AT_FDCWD, POINT "/a/b"), 0);
	CHECK_EQ(detach(), 0);
	CHECK_EQ(attach(MS_RDONLY), 0);
	CHECK_EQ(transfer(POINT "/a/new", read, sizeof(read), false), sizeof(read));
	CHECK_EQ(memcmp(read, bytes, sizeof(bytes)), 0);
	CHECK_EQ(transfer(POINT "/a/b/large", read, sizeof(read), false), -ENOENT);
	CHECK_EQ(vfs_mkdir(AT_FDCWD, POINT "/dir", 0755), -EEXIST);
	CHECK_EQ(vfs_mkdir(AT_FDCWD, POINT "/other", 0755), -EROFS);
	CHECK_EQ(detach(), 0);
	end();
}

TEST(ext2_keeps_what_was_written)
{
	check_kept(FAKE_DISK_EXT2);
}

TEST(ext4_keeps_what_was_written)
{
	check_kept(FAKE_DISK_EXT4);
}

TEST(ext4_with_a_journal_keeps_what_was_written)
{
	check_kept(FAKE_DISK_EXT4_JOURNAL);
}

TEST(ext_mount_refuses_what_is_no_disk)
{
	CHECK_EQ(start(FAKE_DISK_EXT4), 0);
	CHECK_EQ(attach(0), 0);
	CHECK_EQ(attach(0), -EBUSY);
	CHECK_EQ(detach(), 0);
	fake_disk_patch(disk, 1024 + 56, "no", 2);
	CHECK_EQ(attach(0), -EINVAL);
	fake_disk_load(disk, FAKE_DISK_EXT4);
	fake_disk_patch(disk, 1024 + 96, "\xff\xff", 2); /* incompatible features */
	CHECK_EQ(attach(0), -EINVAL);
	fake_disk_load(disk, FAKE_DISK_EXT4);
	disk->block.sectors /= 2;
	CHECK_EQ(attach(0), -EUCLEAN);
	fake_disk_load(disk, FAKE_DISK_EXT4_JOURNAL);
	fake_disk_patch(disk, JOURNAL_INODE_AT + 8, "\xff", 1); /* a time: its checksum is wrong */
	CHECK_EQ(attach(0), -EUCLEAN);
	end();
}

/* One descriptor hears of an error once, another one that was open then hears of it too, and later errors again. */
TEST(ext_write_errors_are_told_once_by_each_descriptor)
{
	static char bytes[8192] = "lost";
	struct file *one, *other;
	struct io io;

	CHECK_EQ(start(FAKE_DISK_EXT4), 0);
	CHECK_EQ(attach(0), 0);
	CHECK_EQ(vfs_open(AT_FDCWD, POINT "/a/g", O_RDWR, 0, &one), 0);
	CHECK_EQ(vfs_open(AT_FDCWD, POINT "/a/g", O_RDWR, 0, &other), 0);
	for (unsigned round = 0; round < 2; round++) {
		io_kernel(&io, bytes, sizeof(bytes));
		CHECK_EQ(file_write_at(one, &io, (off_t)round * 8192), sizeof(bytes));
		disk->data_writes_fail = true;
		CHECK_EQ(one->ops->sync(one, false), -EIO);
		disk->data_writes_fail = false;
		CHECK_EQ(one->ops->sync(one, false), 0);
		CHECK_EQ(other->ops->sync(other, false), -EIO);
		CHECK_EQ(other->ops->sync(other, false), 0);
	}
	file_put(one);
	file_put(other);
	CHECK_EQ(detach(), 0);
	end();
}

/* Nothing of it can be reached any more: who has it open gets errors, and all can be given up. */
TEST(ext_survives_a_disk_that_vanishes)
{
	static char bytes[4096];
	struct file *file;
	struct io io;

	CHECK_EQ(start(FAKE_DISK_EXT4_JOURNAL), 0);
	CHECK_EQ(attach(0), 0);
	CHECK_EQ(vfs_open(AT_FDCWD, POINT "/f", O_RDWR, 0, &file), 0);
	io_kernel(&io, bytes, sizeof(bytes));
	CHECK_EQ(file_write_at(file, &io, 0), sizeof(bytes));
	disk->reads_fail_from = disk->writes_fail_from = 0;
	CHECK_EQ(transfer(POINT "/a/b/large", bytes, sizeof(bytes), false), -EIO);
	CHECK_EQ(file->ops->sync(file, false), -EIO);
	CHECK_EQ(vfs_mkdir(AT_FDCWD, POINT "/new", 0755), -EROFS);
	io_kernel(&io, bytes, sizeof(bytes));
	CHECK_EQ(file_write_at(file, &io, 0), -EROFS);
	CHECK(disk->block.errors > 0);
	file_put(file);
	CHECK_EQ(detach(), 0);
	end();
}
