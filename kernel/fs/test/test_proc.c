/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc: what is found there and what is not, links that are no texts, the contents that programs read, and that
 * nothing can be changed.
 */
#include "fs_test.h"

#include <kernel/abi/dirent.h>
#include <kernel/abi/mman.h>
#include <kernel/abi/mount.h>
#include <kernel/heap.h>
#include <kernel/log.h>

#define AT UINT64_C(0xffffffffffffff9c) /* AT_FDCWD */
#define TEXT_MAX 8192
#define BUF SYSTEST_MEM
#define BUF_SIZE 16384

/* The running process's number, in the name of something of it. */
static const char *own(const char *rest)
{
	static char name[64];

	format(name, sizeof(name), "/proc/%d%s", process_current()->pid, rest);
	return name;
}

/* A file's content; the error as text when it cannot be read. */
static const char *content(const char *path)
{
	static char text[TEXT_MAX];
	long fd = sys(SYS_open, P(path), O_RDONLY), n;
	size_t len = 0;

	while (fd >= 0 && (n = sys(SYS_read, (uint64_t)fd, BUF, BUF_SIZE / 4)) > 0 && len + (size_t)n < TEXT_MAX) {
		systest_get(BUF, text + len, (size_t)n);
		len += (size_t)n;
	}
	if (fd < 0 || n < 0)
		return errno_name(-(int)(fd < 0 ? fd : n));
	text[len] = 0;
	sys(SYS_close, (uint64_t)fd);
	return text;
}

static const char *target(const char *path)
{
	static char text[256];
	long n = sys(SYS_readlink, P(path), BUF, sizeof(text) - 1);

	if (n < 0)
		return errno_name(-(int)n);
	systest_get(BUF, text, (size_t)n);
	text[n] = 0;
	return text;
}

static bool lists(const char *path, const char *wanted)
{
	long fd = sys(SYS_open, P(path), O_RDONLY | O_DIRECTORY), n;
	bool found = false;

	while (fd >= 0 && (n = sys(SYS_getdents64, (uint64_t)fd, BUF, 512)) > 0) {
		for (long at = 0; at < n;) {
			char name[64] = { 0 };
			struct abi_dirent64 d;

			systest_read(BUF + (uint64_t)at, &d);
			systest_get(BUF + (uint64_t)at + offsetof(struct abi_dirent64, d_name), name,
				    min((size_t)d.d_reclen - offsetof(struct abi_dirent64, d_name), sizeof(name) - 1));
			found |= !strcmp(name, wanted);
			at += d.d_reclen;
		}
	}
	sys(SYS_close, (uint64_t)fd);
	return found;
}

/* ---- finding ---- */

FSTEST(proc_has_what_programs_ask_for)
{
	static const char *const files[] = {
		"cmdline", "cpuinfo", "devices", "filesystems", "loadavg", "meminfo", "mounts", "stat", "uptime",
		"version", "sys/kernel/ostype", "sys/kernel/osrelease", "sys/kernel/hostname", "sys/kernel/version",
		"sys/kernel/domainname", "sys/kernel/pid_max", "sys/kernel/threads-max", "sys/kernel/random/uuid",
		"sys/kernel/random/boot_id", "sys/vm/overcommit_memory", "sys/vm/max_map_count", "sys/fs/file-max",
		"sys/fs/pipe-max-size", "sys/fs/inotify/max_queued_events", "sys/fs/inotify/max_user_instances",
		"sys/fs/inotify/max_user_watches", "self/stat", "self/status", "self/statm", "self/maps", "self/comm",
		"self/limits", "self/mounts", "self/mountinfo", "self/oom_score", "self/oom_score_adj",
		"self/personality", "self/fdinfo/1", "thread-self/stat", "thread-self/status",
	};
	char path[80];

	for (unsigned i = 0; i < array_size(files); i++) {
		const char *text;

		format(path, sizeof(path), "/proc/%s", files[i]);
		text = content(path);
		if (!*text || text[strlen(text) - 1] != '\n')
			test_fail(__FILE__, __LINE__, "%s: %s", path, text);
	}
	/* A process that execve() has not been called in has none of these. */
	CHECK_STR(content("/proc/self/cmdline"), "");
	CHECK_STR(content("/proc/self/environ"), "");
	CHECK_STR(content("/proc/self/auxv"), "");
	CHECK_STR(target("/proc/self/exe"), "ENOENT");
	CHECK_ERR(sys(SYS_open, P("/proc/self/exe"), O_RDONLY), ENOENT);
}

