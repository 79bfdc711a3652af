/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses of the kernel in what programs can read: a program without rights reads the files of /proc that are known
 * for it, and looks for a number that can only be one. It has won when there is something at that address.
 */
#include "attacks.h"

#include <kernel/process.h>
#include <kernel/systest.h>
#include <kernel/vfs.h>

#define ROOM (SYSTEST_MEM_SIZE / 2)
#define AF_UNIX 1
#define SOCK_STREAM 1

static const char *const files[] = {
	"/proc/net/unix",   "/proc/net/tcp",	"/proc/net/tcp6",     "/proc/net/udp",	   "/proc/net/netlink",
	"/proc/net/packet", "/proc/kallsyms",	"/proc/modules",      "/proc/iomem",	   "/proc/self/stat",
	"/proc/self/maps",  "/proc/self/wchan", "/proc/self/syscall", "/proc/self/stack",  "/proc/self/status",
	"/proc/stat",	    "/proc/metrics",	"/proc/timer_list",   "/proc/vmallocinfo", "/proc/kmsg",
};
static char text[ROOM + 1];

/* What is in a file; its length, 0: it is not there. */
static size_t read_all(const char *name)
{
	long fd = sys(SYS_open, systest_string(0, name), O_RDONLY), n = 0, more;

	if (fd < 0)
		return 0;
	do {
		more = sys(SYS_read, (uint64_t)fd, SYSTEST_MEM + ROOM + (uint64_t)n, ROOM - (uint64_t)n);
		n += max(more, 0L);
	} while (more > 0 && n < (long)ROOM);
	sys(SYS_close, (uint64_t)fd);
	systest_get(SYSTEST_MEM + ROOM, text, (size_t)n);
	text[n] = 0;
	return (size_t)n;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The first number of 16 hexadecimal digits, or of 20 decimal ones, that is an address of the kernel's; 0: none. */
static uint64_t find_address(size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint64_t hex = 0, decimal = 0;
		size_t n = 0;

		if (i && digit(text[i - 1]) >= 0)
			continue;
		for (; i + n < len && digit(text[i + n]) >= 0; n++) {
			hex = hex << 4 | (uint64_t)digit(text[i + n]);
			decimal = decimal * 10 + (uint64_t)digit(text[i + n]);
		}
		if (n == 16 && hex >= DIRECT_MAP_BASE)
			return hex;
		if (n == 20 && decimal >= DIRECT_MAP_BASE)
			return decimal;
	}
	return 0;
}

static bool is_mapped(uint64_t address)
{
	return !arch_pagetable_lookup(&arch_kernel_pagetable, address & PAGE_MASK, NULL, NULL);
}

static void honest(void *result)
{
	*(bool *)result = read_all("/proc/self/status") > 0 && !strncmp(text, "Name:", 5);
}

static bool mount_proc(void)
{
	sys(SYS_mkdir, systest_string(0, "/proc"), 0555);
	return !sys(SYS_mount, systest_string(0, "proc"), systest_string(64, "/proc"), systest_string(128, "proc"), 0,
		    0);
}

static void honest_with_proc(void *result)
{
	mount_proc();
	honest(result);
}

static bool benign(const struct attack *attack)
{
	bool right = false;

	return attack_in_process(honest_with_proc, &right) && right;
}

static void hostile(void *arg)
{
	mount_proc();
	sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	systest_become(1000);
	attack_primitive(arg);
	for (size_t i = 0; i < array_size(files); i++) {
		uint64_t address = find_address(read_all(files[i]));

		if (address && is_mapped(address))
			attack_goal();
	}
	attack_not_applicable(arg, "what this kernel shows to programs has no address of it");
}

static void run(const struct attack *attack)
{
	attack_in_process(hostile, (void *)(uintptr_t)attack);
}

ATTACK(proc_pointers, .family = "leak", .primitive = HOSTILE_PROGRAM, .knowledge = BLIND, .stopped_by = "pointers",
       .about = "addresses of the kernel in files of /proc", .run = run, .benign = benign);
