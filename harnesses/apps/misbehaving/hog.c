/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two processes want memory: one all there is, and one a page now and then. The second must live through it: argument
 * "child" makes the child the greedy one, "several" all of four children.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static void take(size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		exit(3);
	for (size_t at = 0; at < size; at += PAGE)
		memory[at] = 1;
}

static void hog(void)
{
	for (;;)
		take(1 << 20);
}

int main(int argc, char **argv)
{
	int hogs = argc > 1 && !strcmp(argv[1], "several") ? 4 : 1, status, killed = 0;

	for (int i = 0; i < hogs; i++)
		if (!fork())
			hog();
	for (int left = hogs; left;) {
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid < 0)
			return 2;
		if (pid > 0) {
			left--;
			killed += WIFSIGNALED(status) && WTERMSIG(status) == 9;
		}
		take(PAGE);
		usleep(500);
	}
	take(8 << 20);
	printf("%d of %d killed, the rest goes on\n", killed, hogs);
	return 0;
}
