/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The 9P file system against a server in memory (kernel/fake_server.h): what it does when the server is honest, and
 * that nothing is believed when it is not.
 */
#include "server_test.h"

#include <kernel/abi/mount.h>
#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/vfs.h>

#define T_READ 116
#define T_GETATTR 24
#define T_WALK 110
#define T_WRITE 118
#define T_VERSION 100

/* ---- an honest server ---- */

TEST(p9_reads_what_the_server_has)
{
	struct file *file;

	CHECK_EQ(server_begin(&fake_9p, "9p"), 0);
	CHECK_EQ(server_size_of(SERVER_AT "/f"), 10000);
	CHECK_EQ(server_size_of(SERVER_AT "/none"), -ENOENT);
	CHECK_EQ(server_open(SERVER_AT "/l", O_RDONLY, &file), 0); /* a link to it */
	CHECK_EQ(server_move(file, sizeof(server_buffer), 0, false), 10000);
	for (unsigned i = 0; i < 10000; i++)
		if (server_buffer[i] != i % 251)
			CHECK_EQ(i, -1);
	CHECK_EQ(server_move(file, 10, 10000, false), 0);
	CHECK_EQ(server_move(file, 100, 9950, false), 50);
	file_put(file);
	CHECK_EQ(server_offences(), 0);
	server_end();
}

TEST(p9_reads_in_large_messages)
{
	struct file *file;

	CHECK_EQ(server_begin(&fake_9p, "9p"), 0);
	CHECK_EQ(server_open(SERVER_AT "/f", O_RDONLY, &file), 0);
	for (off_t at = 0; at < 10000; at += 100)
		CHECK_EQ(server_move(file, 100, at, false), 100);
	/* Ten thousand bytes are three pages: the first read asks for more than it needs. */
	CHECK(server_fake.asked[T_READ] <= 3);
	file_put(file);
	server_end();
}

TEST(p9_writes_through)
{
	struct file *file;
	struct fake_server_node *node;

	CHECK_EQ(server_begin(&fake_9p, "9p"), 0);
	CHECK_EQ(server_open(SERVER_AT "/g", O_RDWR | O_CREAT | O_EXCL, &file), 0);
	memset(server_buffer, 'a', 6000);
	CHECK_EQ(server_move(file, 6000, 0, true), 6000);
	node = fake_server_find(&server_fake, "g");
	CHECK(node);
	CHECK_EQ(node->size, 6000);
	CHECK_EQ(node->data[5999], 'a');
	CHECK_EQ(server_move(file, 6000, 0, false), 6000); /* its pages are ours now */
	memset(server_buffer, 'b', 10);
	CHECK_EQ(server_move(file, 10, 4090, true), 10);
	CHECK_EQ(node->data[4095], 'b');
	CHECK_EQ(node->data[4100], 'a');
	CHECK_EQ(server_move(file, 20, 4085, false), 20);
	CHECK_EQ(server_buffer[4], 'a');
	CHECK_EQ(server_buffer[5], 'b');
	CHECK_EQ(server_buffer[15], 'a');
	CHECK_EQ(inode_truncate(file->inode, 10), 0);
	CHECK_EQ(node->size, 10);
	CHECK_EQ(inode_truncate(file->inode, 5000), 0);
	CHECK_EQ(server_move(file, 20, 4085, false), 20);
	CHECK_EQ(server_buffer[5], 0);
	CHECK_EQ(file->ops->sync(file, false), 0);
	file_put(file);
	CHECK_EQ(server_open(SERVER_AT "/g", O_RDWR | O_CREAT | O_EXCL, &file), -EEXIST);
	server_end();
}

