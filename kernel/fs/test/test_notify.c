/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which calls tell what, to whom and in which order.
 */
#include <kernel/abi/inotify.h>
#include <kernel/abi/mount.h>
#include <kernel/abi/time.h>
#include <kernel/log.h>

#include "inotify_test.h"

#define BUF (SYSTEST_MEM + 4096)
#define BUF_SIZE 8192

int inotify_test_fd(void)
{
	return (int)sys(SYS_inotify_init1, IN_NONBLOCK);
}

int inotify_test_watch(int fd, const char *path, unsigned mask)
{
	return (int)sys(SYS_inotify_add_watch, fd, P(path), mask);
}

static const char *event_name(unsigned mask)
{
	static const char *const names[] = {
		"ACCESS", "MODIFY", "ATTRIB", "CLOSE_WRITE", "CLOSE", "OPEN", "MOVED_FROM", "MOVED_TO", "CREATE",
		"DELETE", "DELETE_SELF", "MOVE_SELF", "?", "UNMOUNT", "OVERFLOW", "IGNORED",
	};

	for (unsigned i = 0; i < array_size(names); i++)
		if ((mask & ~IN_ISDIR) == 1u << i)
			return names[i];
	return "many";
}

const char *inotify_test_told(int fd)
{
	static char text[2048], name[256];
	struct abi_inotify_event event;
	long size = sys(SYS_read, fd, BUF, BUF_SIZE);
	uint32_t cookie = 0;
	size_t used = 0;

	text[0] = 0;
	for (long at = 0; at < size; at += (long)(sizeof(event) + event.len)) {
		systest_read(BUF + (user_ptr_t)at, &event);
		name[0] = 0;
		if (event.len)
			systest_get(BUF + (user_ptr_t)at + sizeof(event), name, event.len);
		used += format(text + used, sizeof(text) - used, "%s%d %s%s%s%s", used ? ", " : "", event.wd,
			       event_name(event.mask), event.mask & IN_ISDIR ? " DIR" : "", event.len ? " " : "", name);
		if (event.mask & IN_MOVED_FROM)
			cookie = event.cookie;
		if (event.cookie != (event.mask & (IN_MOVED_FROM | IN_MOVED_TO) ? cookie : 0))
			return "a cookie is not right";
	}
	return text;
}

FSTEST(inotify_tells_a_directory_of_its_files)
{
	int fd = inotify_test_fd(), file;

	CHECK_EQ(inotify_test_watch(fd, ".", IN_ALL_EVENTS), 1);
	file = fs_test_file("f", O_RDWR, "");
	CHECK_STR(inotify_test_told(fd), "1 CREATE f, 1 OPEN f");
	CHECK_EQ(sys(SYS_write, file, P("ab"), 2), 2);
	CHECK_EQ(sys(SYS_read, file, BUF, 2), 0);
	CHECK_EQ(sys(SYS_pread64, file, BUF, 2, 0), 2);
	CHECK_EQ(sys(SYS_pwrite64, file, BUF, 2, 0), 2);
	CHECK_STR(inotify_test_told(fd), "1 MODIFY f, 1 ACCESS f, 1 MODIFY f");
	CHECK_EQ(sys(SYS_ftruncate, file, 1), 0);
	CHECK_EQ(sys(SYS_fchmod, file, 0600), 0);
	CHECK_EQ(sys(SYS_fallocate, file, 0, 0, 1), 0);
	CHECK_EQ(sys(SYS_close, file), 0);
	CHECK_STR(inotify_test_told(fd), "1 MODIFY f, 1 ATTRIB f, 1 MODIFY f, 1 CLOSE_WRITE f");
	file = (int)sys(SYS_open, P("f"), O_RDONLY);
	CHECK_EQ(sys(SYS_dup2, file, 50), 50);
	CHECK_EQ(sys(SYS_close, file), 0);
	CHECK_STR(inotify_test_told(fd), "1 OPEN f");
	CHECK_EQ(sys(SYS_close, 50), 0);
	CHECK_STR(inotify_test_told(fd), "1 CLOSE f");
	CHECK(sys(SYS_open, P("f"), O_WRONLY | O_TRUNC) >= 0);
	CHECK_STR(inotify_test_told(fd), "1 MODIFY f, 1 OPEN f");
	CHECK(sys(SYS_open, P("f"), O_PATH) >= 0);
	CHECK_STR(inotify_test_told(fd), "");
}

