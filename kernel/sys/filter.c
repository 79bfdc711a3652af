/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of system calls that programs may make (option SYSCALL_FILTER): "filter=read,write,..." on the command line,
 * as often as one likes; saki run --allow-list makes it of what --syscalls printed. Any other call is told by one line
 * and ends the program that made it as SIGSYS does. Without such a word all calls are allowed, at no cost.
 */
#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/crash.h>
#include <kernel/heap.h>
#include <kernel/linkset.h>
#include <kernel/log.h>
#include <kernel/string.h>

#include "sys_internal.h"

#define OPTION_MAX 4096

SEALED bool syscall_filter_on;
static SEALED struct syscall_set allowed;
static struct syscall_set told;

static bool number_of(const char *name, size_t len, size_t *number)
{
	for (size_t i = 0; i < syscall_table_size; i++) {
		const char *known = syscall_table[i].name;

		if (known && !strncmp(known, name, len) && !known[len]) {
			*number = i;
			return true;
		}
	}
	return false;
}

void syscall_set_add(struct syscall_set *set, const char *names)
{
	while (*names) {
		size_t len = 0, number;

		while (names[len] && names[len] != ',')
			len++;
		if (number_of(names, len, &number) && number < SYSCALL_SET_MAX)
			set->bits[number / 64] |= UINT64_C(1) << number % 64;
		else if (len)
			log_warning("filter: there is no system call \"%.*s\"", (int)min(len, (size_t)32), names);
		names += len + (names[len] == ',');
	}
}

bool syscall_set_has(const struct syscall_set *set, uint64_t number)
{
	return number < SYSCALL_SET_MAX && (set->bits[number / 64] >> number % 64 & 1);
}

bool syscall_is_denied(uint64_t number)
{
	return syscall_filter_on && !syscall_set_has(&allowed, number);
}

/* True the first time. */
static bool tell_once(uint64_t number)
{
	const uint64_t bit = UINT64_C(1) << number % 64;

	return number >= SYSCALL_SET_MAX || !(atomic_fetch_or(&told.bits[number / 64], bit) & bit);
}

void syscall_deny(uint64_t number)
{
	const char *name = number < syscall_table_size ? syscall_table[number].name : NULL;
	char unnamed[32];

	format(unnamed, sizeof(unnamed), "number %lu", (unsigned long)number);
	if (tell_once(number))
		log_printf("%s: %s\n", crash_kind_name(CRASH_DENIED), name ?: unnamed);
	process_exit(SIGSYS);
}

static int filter_init(void)
{
	char *names = heap_alloc(OPTION_MAX);
	bool is_there = false;

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; boot_option_at("filter", i, names, OPTION_MAX) >= 0; i++) {
		is_there = true;
		if (IS_ENABLED(CONFIG_SYSCALL_FILTER))
			syscall_set_add(&allowed, names);
	}
	heap_free(names);
	syscall_filter_on = is_there && IS_ENABLED(CONFIG_SYSCALL_FILTER);
	if (is_there && !syscall_filter_on)
		log_warning("command line: filter=: this kernel was built without it (option SYSCALL_FILTER)");
	return 0;
}
/* Before syscall.c asks. */
INIT_CALL(INIT_FS, filter_init);
