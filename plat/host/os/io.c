/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine's consoles, clocks and doorbell as Linux gives them. No stdio: its state would survive a reset of the
 * kernel.
 */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "plat_host_abi.h"

void os_write(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd wait = { .fd = fd, .events = POLLOUT };

			poll(&wait, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			return;
		} else if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
}

long os_read(int fd, char *text, size_t len)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&ready, 1, 0) != 1)
		return 0;
	n = read(fd, text, len);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -1;
	return n ? n : -1;
}

static uint64_t clock_read(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

uint64_t os_clock_ns(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

uint64_t os_realtime_ns(void)
{
	return clock_read(CLOCK_REALTIME);
}

/* Shared futexes: the other side is another process with the same file. */
void os_word_wait(const uint32_t *word, uint32_t value, unsigned times)
{
	syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

void os_word_wake(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}
