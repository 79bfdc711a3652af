/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clocks as the C library reads them, through the object that the kernel gives it (vdso(7)), between two readings
 * by system calls: each answer must lie between the others. With an argument: how long a reading takes either way.
 */
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 200

static long long ns_of(struct timespec t)
{
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long ask(clockid_t clock)
{
	struct timespec t;

	return syscall(SYS_clock_gettime, clock, &t) ? -1 : ns_of(t);
}

static long long read_clock(clockid_t clock)
{
	struct timespec t;

	return clock_gettime(clock, &t) ? -1 : ns_of(t);
}

static void in_order(const char *name, clockid_t clock)
{
	for (int i = 0; i < ROUNDS; i++) {
		long long a = ask(clock), b = read_clock(clock), c = ask(clock);

		if (a < 0 || b < a || c < b) {
			printf("%s: %lld %lld %lld in round %d\n", name, a, b, c, i);
			return;
		}
	}
	printf("%s in order\n", name);
}

static int is_object(void)
{
	const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);

	return base && !memcmp(base, ELFMAG, SELFMAG) && ((const ElfW(Ehdr) *)base)->e_type == ET_DYN;
}

static int count_maps(const char *name)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	int found = 0;

	while (maps && fgets(line, sizeof(line), maps))
		found += strstr(line, name) != NULL;
	if (maps)
		fclose(maps);
	return found;
}

static double ns_each(long long (*reading)(clockid_t), int count)
{
	long long start = ask(CLOCK_MONOTONIC);

	for (int i = 0; i < count; i++)
		reading(CLOCK_MONOTONIC);
	return (double)(ask(CLOCK_MONOTONIC) - start) / count;
}

static int measure(void)
{
	int count = 100000;

	printf("%.1f %.1f\n", ns_each(read_clock, count), ns_each(ask, count));
	return 0;
}

int main(int argc, char **argv)
{
	struct timespec t;
	struct timeval tv;
	unsigned cpu = 77;

	if (argc > 1)
		return measure();
	printf("object %d, [vdso] %d\n", is_object(), count_maps("[vdso]"));
	in_order("CLOCK_REALTIME", CLOCK_REALTIME);
	in_order("CLOCK_MONOTONIC", CLOCK_MONOTONIC);
	in_order("CLOCK_BOOTTIME", CLOCK_BOOTTIME);
	in_order("CLOCK_TAI", CLOCK_TAI);
	in_order("CLOCK_PROCESS_CPUTIME_ID", CLOCK_PROCESS_CPUTIME_ID);
	printf("no clock: %d", clock_gettime(99, &t));
	printf(" %s\n", strerror(errno));
	printf("resolution: %d %ld\n", clock_getres(CLOCK_MONOTONIC, &t), t.tv_nsec);
	gettimeofday(&tv, NULL);
	printf("seconds agree: %d\n", llabs(time(NULL) - (long long)tv.tv_sec) <= 1);
	printf("time of day agrees: %d\n",
	       llabs(read_clock(CLOCK_REALTIME) / 1000 - (tv.tv_sec * 1000000LL + tv.tv_usec)) < 5000000);
	syscall(SYS_getcpu, &cpu, NULL, NULL);
	printf("a processor: %d %d\n", cpu < 4096, sched_getcpu() >= 0);
	return 0;
}