FSTEST(inotify_tells_of_attributes)
{
	const struct abi_timespec first[2] = { { 1, 0 }, { 0, UTIME_OMIT } };
	const struct abi_timespec second[2] = { { 0, UTIME_OMIT }, { 1, 0 } };
	int fd = inotify_test_fd();

	CHECK(fs_test_file("f", O_RDWR, "x") >= 0);
	CHECK_EQ(inotify_test_watch(fd, "f", IN_ALL_EVENTS), 1);
	CHECK_EQ(sys(SYS_chown, P("f"), -1, -1), 0);
	CHECK_STR(inotify_test_told(fd), "");
	CHECK_EQ(sys(SYS_chown, P("f"), 1, -1), 0);
	CHECK_EQ(sys(SYS_truncate, P("f"), 0), 0);
	CHECK_EQ(sys(SYS_utime, P("f"), 0), 0);
	CHECK_EQ(sys(SYS_utimensat, AT_FDCWD, P("f"), systest_put(0, first, sizeof(first)), 0), 0);
	CHECK_EQ(sys(SYS_utimensat, AT_FDCWD, P("f"), systest_put(0, second, sizeof(second)), 0), 0);
	CHECK_STR(inotify_test_told(fd), "1 ATTRIB, 1 MODIFY, 1 ATTRIB, 1 ACCESS, 1 MODIFY");
	CHECK_EQ(sys(SYS_setxattr, P("f"), P("user.a"), P("b"), 1, 0), 0);
	CHECK_STR(inotify_test_told(fd), "1 ATTRIB");
	CHECK_EQ(sys(SYS_removexattr, P("f"), P("user.a")), 0);
	CHECK_EQ(sys(SYS_link, P("f"), P("g")), 0);
	CHECK_STR(inotify_test_told(fd), "1 ATTRIB");
}

FSTEST(inotify_tells_of_names)
{
	int fd = inotify_test_fd();

	CHECK(fs_test_file("f", O_RDWR, "") >= 0);
	CHECK_EQ(inotify_test_watch(fd, ".", IN_CREATE | IN_DELETE), 1);
	CHECK_EQ(sys(SYS_mkdir, P("d"), 0700), 0);
	CHECK_EQ(sys(SYS_mknod, P("p"), S_IFIFO | 0600, 0), 0);
	CHECK_EQ(sys(SYS_symlink, P("x"), P("s")), 0);
	CHECK_EQ(sys(SYS_link, P("f"), P("l")), 0);
	CHECK_STR(inotify_test_told(fd), "1 CREATE DIR d, 1 CREATE p, 1 CREATE s, 1 CREATE l");
	CHECK_EQ(sys(SYS_rmdir, P("d")), 0);
	CHECK_EQ(sys(SYS_unlink, P("l")), 0);
	CHECK_ERR(sys(SYS_unlink, P("l")), ENOENT);
	CHECK_STR(inotify_test_told(fd), "1 DELETE DIR d, 1 DELETE l");
}

