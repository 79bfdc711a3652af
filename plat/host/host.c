/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The platform "host": entry from the Linux process, and consoles, clock and end by way of it. Console: its standard
 * input and output; kernel log: its standard error; the exit status is the process's.
 */
#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>
#include <plat/plat.h>

#include <arch/arch.h>
#include <arch/host/os/arch_host_abi.h>
#include "os/plat_host_abi.h"

#define BOOT_STACK_SIZE (64 * KIB)

/* In the machine's memory, as every stack of the kernel. */
static char boot_stack[BOOT_STACK_SIZE] ALIGNED(PAGE_SIZE);
static struct boot_info boot;
static uint64_t start_ns, start_realtime_ns;

static long boot_enter(void *unused)
{
	(void)unused;
	kernel_main(&boot);
}

static void range_add(phys_t base, uint64_t size, enum boot_range_type type)
{
	boot.ranges[boot.range_count++] = (struct boot_range){ base, size, type };
}

void host_start(const struct host_machine *machine)
{
	size_t len = strlen(machine->command_line);

	boot.protocol = "host";
	range_add(0, HOST_IMAGE_PHYS, BOOT_RESERVED);
	range_add(HOST_IMAGE_PHYS, (machine->memory_size & PAGE_MASK) - HOST_IMAGE_PHYS, BOOT_RAM);
	boot.image_start = HOST_IMAGE_PHYS;
	boot.image_end = HOST_IMAGE_PHYS + machine->image_size;
	boot.initrd = machine->initrd;
	boot.initrd_size = machine->initrd_size;
	boot.truncated = len >= sizeof(boot.command_line);
	memcpy(boot.command_line, machine->command_line, min(len, sizeof(boot.command_line) - 1));
	arch_host_image_phys = HOST_IMAGE_PHYS;
	start_ns = os_clock_ns();
	start_realtime_ns = os_realtime_ns();
	arch_call_on_stack(boot_stack, sizeof(boot_stack), boot_enter, NULL);
	os_exit(HOST_STATUS_CRASH);
}

static int host_probe(const struct boot_info *info)
{
	return strcmp(info->protocol, "host") == 0 ? 100 : 0;
}

static int host_init(const struct boot_info *info)
{
	(void)info;
	/* Left for good as soon as there are threads. */
	snapshot_exempt(boot_stack, sizeof(boot_stack));
	return 0;
}

/* A reading of the clock is an interrupt point: see arch/host/include/arch/cpu.h. */
static uint64_t host_clock_ns(void)
{
	uint64_t now = os_clock_ns() - start_ns;

	arch_host_timer_poll(now);
	return now;
}

static uint64_t host_boot_time_ns(void)
{
	return start_realtime_ns;
}

static void host_log_write(const char *text, size_t len)
{
	os_write(2, text, len);
}

static void host_console_write(const char *text, size_t len)
{
	os_write(1, text, len);
}

static ssize_t host_console_read(char *text, size_t len)
{
	ssize_t n = os_read(0, text, len);

	return n < 0 ? -EPIPE : n;
}

static void NORETURN host_stop(enum plat_stop how, int status)
{
	(void)how;
	os_exit(status);
}

static const struct platform host_platform = {
	.name = "host",
	.probe = host_probe,
	.init = host_init,
	.clock_ns = host_clock_ns,
	.boot_time_ns = host_boot_time_ns,
	.timer_arm = arch_host_timer_arm,
	.log_write = host_log_write,
	.console_write = host_console_write,
	.console_read = host_console_read,
	.word_wait = os_word_wait,
	.word_wake = os_word_wake,
	.stop = host_stop,
};
PLATFORM(host_platform);