FSTEST(proc_names_processes_by_number)
{
	char number[16];

	format(number, sizeof(number), "%d", process_current()->pid);
	CHECK_STR(target("/proc/self"), number);
	CHECK(lists("/proc", number) && lists("/proc", "meminfo") && lists("/proc", "self") && lists("/proc", ".."));
	CHECK(lists("/proc/self/task", number));
	CHECK(lists("/proc/self", "maps") && lists("/proc/sys/kernel/random", "uuid"));
	CHECK(strstr(content(own("/status")), "Threads:\t1\n"));
	CHECK_STR(content("/proc/self/comm"), content("/proc/thread-self/comm"));
	CHECK_EQ(fs_test_stat("/proc/self/maps").st_ino, fs_test_stat(own("/maps")).st_ino);
	CHECK(fs_test_stat("/proc/self/maps").st_ino != fs_test_stat("/proc/self/stat").st_ino);
	CHECK_EQ(fs_test_stat("/proc/self/environ").st_mode, S_IFREG | 0400);
	CHECK_EQ(fs_test_stat("/proc/self/fd").st_mode, S_IFDIR | 0500);
}

FSTEST(proc_does_not_find_what_is_not_there)
{
	static const char *const names[] = {
		"nothing", "0", "01", "-1", "+1", "1x", "99999999999999999999", "4294967297", "2147483647",
		"self/fd/99", "self/fd/00", "self/fd/x", "self/task/1x", "self/fdinfo/99", "self/maps2",
		"sys/kernel/nothing",
	};
	char path[300];

	for (unsigned i = 0; i < array_size(names); i++) {
		format(path, sizeof(path), "/proc/%s", names[i]);
		CHECK_ERR(sys(SYS_open, P(path), O_RDONLY), ENOENT);
	}
	memset(path, '9', sizeof(path));
	memcpy(path, "/proc/", 6);
	path[6 + 255] = 0;
	CHECK_ERR(sys(SYS_open, systest_string(0, path), O_RDONLY), ENOENT);
	path[6 + 255] = '9';
	path[6 + 256] = 0;
	CHECK_ERR(sys(SYS_open, systest_string(0, path), O_RDONLY), ENAMETOOLONG);
	CHECK_ERR(sys(SYS_open, P("/proc/self/maps/x"), O_RDONLY), ENOTDIR);
	CHECK_ERR(sys(SYS_open, P("/proc/self/fd/1/x"), O_RDONLY), ENOTDIR);
}

FSTEST(proc_way_up)
{
	char name[64];

	format(name, sizeof(name), "%s", own("/fd"));
	CHECK_EQ(sys(SYS_chdir, P("/proc/self/fd/../fd/../task/../fd")), 0);
	CHECK_EQ(sys(SYS_getcwd, BUF, 256), (long)strlen(name) + 1);
	CHECK_MEM(BUF, name, strlen(name) + 1);
	CHECK_STR(target("/proc/self/cwd"), name);
	CHECK_EQ(sys(SYS_access, P("../../meminfo"), 4), 0);
	CHECK_EQ(sys(SYS_access, P("../../../proc/version"), 4), 0);
	CHECK_EQ(sys(SYS_chdir, P("/fstest")), 0);
}

/* ---- links ---- */

FSTEST(proc_fd_links_lead_to_the_open_file)
{
	struct fs_test_pair pipe;
	struct abi_stat stat;
	int fd = fs_test_file("a", O_RDWR, "hello"), other;

	CHECK_EQ(fd, 3);
	CHECK_STR(target("/proc/self/fd/3"), "/fstest/a");
	CHECK(lists("/proc/self/fd", "3") && !lists("/proc/self/fd", "9"));
	CHECK(lists("/proc/self/fdinfo", "3"));
	CHECK_EQ(sys(SYS_stat, P("/proc/self/fd/3"), BUF), 0);
	systest_read(BUF, &stat);
	CHECK_EQ(stat.st_ino, fs_test_stat("a").st_ino);
	CHECK_EQ(fs_test_stat("/proc/self/fd/3").st_mode, S_IFLNK | 0700);
	other = (int)sys(SYS_open, P("/proc/self/fd/3"), O_RDONLY);
	CHECK(other > 3 && fs_test_reads(other, "hello"));
	CHECK(strstr(content("/proc/self/fdinfo/4"), "pos:\t5\nflags:\t0"));
	CHECK_EQ(sys(SYS_unlink, P("a")), 0);
	CHECK_STR(target("/proc/self/fd/3"), "/fstest/a (deleted)");
	other = (int)sys(SYS_open, P("/dev/fd/3"), O_RDONLY);
	CHECK(other > 4 && fs_test_reads(other, "hello"));
	CHECK_STR(target("/proc/self/fd/1"), "/dev/console");
	pipe = fs_test_pipe(0);
	CHECK(!strncmp(target(own("/fd/6")), "pipe:[", 6));
	other = (int)sys(SYS_open, P("/proc/self/fd/7"), O_WRONLY | O_NONBLOCK);
	CHECK_EQ(sys(SYS_write, other, systest_string(0, "x"), 1), 1);
	CHECK(fs_test_reads(pipe.in, "x"));
	CHECK_EQ(sys(SYS_close_range, 3, UINT32_MAX, 0), 0);
	CHECK_ERR(sys(SYS_open, P("/proc/self/fd/3"), O_RDONLY), ENOENT);
}

