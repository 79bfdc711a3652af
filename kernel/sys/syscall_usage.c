/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which system calls a program needs: how often each was made and failed, and those that are missing here, as Loupe
 * tells it of Linux programs. "syscalls" on the command line asks for it.
 */
#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/linkset.h>
#include <kernel/log.h>
#include <kernel/syscall.h>

#include "sys_internal.h"

#define NUMBERS 512
#define ERRNOS 4095

static struct {
	uint64_t calls, errors;
	int error; /* the last one */
} usage[NUMBERS];
SEALED bool syscall_usage_wanted;

static int usage_init(void)
{
	char value[8];

	syscall_usage_wanted = boot_option("syscalls", value, sizeof(value)) != -ENOENT;
	return 0;
}
/* Before syscall.c asks. */
INIT_CALL(INIT_FS, usage_init);

static bool is_there(uint64_t number)
{
	return number < syscall_table_size && syscall_table[number].call;
}

void syscall_usage_note(uint64_t number, long result)
{
	if (number >= NUMBERS)
		return;
	atomic_fetch_add(&usage[number].calls, 1);
	if (result >= 0 || result < -ERRNOS)
		return;
	atomic_fetch_add(&usage[number].errors, 1);
	usage[number].error = (int)-result;
}

static void print(uint64_t number)
{
	const char *name = number < syscall_table_size ? syscall_table[number].name : NULL;
	char unnamed[24];

	format(unnamed, sizeof(unnamed), "number %lu", (unsigned long)number);
	log_printf("%8lu %8lu  %s%s%s%s%s\n", (unsigned long)usage[number].calls, (unsigned long)usage[number].errors,
		   name ? name : unnamed, usage[number].errors ? "  (" : "",
		   usage[number].errors ? errno_name(usage[number].error) : "", usage[number].errors ? ")" : "",
		   is_there(number) ? "" : "  MISSING");
}

void syscall_usage_print(void)
{
	unsigned used = 0, missing = 0;

	if (!syscall_usage_wanted)
		return;
	log_printf("   calls   errors  system call (last error)\n");
	for (uint64_t number = 0; number < NUMBERS; number++) {
		if (!usage[number].calls)
			continue;
		used++;
		missing += !is_there(number);
		print(number);
	}
	log_printf("%u system calls used, %u of them missing\n", used, missing);
}
