/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Archives, good and hostile.
 */
#include "fs_test.h"

#include <kernel/cpio.h>
#include <kernel/log.h>

#define ARCHIVE_MAX 4096

static struct {
	uint8_t bytes[ARCHIVE_MAX];
	size_t size;
} archive;

static void pad(void)
{
	while (archive.size % 4)
		archive.bytes[archive.size++] = 0;
}

static void entry_linked(const char *name, unsigned mode, const char *content, unsigned ino, unsigned nlink)
{
	size_t name_size = strlen(name) + 1, size = strlen(content);

	archive.size += format((char *)archive.bytes + archive.size, 111,
			       "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", ino, mode, 5u, 6u, nlink,
			       1000u, size, 0u, 0u, 1u, 3u, name_size, 0u);
	memcpy(archive.bytes + archive.size, name, name_size);
	archive.size += name_size;
	pad();
	memcpy(archive.bytes + archive.size, content, size);
	archive.size += size;
	pad();
}

static void entry(const char *name, unsigned mode, const char *content)
{
	entry_linked(name, mode, content, 1, 1);
}

/* The errors that the tests ask for are not worth reading. */
static void discard(const char *text UNUSED, size_t len UNUSED)
{
}

/* Unpacks what was put together, and starts the next one. */
static int unpack(void)
{
	int err = cpio_unpack(fs_context_current()->cwd, archive.bytes, archive.size);

	archive.size = 0;
	return err;
}

FSTEST(cpio_unpacks_all_kinds)
{
	struct abi_stat stat;

	archive.size = 0;
	entry(".", S_IFDIR | 0755, "");
	entry("dir", S_IFDIR | 0700, "");
	entry("dir/file", S_IFREG | 0640, "content");
	entry("/abs", S_IFREG | 0600, "");
	entry("link", S_IFLNK | 0777, "dir/file");
	entry("null", S_IFCHR | 0666, "");
	entry_linked("one", S_IFREG | 0600, "", 9, 2);
	entry_linked("two", S_IFREG | 0600, "shared", 9, 2);
	entry("TRAILER!!!", 0, "");
	CHECK_EQ(unpack(), 0);
	stat = fs_test_stat("dir/file");
	CHECK_EQ(stat.st_mode, S_IFREG | 0640);
	CHECK_EQ(stat.st_uid, 5);
	CHECK_EQ(stat.st_mtime, 1000);
	CHECK_EQ(stat.st_size, 7);
	CHECK(fs_test_stat("abs").st_mode);
	CHECK_EQ(sys(SYS_open, P("link"), O_RDONLY), 3);
	CHECK(fs_test_reads(3, "content"));
	CHECK_EQ(fs_test_stat("null").st_rdev, 0x103);
	CHECK_EQ(fs_test_stat("one").st_nlink, 2);
	CHECK_EQ(fs_test_stat("one").st_size, 6);
	CHECK_EQ(fs_test_stat("one").st_ino, fs_test_stat("two").st_ino);
	entry("dir/file", S_IFREG | 0640, "other");
	CHECK_EQ(unpack(), 0);
	CHECK_EQ(fs_test_stat("dir/file").st_size, 5);
}

/* As the runner appends files to a program's initrd: zeros between, later entries win, hard links do not reach over. */
FSTEST(cpio_unpacks_archives_in_a_row)
{
	archive.size = 0;
	entry("dir", S_IFDIR | 0700, "");
	entry("dir/file", S_IFREG | 0640, "first");
	entry_linked("one", S_IFREG | 0600, "mine", 9, 2);
	entry("TRAILER!!!", 0, "");
	while (archive.size % 512)
		archive.bytes[archive.size++] = 0;
	entry("dir", S_IFDIR | 0755, "");
	entry("dir/file", S_IFREG | 0640, "second");
	entry_linked("two", S_IFREG | 0600, "yours", 9, 2);
	entry("TRAILER!!!", 0, "");
	CHECK_EQ(unpack(), 0);
	CHECK_EQ(fs_test_stat("dir").st_mode, S_IFDIR | 0755);
	CHECK_EQ(fs_test_stat("dir/file").st_size, 6);
	CHECK_EQ(fs_test_stat("one").st_size, 4);
	CHECK_EQ(fs_test_stat("two").st_size, 5);
	CHECK_EQ(sys(SYS_open, P("one"), O_RDONLY), 3);
	CHECK(fs_test_reads(3, "mine"));
}

FSTEST(cpio_refuses_escapes)
{
	archive.size = 0;
	log_set_sink(discard);
	entry("../out", S_IFREG | 0600, "");
	CHECK_EQ(unpack(), -EPERM);
	entry("a", S_IFLNK | 0777, "/");
	entry("a/out", S_IFREG | 0600, "");
	CHECK_EQ(unpack(), -ENOTDIR);
	entry("no/parent", S_IFREG | 0600, "");
	CHECK_EQ(unpack(), -ENOENT);
	entry("dir", S_IFDIR | 0755, "");
	entry("dir", S_IFREG | 0644, "");
	CHECK_EQ(unpack(), -EISDIR);
	entry("empty", S_IFLNK | 0777, "");
	CHECK_EQ(unpack(), -EINVAL);
	entry("what", 0170000, "");
	CHECK_EQ(unpack(), -EINVAL);
	log_set_sink(NULL);
}

/* Cut anywhere, with any byte changed: an error or a smaller tree, never more. */
FSTEST(cpio_survives_damage)
{
	size_t size;

	archive.size = 0;
	entry("d", S_IFDIR | 0755, "");
	entry("d/f", S_IFREG | 0644, "0123456789");
	entry("l", S_IFLNK | 0777, "d");
	size = archive.size;
	log_set_sink(discard);
	for (size_t cut = 0; cut < size; cut++) {
		archive.size = cut;
		unpack();
	}
	for (size_t at = 0; at < size; at++) {
		uint8_t was = archive.bytes[at];

		archive.bytes[at] ^= (uint8_t)(1u << at % 8);
		archive.size = size;
		unpack();
		archive.bytes[at] = was;
	}
	archive.size = size;
	log_set_sink(NULL);
	CHECK_ERR(sys(SYS_stat, P("/out"), SYSTEST_MEM), ENOENT);
}
