/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel's CPU code asks of Linux besides signals: sleep, randomness, the CPU's name.
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "arch_host_abi.h"

void os_sleep_ns(uint64_t ns)
{
	const struct timespec time = { .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) };

	nanosleep(&time, NULL);
}

int os_entropy(uint64_t *value)
{
	return getrandom(value, sizeof(*value), GRND_NONBLOCK) == sizeof(*value);
}

void os_cpu_name(char *buf, size_t size)
{
	char line[256];
	FILE *info = fopen("/proc/cpuinfo", "re");

	snprintf(buf, size, "host");
	if (!info)
		return;
	while (fgets(line, sizeof(line), info)) {
		const char *colon = strchr(line, ':');

		if (!colon || strncmp(line, "model name", 10) != 0)
			continue;
		snprintf(buf, size, "host: %.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
		break;
	}
	fclose(info);
}