TEST(p9_mapped_pages_go_back)
{
	struct fake_server_node *node;
	struct file *file;
	struct page *page;

	CHECK_EQ(server_begin(&fake_9p, "9p"), 0);
	CHECK_EQ(server_open(SERVER_AT "/f", O_RDWR, &file), 0);
	node = fake_server_find(&server_fake, "f");
	file->ops->mapped(file, true, true);
	CHECK_EQ(file->ops->map_page(file, 2, true, &page), 0);
	CHECK_EQ(((uint8_t *)page_virt(page))[0], 8192 % 251);
	CHECK_EQ(((uint8_t *)page_virt(page))[10000 - 8192], 0); /* behind the end */
	((uint8_t *)page_virt(page))[0] = 99;
	CHECK_EQ(node->data[8192], 8192 % 251);
	CHECK_EQ(file->ops->sync(file, true), 0);
	CHECK_EQ(node->data[8192], 99);
	CHECK_EQ(server_fake.asked[T_WRITE], 1);
	CHECK_EQ(file->ops->sync(file, true), 0); /* nothing has changed */
	CHECK_EQ(server_fake.asked[T_WRITE], 1);
	((uint8_t *)page_virt(page))[1] = 98;
	page_put(page);
	file->ops->mapped(file, true, false);
	CHECK_EQ(node->data[8193], 98);
	CHECK_EQ(node->size, 10000);
	CHECK_EQ(file->ops->map_page(file, 3, true, &page), -EFAULT);
	file_put(file);
	server_end();
}

TEST(p9_unlinked_files_live_while_open)
{
	struct file *file;

	CHECK_EQ(server_begin(&fake_9p, "9p"), 0);
	CHECK_EQ(server_open(SERVER_AT "/f", O_RDWR, &file), 0);
	CHECK_EQ(vfs_unlink(AT_FDCWD, SERVER_AT "/f"), 0);
	CHECK_EQ(server_size_of(SERVER_AT "/f"), -ENOENT);
	CHECK(fake_server_find(&server_fake, ".saki-unlinked-0"));
	CHECK_EQ(inode_truncate(file->inode, 100), 0);
	CHECK_EQ(server_move(file, 200, 0, false), 100);
	file_put(file);
	CHECK(!fake_server_find(&server_fake, ".saki-unlinked-0"));
	server_end();
}

TEST(p9_names_are_asked_for_again)
{
	struct fake_server_node *node;
	unsigned walks;

	CHECK_EQ(server_begin(&fake_9p, "9p"), 0);
	CHECK_EQ(server_size_of(SERVER_AT "/f"), 10000);
	walks = server_fake.asked[T_WALK];
	CHECK_EQ(server_size_of(SERVER_AT "/f"), 10000);
	CHECK_EQ(server_fake.asked[T_WALK], walks);
	/* Behind our back it becomes another, and one goes; which shows after a while. */
	node = fake_server_find(&server_fake, "f");
	node->size = 5;
	node->version++;
	fake_server_find(&server_fake, "d")->used = false;
	CHECK_EQ(server_size_of(SERVER_AT "/f"), 10000);
	server_sleep_a_second();
	CHECK_EQ(server_size_of(SERVER_AT "/f"), 5);
	CHECK_EQ(server_size_of(SERVER_AT "/d"), -ENOENT);
	server_end();
}

TEST(p9_directories_are_read)
{
	CHECK_EQ(server_begin(&fake_9p, "9p"), 0);
	CHECK_EQ(vfs_mkdir(AT_FDCWD, SERVER_AT "/d/e", 0755), 0);
	CHECK_EQ(vfs_rmdir(AT_FDCWD, SERVER_AT "/d"), -ENOTEMPTY);
	CHECK_EQ(vfs_rmdir(AT_FDCWD, SERVER_AT "/d/e"), 0);
	CHECK_EQ(vfs_rmdir(AT_FDCWD, SERVER_AT "/d"), 0);
	CHECK_EQ(server_size_of(SERVER_AT "/d"), -ENOENT);
	CHECK_EQ(vfs_symlink(AT_FDCWD, SERVER_AT "/s", "f"), 0);
	CHECK_EQ(server_size_of(SERVER_AT "/s"), 1);
	server_end();
}

TEST(p9_read_only_volumes_refuse)
{
	struct file *file;

	fake_server_init(&server_fake, &fake_9p);
	CHECK_EQ(fake_server_attach(&server_fake), 0);
	CHECK_EQ(server_mount("9p", MS_RDONLY, "msize=8192,trans=virtio,version=9p2000.L"), 0);
	CHECK_EQ(server_open(SERVER_AT "/f", O_RDWR, &file), -EROFS);
	CHECK_EQ(server_open(SERVER_AT "/g", O_RDWR | O_CREAT, &file), -EROFS);
	CHECK_EQ(vfs_unlink(AT_FDCWD, SERVER_AT "/f"), -EROFS);
	CHECK_EQ(vfs_mkdir(AT_FDCWD, SERVER_AT "/e", 0755), -EROFS);
	CHECK_EQ(server_open(SERVER_AT "/f", O_RDONLY, &file), 0);
	CHECK_EQ(server_move(file, sizeof(server_buffer), 0, false), 10000);
	file_put(file);
	server_end();
}

