/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The object that programs are given (vdso(7), names and version of x86_64). It is linked by itself, runs as part of
 * the program, and has no data: the page in front of it is the kernel's. What it cannot answer it asks the kernel.
 */
#include <kernel/abi/time.h>
#include <kernel/vdso.h>

#define PAGE 4096
#define NSEC UINT64_C(1000000000)
#define SYS_gettimeofday 96
#define SYS_time 201
#define SYS_clock_gettime 228
#define SYS_clock_getres 229
#define SYS_getcpu 309

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

int __vdso_clock_gettime(int clock, struct abi_timespec *time);
int __vdso_clock_getres(int clock, struct abi_timespec *resolution);
int __vdso_gettimeofday(struct abi_timeval *time, void *zone);
int64_t __vdso_time(int64_t *time);
int __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);

static const volatile struct vdso_data *data(void)
{
	return (const volatile struct vdso_data *)(__ehdr_start - PAGE);
}

static long ask(long number, uint64_t a, uint64_t b)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(0) : "rcx", "r11", "memory");
	return result;
}

/* False: the kernel must be asked. The counter is not read before what comes before in the program. */
static _Bool monotonic(uint64_t *now_ns)
{
	uint64_t scale = data()->ns_per_cycle_32;
	uint32_t low, high;

	if (!scale)
		return 0;
	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
	*now_ns = (uint64_t)((unsigned __int128)(((uint64_t)high << 32 | low) - data()->start_cycles) * scale >> 32);
	return 1;
}

static _Bool realtime(uint64_t *now_ns)
{
	if (!monotonic(now_ns))
		return 0;
	*now_ns += data()->realtime_offset_ns;
	return 1;
}

/* False for those that the kernel must be asked for. */
static _Bool read_clock(int clock, uint64_t *now_ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return realtime(now_ns);
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		return monotonic(now_ns);
	}
	return 0;
}

int __vdso_clock_gettime(int clock, struct abi_timespec *time)
{
	uint64_t now;

	if (!read_clock(clock, &now))
		return (int)ask(SYS_clock_gettime, (uint64_t)clock, (uint64_t)time);
	time->sec = (int64_t)(now / NSEC);
	time->nsec = (int64_t)(now % NSEC);
	return 0;
}

int __vdso_clock_getres(int clock, struct abi_timespec *resolution)
{
	return (int)ask(SYS_clock_getres, (uint64_t)clock, (uint64_t)resolution);
}

int __vdso_gettimeofday(struct abi_timeval *time, void *zone)
{
	uint64_t now;

	if (zone || !realtime(&now))
		return (int)ask(SYS_gettimeofday, (uint64_t)time, (uint64_t)zone);
	if (time) {
		time->sec = (int64_t)(now / NSEC);
		time->usec = (int64_t)(now % NSEC / 1000);
	}
	return 0;
}

int64_t __vdso_time(int64_t *time)
{
	uint64_t now;
	int64_t seconds;

	if (!realtime(&now))
		return ask(SYS_time, (uint64_t)time, 0);
	seconds = (int64_t)(now / NSEC);
	if (time)
		*time = seconds;
	return seconds;
}

int __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
	uint32_t number, low, high;

	if (!data()->cpu_is_told)
		return (int)ask(SYS_getcpu, (uint64_t)cpu, (uint64_t)node);
	__asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(number));
	if (cpu)
		*cpu = number;
	if (node)
		*node = 0;
	return 0;
}

/* The names without prefix are what programs of other origin look for. */
__typeof__(__vdso_clock_gettime) clock_gettime __attribute__((weak, alias("__vdso_clock_gettime")));
__typeof__(__vdso_clock_getres) clock_getres __attribute__((weak, alias("__vdso_clock_getres")));
__typeof__(__vdso_gettimeofday) gettimeofday __attribute__((weak, alias("__vdso_gettimeofday")));
__typeof__(__vdso_time) time __attribute__((weak, alias("__vdso_time")));
__typeof__(__vdso_getcpu) getcpu __attribute__((weak, alias("__vdso_getcpu")));