FSTEST(proc_fd_links_to_files_without_a_name)
{
	CHECK_EQ(sys(SYS_memfd_create, P("mine"), 0), 3);
	CHECK_STR(target("/proc/self/fd/3"), "/memfd:mine (deleted)");
	CHECK_EQ(sys(SYS_open, P("/proc/self/fd/3"), O_RDWR), 4);
	CHECK_EQ(sys(SYS_write, 4, systest_string(0, "text"), 4), 4);
	CHECK(fs_test_reads(3, "text"));
	CHECK_STR(target("/proc/self/fd/4"), "/memfd:mine (deleted)");
	CHECK_EQ(sys(SYS_eventfd2, 0, 0), 5);
	CHECK_EQ(sys(SYS_epoll_create1, 0), 6);
	CHECK_STR(target("/proc/self/fd/5"), "anon_inode:[eventfd]");
	CHECK_STR(target("/proc/self/fd/6"), "anon_inode:[eventpoll]");
	CHECK_ERR(sys(SYS_open, P("/proc/self/fd/5"), O_RDWR), ENXIO);
	CHECK_EQ(sys(SYS_stat, P("/proc/self/fd/5"), BUF), 0);
	CHECK_EQ(sys(SYS_open, P("/proc/self/fd/5"), O_PATH), 7);
	CHECK_EQ(sys(SYS_open, P("/proc/self/fd/5"), O_PATH | O_NOFOLLOW), 8);
	CHECK_ERR(sys(SYS_open, P("/proc/self/fd/5"), O_RDONLY | O_NOFOLLOW), ELOOP);
}

FSTEST(proc_links_and_the_limits_of_openat2)
{
	static const struct {
		uint64_t resolve;
		int error;
	} cases[] = {
		{ RESOLVE_NO_MAGICLINKS, ELOOP }, { RESOLVE_NO_SYMLINKS, ELOOP }, { RESOLVE_NO_XDEV, EXDEV },
		{ RESOLVE_BENEATH, EXDEV },       { RESOLVE_IN_ROOT, EXDEV },
	};
	int fd = fs_test_file("a", O_RDWR, "hello"), dir = (int)sys(SYS_open, P(own("/fd")), O_RDONLY);

	CHECK_EQ(fd, 3);
	for (unsigned i = 0; i < array_size(cases); i++) {
		const uint64_t how[3] = { O_RDONLY, 0, cases[i].resolve };

		systest_put(0, how, sizeof(how));
		CHECK_ERR(sys(SYS_openat2, dir, P("3"), SYSTEST_MEM, 24), cases[i].error);
	}
}

FSTEST(proc_links_in_one_path_are_limited)
{
	char path[256] = "/proc/self/cwd";

	CHECK_EQ(sys(SYS_access, P("/proc/self/root/proc/self/root/proc/self/cwd"), 4), 0);
	for (unsigned i = 0; i < 8; i++)
		format(path + strlen(path), sizeof(path) - strlen(path), "/../proc/self/cwd");
	CHECK_ERR(sys(SYS_access, systest_string(0, path), 4), ELOOP);
}

/* ---- contents ---- */