FSTEST(inotify_tells_of_moves)
{
	int fd = inotify_test_fd();

	CHECK(fs_test_file("a", O_RDWR, "") >= 0);
	CHECK_EQ(sys(SYS_close, fs_test_file("b", O_RDWR, "")), 0);
	CHECK_EQ(sys(SYS_mkdir, P("d"), 0700), 0);
	CHECK_EQ(inotify_test_watch(fd, ".", IN_ALL_EVENTS), 1);
	CHECK_EQ(inotify_test_watch(fd, "d", IN_ALL_EVENTS), 2);
	CHECK_EQ(inotify_test_watch(fd, "a", IN_ALL_EVENTS), 3);
	CHECK_EQ(inotify_test_watch(fd, "b", IN_ALL_EVENTS), 4);
	CHECK_EQ(sys(SYS_rename, P("a"), P("d/a")), 0);
	CHECK_STR(inotify_test_told(fd), "1 MOVED_FROM a, 2 MOVED_TO a, 3 MOVE_SELF");
	CHECK_EQ(sys(SYS_rename, P("d"), P("e")), 0);
	CHECK_STR(inotify_test_told(fd), "1 MOVED_FROM DIR d, 1 MOVED_TO DIR e, 2 MOVE_SELF");
	CHECK_EQ(sys(SYS_renameat2, AT_FDCWD, P("b"), AT_FDCWD, P("e"), RENAME_EXCHANGE), 0);
	CHECK_STR(inotify_test_told(fd), "1 MOVED_FROM b, 1 MOVED_TO e, 4 MOVE_SELF, "
					 "1 MOVED_FROM DIR e, 1 MOVED_TO DIR b, 2 MOVE_SELF");
	CHECK_EQ(sys(SYS_rename, P("b/a"), P("e")), 0);
	CHECK_STR(inotify_test_told(fd),
		  "2 MOVED_FROM a, 1 MOVED_TO e, 4 ATTRIB, 3 MOVE_SELF, 4 DELETE_SELF, 4 IGNORED");
	CHECK_EQ(sys(SYS_renameat2, AT_FDCWD, P("e"), AT_FDCWD, P("w"), RENAME_WHITEOUT), 0);
	CHECK_STR(inotify_test_told(fd), "1 MOVED_FROM e, 1 MOVED_TO w, 3 MOVE_SELF");
}

FSTEST(inotify_watches_end_with_their_files)
{
	int fd = inotify_test_fd(), file = fs_test_file("f", O_RDWR, "");

	CHECK_EQ(sys(SYS_mkdir, P("d"), 0700), 0);
	CHECK_EQ(inotify_test_watch(fd, ".", IN_DELETE | IN_OPEN | IN_CLOSE_WRITE), 1);
	CHECK_EQ(inotify_test_watch(fd, "f", IN_DELETE_SELF | IN_ATTRIB), 2);
	CHECK_EQ(inotify_test_watch(fd, "d", IN_ALL_EVENTS), 3);
	CHECK_EQ(sys(SYS_unlink, P("f")), 0);
	CHECK_STR(inotify_test_told(fd), "2 ATTRIB, 1 DELETE f");
	CHECK_EQ(sys(SYS_close, file), 0);
	CHECK_STR(inotify_test_told(fd), "1 CLOSE_WRITE f, 2 DELETE_SELF, 2 IGNORED");
	CHECK_EQ(sys(SYS_rmdir, P("d")), 0);
	CHECK_STR(inotify_test_told(fd), "3 DELETE_SELF, 3 IGNORED, 1 DELETE DIR d");
	CHECK_ERR(sys(SYS_inotify_rm_watch, fd, 3), EINVAL);
}

FSTEST(inotify_watches_end_with_their_file_system)
{
	int fd = inotify_test_fd();

	CHECK_EQ(sys(SYS_mkdir, P("m"), 0700), 0);
	CHECK_EQ(sys(SYS_mount, 0, P("m"), P("tmpfs"), 0, 0), 0);
	CHECK_EQ(sys(SYS_close, fs_test_file("m/f", O_RDWR, "")), 0);
	CHECK_EQ(inotify_test_watch(fd, "m/f", IN_OPEN), 1);
	CHECK_EQ(inotify_test_watch(fd, "m", IN_OPEN | IN_ONESHOT), 2);
	CHECK_EQ(inotify_test_watch(fd, ".", IN_OPEN), 3);
	CHECK_EQ(sys(SYS_umount2, P("m"), 0), 0); /* a watch keeps nobody from that */
	CHECK_STR(inotify_test_told(fd), "1 UNMOUNT, 1 IGNORED, 2 UNMOUNT DIR, 2 IGNORED");
}

