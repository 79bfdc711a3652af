/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file system "virtiofs" against a FUSE server in memory (kernel/fake_server.h): what it does when the server is
 * honest, that all that the server counts is given back, and that nothing is believed when it is not.
 */
#include "server_test.h"

#include <kernel/abi/dirent.h>
#include <kernel/abi/mount.h>
#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/test.h>
#include <kernel/vfs.h>

#define T_LOOKUP 1
#define T_FORGET 2
#define T_GETATTR 3
#define T_MKDIR 9
#define T_READ 15
#define T_WRITE 16
#define T_INIT 26
#define T_READDIR 28
#define T_DESTROY 38
#define T_RENAME2 45

/* Places in answers. */
#define HEADER 16
#define AT_ERROR 4
#define AT_UNIQUE 8
#define ENTRY_ATTRIBUTES (HEADER + 40)
#define ATTRIBUTES (HEADER + 16)
#define SIZE_TOP 15	/* of attributes: the last byte of the size */
#define NSEC_TOP 51	/* of the first time */
#define MODE_KIND 61

static int begin(void)
{
	return server_begin(&fake_fuse, "virtiofs");
}

/* ---- an honest server ---- */

TEST(fuse_reads_what_the_server_has)
{
	struct file *file;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(server_size_of(SERVER_AT "/f"), 10000);
	CHECK_EQ(server_size_of(SERVER_AT "/none"), -ENOENT);
	CHECK_EQ(server_open(SERVER_AT "/l", O_RDONLY, &file), 0); /* a link to it */
	CHECK_EQ(server_move(file, SERVER_BUFFER, 0, false), 10000);
	for (unsigned i = 0; i < 10000; i++)
		if (server_buffer[i] != i % 251)
			CHECK_EQ(i, -1);
	CHECK_EQ(server_move(file, 10, 10000, false), 0);
	file_put(file);
	CHECK_EQ(server_offences(), 0);
	server_end();
}

TEST(fuse_gives_back_what_it_was_told_of)
{
	struct file *file, *open;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(server_open(SERVER_AT "/f", O_RDWR, &file), 0);
	CHECK_EQ(server_open(SERVER_AT "/g", O_RDWR | O_CREAT | O_EXCL, &open), 0);
	CHECK_EQ(vfs_mkdir(AT_FDCWD, SERVER_AT "/d/e", 0755), 0);
	CHECK_EQ(vfs_symlink(AT_FDCWD, SERVER_AT "/s", "f"), 0);
	CHECK_EQ(server_size_of(SERVER_AT "/s"), 1);
	CHECK_EQ(vfs_mkdir(AT_FDCWD, SERVER_AT "/f", 0755), -EEXIST);
	CHECK_EQ(server_size_of(SERVER_AT "/none"), -ENOENT);
	CHECK(fake_server_held(&server_fake) > 0);
	file_put(file);
	file_put(open);
	server_end();
	CHECK_EQ(fake_server_held(&server_fake), 0);
	CHECK(server_fake.asked[T_FORGET] > 0);
	CHECK_EQ(server_fake.asked[T_DESTROY], 1);
}

TEST(fuse_writes_through)
{
	struct fake_server_node *node;
	struct file *file;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(server_open(SERVER_AT "/g", O_RDWR | O_CREAT | O_EXCL, &file), 0);
	memset(server_buffer, 'a', 6000);
	CHECK_EQ(server_move(file, 6000, 0, true), 6000);
	node = fake_server_find(&server_fake, "g");
	CHECK(node);
	CHECK_EQ(node->size, 6000);
	CHECK_EQ(node->data[5999], 'a');
	memset(server_buffer, 'b', 10);
	CHECK_EQ(server_move(file, 10, 4090, true), 10);
	CHECK_EQ(node->data[4095], 'b');
	CHECK_EQ(inode_truncate(file->inode, 10), 0);
	CHECK_EQ(node->size, 10);
	CHECK_EQ(inode_chmod(file->inode, 0600), 0);
	CHECK_EQ(node->mode, S_IFREG | 0600);
	CHECK_EQ(file->ops->sync(file, false), 0);
	file_put(file);
	CHECK_EQ(server_open(SERVER_AT "/g", O_RDWR | O_CREAT | O_EXCL, &file), -EEXIST);
	server_end();
}

TEST(fuse_mapped_pages_go_back)
{
	struct fake_server_node *node;
	struct file *file;
	struct page *page;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(server_open(SERVER_AT "/f", O_RDWR, &file), 0);
	node = fake_server_find(&server_fake, "f");
	file->ops->mapped(file, true, true);
	CHECK_EQ(file->ops->map_page(file, 2, true, &page), 0);
	((uint8_t *)page_virt(page))[0] = 99;
	CHECK_EQ(node->data[8192], 8192 % 251);
	CHECK_EQ(file->ops->sync(file, true), 0);
	CHECK_EQ(node->data[8192], 99);
	CHECK_EQ(server_fake.asked[T_WRITE], 1);
	page_put(page);
	file->ops->mapped(file, true, false);
	CHECK_EQ(node->size, 10000);
	file_put(file);
	server_end();
}

