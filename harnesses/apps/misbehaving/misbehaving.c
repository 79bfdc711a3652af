/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program whose children do what no program should: each gets its signal or its errno, and the next one runs. All of
 * them are more than Saki's 64 MiB, and are kept from being more than Linux's: it says the same on both.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int deeper(int depth)
{
	volatile char frame[4096];

	memset((void *)(uintptr_t)frame, depth, sizeof(frame));
	return depth < INT32_MAX ? deeper(depth + 1) + frame[depth % 4096] : 0;
}

static int overflow_stack(void)
{
	return deeper(0);
}

static int jump_to_null(void)
{
	void (*volatile nowhere)(void) = NULL;

	nowhere();
	return 0;
}

__attribute__((noinline)) static int write_code(void)
{
	*(volatile char *)(uintptr_t)write_code = 0;
	return 0;
}

/* As much memory as it may have: the limit is what keeps Linux from giving all it has. */
static int eat_memory(void)
{
	struct rlimit limit = { .rlim_cur = 32 << 20, .rlim_max = 32 << 20 };

	setrlimit(RLIMIT_AS, &limit);
	for (;;) {
		char *piece = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (piece == MAP_FAILED)
			return errno == ENOMEM ? 1 : 2;
		memset(piece, 1, 1 << 20);
	}
}

static void *sleep_forever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static int eat_threads(void)
{
	pthread_t thread;
	int count = 0;

	while (count < 200 && !pthread_create(&thread, NULL, sleep_forever, NULL))
		count++;
	return count > 50 ? 3 : 4;
}

/* All of them end with the group. */
static int eat_processes(void)
{
	setpgid(0, 0);
	for (int count = 0; count < 100; count++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (!pid)
			sleep_forever(NULL);
	}
	kill(0, SIGKILL);
	return 5;
}

static int eat_descriptors(void)
{
	int count = 0;

	while (dup(0) >= 0)
		count++;
	return count > 100 && errno == EMFILE ? 6 : 7;
}

static int bad_pointers(void)
{
	char *const bad = (char *)8;
	int fds[2], refused = 0;

	refused += read(0, bad, 10) < 0 || write(1, bad, 10) < 0;
	refused += pipe((int *)(void *)bad) < 0 && errno == EFAULT;
	refused += pipe(fds) == 0 && write(fds[1], (void *)-1L, 1) < 0 && errno == EFAULT;
	refused += write(fds[1], (void *)0xffffffff80000000, 1) < 0 && errno == EFAULT;
	return refused;
}

static void run(const char *what, int (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(fn());
	waitpid(pid, &status, 0);
	printf("%s: %s %d\n", what, WIFSIGNALED(status) ? "signal" : "exit",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	fflush(stdout);
}

int main(void)
{
	run("stack", overflow_stack);
	run("jump", jump_to_null);
	run("code", write_code);
	run("memory", eat_memory);
	run("threads", eat_threads);
	run("processes", eat_processes);
	run("descriptors", eat_descriptors);
	run("pointers", bad_pointers);
	puts("still here");
	return 0;
}