FSTEST(inotify_tells_of_directories)
{
	int fd = inotify_test_fd(), dir;

	CHECK_EQ(sys(SYS_mkdir, P("d"), 0700), 0);
	CHECK_EQ(inotify_test_watch(fd, ".", IN_ALL_EVENTS), 1);
	CHECK_EQ(inotify_test_watch(fd, "d", IN_ALL_EVENTS), 2);
	dir = (int)sys(SYS_open, P("d"), O_RDONLY);
	CHECK_STR(inotify_test_told(fd), "1 OPEN DIR d, 2 OPEN DIR");
	CHECK(sys(SYS_getdents64, dir, BUF, 512) > 0);
	CHECK_EQ(sys(SYS_close, dir), 0);
	CHECK_STR(inotify_test_told(fd), "1 ACCESS DIR d, 2 ACCESS DIR, 1 CLOSE DIR d, 2 CLOSE DIR");
	CHECK_EQ(sys(SYS_chmod, P("d"), 0755), 0);
	CHECK_STR(inotify_test_told(fd), "1 ATTRIB DIR d, 2 ATTRIB DIR");
}

/* What is told of a file that has lost its name is told under the old one, to those who want it. */
FSTEST(inotify_of_files_without_a_name)
{
	int all = inotify_test_fd(), some = inotify_test_fd(), file = fs_test_file("f", O_RDWR, "");

	CHECK_EQ(inotify_test_watch(all, ".", IN_MODIFY), 1);
	CHECK_EQ(inotify_test_watch(some, ".", IN_MODIFY | IN_EXCL_UNLINK), 1);
	CHECK_EQ(sys(SYS_write, file, P("x"), 1), 1);
	CHECK_STR(inotify_test_told(all), "1 MODIFY f");
	CHECK_STR(inotify_test_told(some), "1 MODIFY f");
	CHECK_EQ(sys(SYS_unlink, P("f")), 0);
	CHECK_EQ(sys(SYS_write, file, P("x"), 1), 1);
	CHECK_STR(inotify_test_told(all), "1 MODIFY f");
	CHECK_STR(inotify_test_told(some), "");
}

/* A directory is told of what comes to it, and of nothing that has gone; of O_TMPFILE under the number of its inode. */
FSTEST(inotify_follows_names)
{
	int fd = inotify_test_fd(), file = fs_test_file("f", O_RDWR, "");
	struct abi_stat stat;
	char text[64];

	CHECK_EQ(sys(SYS_mkdir, P("d"), 0700), 0);
	CHECK_EQ(inotify_test_watch(fd, "d", IN_MODIFY), 1);
	CHECK_EQ(sys(SYS_write, file, P("x"), 1), 1);
	CHECK_STR(inotify_test_told(fd), "");
	CHECK_EQ(sys(SYS_rename, P("f"), P("d/g")), 0);
	CHECK_EQ(sys(SYS_write, file, P("x"), 1), 1);
	CHECK_STR(inotify_test_told(fd), "1 MODIFY g");
	CHECK_EQ(sys(SYS_rename, P("d/g"), P("f")), 0);
	CHECK_EQ(sys(SYS_write, file, P("x"), 1), 1);
	CHECK_STR(inotify_test_told(fd), "");
	file = (int)sys(SYS_open, P("d"), O_TMPFILE | O_RDWR, 0600);
	CHECK_EQ(sys(SYS_write, file, P("x"), 1), 1);
	CHECK_EQ(sys(SYS_fstat, file, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &stat);
	format(text, sizeof(text), "1 MODIFY #%llu", (unsigned long long)stat.st_ino);
	CHECK_STR(inotify_test_told(fd), text);
}

FSTEST(inotify_of_what_is_only_a_descriptor)
{
	struct fs_test_pair pipe = fs_test_pipe(0);
	int fd = inotify_test_fd();
	char path[32];

	format(path, sizeof(path), "/proc/self/fd/%d", pipe.in);
	CHECK_EQ(inotify_test_watch(fd, path, IN_ALL_EVENTS), 1);
	CHECK_EQ(sys(SYS_write, pipe.out, P("x"), 1), 1);
	CHECK(fs_test_reads(pipe.in, "x"));
	CHECK_EQ(sys(SYS_close, pipe.out), 0);
	CHECK_STR(inotify_test_told(fd), "1 MODIFY, 1 ACCESS, 1 CLOSE_WRITE");
}
