/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a program asks of its kernel, timed from inside: "NAME NANOSECONDS" a line, the best of five rounds. The same
 * binary runs on Saki and as the first process of a Linux guest, where it makes its /dev and powers off at the end.
 * Arguments are the names of what is wanted; without any it is all. What is done does not depend on the time it takes.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 5

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void getppids(int n)
{
	for (int i = 0; i < n; i++)
		syscall(SYS_getppid);
}

static void read_zero(int n)
{
	char buf[4096];
	int fd = open("/dev/zero", O_RDONLY);

	for (int i = 0; i < n; i++)
		if (read(fd, buf, sizeof(buf)) != sizeof(buf))
			fail("/dev/zero");
	close(fd);
}

/* One byte there and back between two processes. */
static void pipe_ping_pong(int n)
{
	int there[2], back[2];
	char byte = 0;
	pid_t child;

	if (pipe(there) || pipe(back))
		fail("pipe");
	child = fork();
	if (!child) {
		for (int i = 0; i < n; i++)
			if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1)
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i < n; i++)
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			fail("pipe");
	waitpid(child, NULL, 0);
	for (int i = 0; i < 2; i++) {
		close(there[i]);
		close(back[i]);
	}
}

/* 64 pages, each touched. */
static void map_and_touch(int n)
{
	for (int i = 0; i < n; i++) {
		char *p = mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			fail("mmap");
		for (int page = 0; page < 64; page++)
			p[page * 4096] = 1;
		munmap(p, 64 * 4096);
	}
}

static void *nothing(void *arg)
{
	return arg;
}

static void create_and_join(int n)
{
	for (int i = 0; i < n; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
			fail("pthread");
	}
}

static uint32_t turn;

static void await_turn(uint32_t mine)
{
	uint32_t now;

	while ((now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) != mine)
		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0);
}

static void give_turn(uint32_t other)
{
	__atomic_store_n(&turn, other, __ATOMIC_RELEASE);
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *play(void *arg)
{
	for (int i = *(int *)arg; i > 0; i--) {
		await_turn(1);
		give_turn(0);
	}
	return NULL;
}

static void futex_ping_pong(int n)
{
	pthread_t thread;

	turn = 0;
	if (pthread_create(&thread, NULL, play, &n))
		fail("pthread");
	for (int i = 0; i < n; i++) {
		give_turn(1);
		await_turn(0);
	}
	pthread_join(thread, NULL);
}

static void fork_and_exit(int n)
{
	for (int i = 0; i < n; i++) {
		pid_t child = fork();

		if (!child)
			_exit(0);
		if (waitpid(child, NULL, 0) != child)
			fail("fork");
	}
}

static void insert_rows(int n)
{
	static const char format[] = "PRAGMA journal_mode=memory; CREATE TABLE t(a, b);"
				     "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x < %d)"
				     " INSERT INTO t SELECT x, hex(x) FROM c;";
	char command[sizeof(format) + 16];
	int status;

	snprintf(command, sizeof(command), format, n);
	unlink("/tmp/db");
	if (!fork()) {
		dup2(open("/dev/null", O_WRONLY), 1);
		execl("/usr/bin/sqlite3", "sqlite3", "/tmp/db", command, NULL);
		_exit(1);
	}
	if (wait(&status) < 0 || status)
		fail("sqlite3");
}

static const struct measure {
	const char *name;
	void (*run)(int n);
	int n, divisor;
} measures[] = {
	{ "getppid", getppids, 20000, 20000 },
	{ "read of 4 KiB of /dev/zero", read_zero, 5000, 5000 },
	{ "pipe ping-pong", pipe_ping_pong, 1000, 1000 },
	{ "mmap and touch of 64 pages", map_and_touch, 50, 50 },
	{ "pthread create and join", create_and_join, 200, 200 },
	{ "futex ping-pong", futex_ping_pong, 1000, 1000 },
	{ "fork and exit", fork_and_exit, 50, 50 },
	{ "sqlite3 inserting 100,000 rows", insert_rows, 100000, 1 },
};

static double best_of_rounds(const struct measure *m)
{
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns(), took;

		m->run(m->n);
		took = (now_ns() - start) / m->divisor;
		if (!round || took < best)
			best = took;
	}
	return best;
}

static int is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return 1;
	return argc < 2 && !getenv("hello");
}

int main(int argc, char **argv)
{
	int guest = getenv("linux_guest") != NULL;

	if (guest) {
		mkdir("/dev", 0755);
		mkdir("/tmp", 01777);
		mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
		dup2(open("/dev/console", O_RDWR), 1);
	}
	/* "hello", which is no name: how long until a program's main() runs is the runner's to time. */
	printf("main\n");
	fflush(stdout);
	for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++)
		if (is_wanted(measures[i].name, argc, argv))
			printf("%s\t%.1f\n", measures[i].name, best_of_rounds(&measures[i]));
	printf("end\n");
	fflush(stdout);
	if (guest)
		reboot(RB_POWER_OFF);
	return 0;
}