/* By number: no other name is needed, as 9P does. */
TEST(fuse_unlinked_files_live_while_open)
{
	struct file *file;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(server_open(SERVER_AT "/f", O_RDWR, &file), 0);
	CHECK_EQ(vfs_unlink(AT_FDCWD, SERVER_AT "/f"), 0);
	CHECK_EQ(server_size_of(SERVER_AT "/f"), -ENOENT);
	CHECK_EQ(inode_truncate(file->inode, 100), 0);
	CHECK_EQ(server_move(file, 200, 0, false), 100);
	file_put(file);
	server_end();
	CHECK_EQ(fake_server_held(&server_fake), 0);
}

static unsigned entries;

static bool count_entry(struct dir_context *context UNUSED, const char *name UNUSED, size_t len, uint64_t ino UNUSED,
			unsigned type UNUSED, off_t next UNUSED)
{
	entries += len == 1;
	return true;
}

TEST(fuse_directories_are_read)
{
	struct dir_context context = { count_entry };
	struct file *file;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(server_open(SERVER_AT, O_RDONLY | O_DIRECTORY, &file), 0);
	entries = 0;
	CHECK_EQ(file->ops->iterate(file, &context), 0);
	CHECK_EQ(entries, 3);
	CHECK_EQ(file->ops->sync(file, false), 0);
	file_put(file);
	CHECK_EQ(vfs_rmdir(AT_FDCWD, SERVER_AT "/d"), 0);
	CHECK_EQ(server_size_of(SERVER_AT "/d"), -ENOENT);
	server_end();
}

static int exchange(const char *from, const char *to)
{
	struct walk a, b;
	int err = walk_begin(&a, AT_FDCWD, from, 0), begun = walk_begin_nested(&b, AT_FDCWD, to, 0);

	err = err ? err : begun;
	err = err ? err : walk_parent(&a);
	err = err ? err : walk_parent(&b);
	if (!err)
		err = vfs_rename(&a, &b, RENAME_EXCHANGE);
	walk_end(&a);
	walk_end_nested(&b);
	return err;
}

TEST(fuse_names_are_exchanged)
{
	CHECK_EQ(begin(), 0);
	CHECK_EQ(exchange(SERVER_AT "/f", SERVER_AT "/l"), 0);
	CHECK_EQ(server_fake.asked[T_RENAME2], 1);
	CHECK(S_ISLNK(fake_server_find(&server_fake, "f")->mode));
	CHECK(S_ISREG(fake_server_find(&server_fake, "l")->mode));
	CHECK_EQ(server_size_of(SERVER_AT "/l"), 10000);
	server_end();
}

TEST(fuse_names_are_asked_for_again)
{
	struct fake_server_node *node;
	unsigned lookups;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(server_size_of(SERVER_AT "/f"), 10000);
	lookups = server_fake.asked[T_LOOKUP];
	CHECK_EQ(server_size_of(SERVER_AT "/f"), 10000);
	CHECK_EQ(server_fake.asked[T_LOOKUP], lookups);
	node = fake_server_find(&server_fake, "f");
	node->size = 5;
	node->version++;
	CHECK_EQ(server_size_of(SERVER_AT "/f"), 10000);
	server_sleep_a_second();
	CHECK_EQ(server_size_of(SERVER_AT "/f"), 5);
	server_end();
}

TEST(fuse_mount_says_what_is_wrong)
{
	struct mount *mount;

	fake_server_init(&server_fake, &fake_fuse);
	CHECK_EQ(fake_server_attach(&server_fake), 0);
	CHECK_EQ(mount_create("virtiofs", "nothing", 0, "", &mount), -ENOENT);
	CHECK_EQ(mount_create("9p", FAKE_SERVER_TAG, 0, "", &mount), -ENOENT); /* it speaks another protocol */
	CHECK_EQ(mount_create("virtiofs", "", 0, "", &mount), -EINVAL);
	CHECK_EQ(mount_create("virtiofs", FAKE_SERVER_TAG, 0, "dax", &mount), -EINVAL);
	CHECK_EQ(mount_create("virtiofs", FAKE_SERVER_TAG, 0, "", &mount), 0);
	CHECK_EQ(mount_create("virtiofs", FAKE_SERVER_TAG, 0, "", &mount), -EBUSY);
	mount_put(mount);
	CHECK_EQ(mount_create("virtiofs", FAKE_SERVER_TAG, 0, "", &mount), 0); /* once more */
	mount_put(mount);
	fake_virtio_detach(&server_fake.virtio);
}

/* ---- one that is not ---- */

static void expect_offence(unsigned type, unsigned at, uint8_t value)
{
	server_expect_offence(&fake_fuse, "virtiofs", type, at, value);
}

TEST(fuse_another_unique_is_an_offence)
{
	expect_offence(T_LOOKUP, AT_UNIQUE + 7, 1);
}

TEST(fuse_another_size_is_an_offence)
{
	expect_offence(T_LOOKUP, 1, 0xff);
}