TEST(p9_mount_says_what_is_wrong)
{
	struct mount *mount;

	fake_server_init(&server_fake, &fake_9p);
	CHECK_EQ(fake_server_attach(&server_fake), 0);
	CHECK_EQ(mount_create("9p", "nothing", 0, "", &mount), -ENOENT);
	CHECK_EQ(mount_create("9p", "", 0, "", &mount), -EINVAL);
	CHECK_EQ(mount_create("9p", FAKE_SERVER_TAG, 0, "trans=tcp", &mount), -EINVAL);
	CHECK_EQ(mount_create("9p", FAKE_SERVER_TAG, 0, "msize=100", &mount), -EINVAL);
	CHECK_EQ(mount_create("9p", FAKE_SERVER_TAG, 0, "", &mount), 0);
	CHECK_EQ(mount_create("9p", FAKE_SERVER_TAG, 0, "", &mount), -EBUSY);
	mount_put(mount);
	fake_virtio_detach(&server_fake.virtio);
}

/* ---- one that is not ---- */

TEST(p9_another_tag_is_an_offence)
{
	server_expect_offence(&fake_9p, "9p", T_WALK, 6, 77);
}

TEST(p9_another_type_is_an_offence)
{
	server_expect_offence(&fake_9p, "9p", T_GETATTR, 4, 99);
}

TEST(p9_another_size_is_an_offence)
{
	server_expect_offence(&fake_9p, "9p", T_GETATTR, 1, 0xff);
}

TEST(p9_a_walk_of_another_length_is_an_offence)
{
	server_expect_offence(&fake_9p, "9p", T_WALK, 7, 2);
}

TEST(p9_more_than_was_asked_for_is_an_offence)
{
	server_expect_offence(&fake_9p, "9p", T_READ, 10, 1);
}

TEST(p9_a_negative_size_is_an_offence)
{
	server_expect_offence(&fake_9p, "9p", T_GETATTR, 7 + 8 + 13 + 4 + 4 + 4 + 8 + 8 + 7, 0x80);
}

TEST(p9_another_kind_than_the_qid_is_an_offence)
{
	server_expect_offence(&fake_9p, "9p", T_GETATTR, 7 + 8, 0x80);
}

TEST(p9_more_bytes_written_than_given_is_an_offence)
{
	server_expect_offence_of_write(&fake_9p, "9p", T_WRITE, 9);
}

TEST(p9_an_answer_given_twice_is_an_offence)
{
	server_expect_offence_twice(&fake_9p, "9p", T_READ);
}

TEST(p9_a_version_that_is_none_is_refused)
{
	struct mount *mount;

	fake_server_init(&server_fake, &fake_9p);
	CHECK_EQ(fake_server_attach(&server_fake), 0);
	server_lie_about(T_VERSION, 7 + 4 + 2, '8');
	CHECK_EQ(mount_create("9p", FAKE_SERVER_TAG, 0, "", &mount), -EPROTONOSUPPORT);
	server_lie_about(T_VERSION, 7 + 3, 1); /* a larger message size */
	CHECK_EQ(mount_create("9p", FAKE_SERVER_TAG, 0, "", &mount), -EIO);
	fake_virtio_detach(&server_fake.virtio);
}

TEST(p9_tags_of_devices_are_checked)
{
	fake_server_init(&server_fake, &fake_9p);
	server_fake.virtio.config[1] = 1; /* longer than the configuration */
	CHECK_EQ(fake_server_attach(&server_fake), -EINVAL);
	fake_server_init(&server_fake, &fake_9p);
	server_fake.virtio.config[3] = 0;
	CHECK_EQ(fake_server_attach(&server_fake), -EINVAL);
	fake_server_init(&server_fake, &fake_9p);
	server_fake.virtio.queue_max[0] = 2;
	CHECK_EQ(fake_server_attach(&server_fake), -EINVAL);
}