FSTEST(proc_maps_shows_mappings)
{
	const uint64_t at = 0x20000000;
	int fd = fs_test_file("mapped file", O_RDWR, "hello");

	CHECK_EQ(sys(SYS_mmap, at, 3 * PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0), (long)at);
	CHECK(strstr(content("/proc/self/maps"), "20000000-20003000 r--p 00000000 00:00 0 \n"));
	CHECK_EQ(sys(SYS_mprotect, at + PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	CHECK(strstr(content("/proc/self/maps"), "20001000-20002000 rw-p 00000000 00:00 0 \n"));
	CHECK_EQ(sys(SYS_munmap, at, 3 * PAGE_SIZE), 0);
	CHECK(!strstr(content("/proc/self/maps"), "20000000-"));
	CHECK_EQ(sys(SYS_mmap, at, PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0), (long)at);
	CHECK(strstr(content("/proc/self/maps"), "20000000-20001000 r--s 00000000 00:"));
	CHECK(strstr(content("/proc/self/maps"), " /fstest/mapped file\n"));
	CHECK_EQ(sys(SYS_munmap, at, PAGE_SIZE), 0);
}

FSTEST(proc_stat_has_its_fields)
{
	char start[64];
	unsigned blanks = 0;
	const char *text;

	format(start, sizeof(start), "%d (%s) R ", process_current()->pid, process_current()->name);
	text = content("/proc/self/stat");
	CHECK(!strncmp(text, start, strlen(start)));
	for (const char *c = strrchr(text, ')'); *c; c++)
		blanks += *c == ' ';
	CHECK_EQ(blanks, 50);
	CHECK(strstr(content("/proc/self/status"), "\nUid:\t0\t0\t0\t0\n"));
	CHECK(strstr(content("/proc/self/limits"), "Max open files            1024                 4096 "));
	CHECK(strstr(content("/proc/mounts"), "\ntmpfs /fstest tmpfs rw,relatime 0 0\n"));
	CHECK(strstr(content("/proc/self/mountinfo"), " / /fstest rw,relatime - tmpfs tmpfs rw\n"));
	CHECK(strstr(content("/proc/filesystems"), "nodev\tproc\n"));
	CHECK_STR(content("/proc/sys/kernel/ostype"), "Linux\n");
}

FSTEST(proc_files_have_positions)
{
	int fd = (int)sys(SYS_open, P("/proc/sys/kernel/ostype"), O_RDONLY);

	CHECK_EQ(sys(SYS_pread64, fd, BUF, 3, 2), 3);
	CHECK_MEM(BUF, "nux", 3);
	CHECK_EQ(sys(SYS_read, fd, BUF, 2), 2);
	CHECK_MEM(BUF, "Li", 2);
	CHECK_EQ(sys(SYS_read, fd, BUF, 100), 4);
	CHECK_EQ(sys(SYS_read, fd, BUF, 100), 0);
	CHECK_EQ(sys(SYS_lseek, fd, 0, SEEK_SET), 0);
	CHECK_EQ(sys(SYS_read, fd, BUF, 100), 6);
	CHECK_ERR(sys(SYS_lseek, fd, 0, SEEK_END), EINVAL);
	CHECK_EQ(sys(SYS_pread64, fd, BUF, 1, 1000), 0);
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_BAD, 0), 0);
	CHECK_ERR(sys(SYS_pread64, fd, SYSTEST_BAD, 10, 0), EFAULT);
}

/* ---- what cannot be done ---- */

FSTEST(proc_cannot_be_changed)
{
	CHECK_ERR(sys(SYS_mkdir, P("/proc/x"), 0755), ENOENT);
	CHECK_ERR(sys(SYS_mkdir, P("/proc/self/x"), 0755), ENOENT);
	CHECK_ERR(sys(SYS_mkdir, P("/proc/self"), 0755), EEXIST);
	CHECK_ERR(sys(SYS_mknod, P("/proc/x"), S_IFREG | 0600, 0), ENOENT);
	CHECK_ERR(sys(SYS_symlink, P("a"), P("/proc/self/fd/x")), ENOENT);
	CHECK_ERR(sys(SYS_open, P("/proc/x"), O_RDWR | O_CREAT, 0600), ENOENT);
	CHECK_ERR(sys(SYS_open, P("/proc/self/x"), O_RDWR | O_CREAT, 0600), ENOENT);
	CHECK_ERR(sys(SYS_open, P("/proc"), O_RDWR | O_TMPFILE_BIT | O_DIRECTORY, 0600), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_unlink, P("/proc/version")), EPERM);
	CHECK_ERR(sys(SYS_unlink, P("/proc/self/fd/1")), EPERM);
	CHECK_ERR(sys(SYS_rmdir, P("/proc/self/fd")), EPERM);
	CHECK_ERR(sys(SYS_rename, P("/proc/version"), P("/proc/v")), EPERM);
	CHECK_ERR(sys(SYS_rename, P("/proc/version"), P("/proc/meminfo")), EPERM);
	CHECK_ERR(sys(SYS_rename, P("/proc/version"), P("v")), EXDEV);
	CHECK_ERR(sys(SYS_link, P("/proc/version"), P("v")), EXDEV);
	CHECK_ERR(sys(SYS_chmod, P("/proc/self/maps"), 0777), EPERM);
	CHECK_ERR(sys(SYS_chown, P("/proc/self/maps"), 1, 1), EPERM);
	CHECK_ERR(sys(SYS_mount, 0, P("/proc/self/fd"), P("tmpfs"), 0, 0), ENOENT);
	CHECK_ERR(sys(SYS_write, sys(SYS_open, P("/proc/version"), O_WRONLY), P("x"), 1), EINVAL);
	CHECK_ERR(sys(SYS_read, sys(SYS_open, P("/proc/self"), O_RDONLY), BUF, 1), EISDIR);
}