TEST(fuse_an_error_that_is_none_is_an_offence)
{
	expect_offence(T_LOOKUP, AT_ERROR, 5); /* not negative */
}

TEST(fuse_the_root_under_another_name_is_an_offence)
{
	expect_offence(T_LOOKUP, HEADER, 1);
}

TEST(fuse_a_negative_size_is_an_offence)
{
	expect_offence(T_LOOKUP, ENTRY_ATTRIBUTES + SIZE_TOP, 0x80);
}

TEST(fuse_a_time_that_is_none_is_an_offence)
{
	expect_offence(T_LOOKUP, ENTRY_ATTRIBUTES + NSEC_TOP, 0xff);
}

TEST(fuse_a_kind_that_is_none_is_an_offence)
{
	expect_offence(T_LOOKUP, ENTRY_ATTRIBUTES + MODE_KIND, 0xf0);
}

TEST(fuse_more_bytes_written_than_given_is_an_offence)
{
	server_expect_offence_of_write(&fake_fuse, "virtiofs", T_WRITE, HEADER + 1);
}

/* What is made must be something. */
TEST(fuse_a_directory_without_a_number_is_an_offence)
{
	CHECK_EQ(begin(), 0);
	server_lie_about(T_MKDIR, HEADER, 0);
	CHECK_EQ(vfs_mkdir(AT_FDCWD, SERVER_AT "/e", 0755), -EIO);
	CHECK(server_offences() > 0);
	server_end();
}

/* A file that has become a directory is another one. */
TEST(fuse_files_of_another_kind_are_others)
{
	struct file *file;

	CHECK_EQ(begin(), 0);
	CHECK_EQ(server_open(SERVER_AT "/f", O_RDONLY, &file), 0);
	server_sleep_a_second();
	server_lie_about(T_GETATTR, ATTRIBUTES + MODE_KIND, S_IFDIR >> 8);
	CHECK_EQ(server_move(file, 100, 0, false), 100);
	CHECK(S_ISREG(file->inode->mode));
	CHECK_EQ(server_offences(), 0);
	file_put(file);
	server_end();
}

static void expect_no_entries(unsigned at, uint8_t value)
{
	struct dir_context context = { count_entry };
	struct file *file;

	CHECK_EQ(begin(), 0);
	server_lie_about(T_READDIR, at, value);
	CHECK_EQ(server_open(SERVER_AT, O_RDONLY | O_DIRECTORY, &file), 0);
	CHECK_EQ(file->ops->iterate(file, &context), -EIO);
	CHECK(server_offences() > 0);
	file_put(file);
	server_end();
}

TEST(fuse_entries_that_overrun_are_an_offence)
{
	expect_no_entries(HEADER + 16, 200);
}

TEST(fuse_names_with_a_slash_are_an_offence)
{
	expect_no_entries(HEADER + 24, '/');
}

TEST(fuse_names_with_a_nul_are_an_offence)
{
	expect_no_entries(HEADER + 24, 0);
}

TEST(fuse_names_that_are_empty_are_an_offence)
{
	expect_no_entries(HEADER + 16, 0);
}

TEST(fuse_an_answer_given_twice_is_an_offence)
{
	server_expect_offence_twice(&fake_fuse, "virtiofs", T_READ);
}

TEST(fuse_a_version_that_is_too_old_is_refused)
{
	struct mount *mount;

	fake_server_init(&server_fake, &fake_fuse);
	CHECK_EQ(fake_server_attach(&server_fake), 0);
	server_lie_about(T_INIT, HEADER, 8);
	CHECK_EQ(mount_create("virtiofs", FAKE_SERVER_TAG, 0, "", &mount), -EPROTONOSUPPORT);
	server_lie_about(T_INIT, HEADER + 4, 30);
	CHECK_EQ(mount_create("virtiofs", FAKE_SERVER_TAG, 0, "", &mount), -EPROTONOSUPPORT);
	server_lie_about(T_INIT, HEADER + 28, 0); /* pages that a message may have */
	CHECK_EQ(mount_create("virtiofs", FAKE_SERVER_TAG, 0, "", &mount), -EIO);
	fake_virtio_detach(&server_fake.virtio);
}

TEST(fuse_configurations_of_devices_are_checked)
{
	fake_server_init(&server_fake, &fake_fuse);
	server_fake.virtio.config[0] = 0; /* no tag */
	CHECK_EQ(fake_server_attach(&server_fake), -EINVAL);
	fake_server_init(&server_fake, &fake_fuse);
	server_fake.virtio.config[36] = 0; /* no queue for requests */
	CHECK_EQ(fake_server_attach(&server_fake), -EINVAL);
	fake_server_init(&server_fake, &fake_fuse);
	server_fake.virtio.queue_max[1] = 2;
	CHECK_EQ(fake_server_attach(&server_fake), -EINVAL);
	fake_server_init(&server_fake, &fake_fuse);
	server_fake.virtio.queue_max[1] = 0;
	CHECK(fake_server_attach(&server_fake) < 0);
}