FSTEST(proc_keeps_what_is_not_others_business)
{
	struct process *other;

	CHECK_EQ(systest_process("other", &other), 0);
	systest_become(1000);
	{
		char path[64];

		format(path, sizeof(path), "/proc/%d/maps", other->pid);
		CHECK_ERR(sys(SYS_open, P(path), O_RDONLY), EACCES);
		format(path, sizeof(path), "/proc/%d/stat", other->pid);
		CHECK_EQ(sys(SYS_access, P(path), 4), 0);
		format(path, sizeof(path), "/proc/%d/fd/1", other->pid);
		CHECK_STR(target(path), "EACCES");
		format(path, sizeof(path), "/proc/%d/cwd", other->pid);
		CHECK_STR(target(path), "EACCES");
		format(path, sizeof(path), "/proc/%d/environ", other->pid);
		CHECK_ERR(sys(SYS_open, P(path), O_RDONLY), EACCES);
	}
	CHECK_ERR(sys(SYS_open, P("/proc/version"), O_WRONLY), EACCES);
	CHECK_EQ(sys(SYS_access, P("/proc/self/maps"), 4), 0);
	process_teardown(other, 0);
	process_put(other);
}

FSTEST(proc_of_a_process_that_ends)
{
	struct process *other;
	char path[64];
	int stat, dir, started;

	CHECK_EQ(systest_process("other", &other), 0);
	format(path, sizeof(path), "/proc/%d", other->pid);
	dir = (int)sys(SYS_open, P(path), O_RDONLY | O_DIRECTORY);
	stat = (int)sys(SYS_openat, dir, P("stat"), O_RDONLY);
	started = (int)sys(SYS_openat, dir, P("comm"), O_RDONLY);
	CHECK_EQ(sys(SYS_read, started, BUF, 2), 2);
	process_teardown(other, 0);
	process_put(other);
	CHECK_ERR(sys(SYS_read, stat, BUF, 100), ESRCH);
	CHECK_ERR(sys(SYS_pread64, stat, BUF, 100, 0), ESRCH);
	CHECK_EQ(sys(SYS_read, started, BUF, 100), 4);
	CHECK_ERR(sys(SYS_openat, dir, P("stat"), O_RDONLY), ENOENT);
	CHECK_ERR(sys(SYS_getdents64, dir, BUF, 1000), ENOENT);
	CHECK_ERR(sys(SYS_open, P(path), O_RDONLY), ENOENT);
}

/* ---- leaks ---- */

LINKSET_DECLARE(object_type);

static long objects(void)
{
	long sum = 0;

	LINKSET_FOREACH(object_type, const struct object_type, type)
		sum += type->live;
	return sum;
}

FSTEST(proc_keeps_nothing)
{
	struct heap_stats before, after;
	long live;

	for (unsigned round = 0; round < 2; round++) {
		heap_drain();
		heap_stats(&before);
		live = objects();
		CHECK(lists("/proc/self/fd", "1"));
		content("/proc/self/status");
		content("/proc/self/maps");
		content("/proc/self/root/proc/self/cwd/../proc/self/fd/../stat");
		target("/proc/self/fd/1");
		sys(SYS_stat, P("/dev/stdin"), BUF);
		sys(SYS_open, P("/proc/self/fd/77"), O_RDONLY);
		heap_drain();
		heap_stats(&after);
	}
	CHECK_EQ(objects(), live);
	CHECK_EQ(after.live_objects, before.live_objects);
}
