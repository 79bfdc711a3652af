/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine's command line as the rest of the kernel asks for it, and the calls that bring subsystems up.
 */
#include <instrumentation/trace/boot.h>
#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/linkset.h>
#include <kernel/log.h>
#include <kernel/parse.h>
#include <kernel/string.h>

#include "cmdline.h"
#include "core_internal.h"

LINKSET_DECLARE(init_call);

static const char *command_line(void)
{
	return boot_info ? boot_info->command_line : "";
}

ssize_t boot_option(const char *name, char *buf, size_t size)
{
	size_t count = cmdline_option_count(command_line(), name);

	return count ? cmdline_option(command_line(), name, count - 1, buf, size) : -ENOENT;
}

ssize_t boot_option_at(const char *name, size_t index, char *buf, size_t size)
{
	return cmdline_option(command_line(), name, index, buf, size);
}

uint64_t boot_option_number(const char *name, uint64_t fallback)
{
	char text[32];
	ssize_t len = boot_option(name, text, sizeof(text));
	uint64_t value;

	if (len == -ENOENT)
		return fallback;
	if (len >= 0 && !parse_size(text, &value))
		return value;
	log_warning("command line: %s= wants a number; using %lu", name, fallback);
	return fallback;
}

ssize_t boot_argument(size_t index, char *buf, size_t size)
{
	return cmdline_argument(command_line(), index, buf, size);
}

ssize_t boot_environment(size_t index, char *buf, size_t size)
{
	return cmdline_option(command_line(), "env", index, buf, size);
}

/* For a terminal: what is not printable would be obeyed by it. */
static const char *printable(const struct cmdline_word *word, char *buf, size_t size)
{
	size_t len = min(word->len, size - 1);

	for (size_t i = 0; i < len; i++)
		buf[i] = word->text[i] >= ' ' && word->text[i] <= '~' ? word->text[i] : '?';
	buf[len] = 0;
	return buf;
}

void boot_options_check(void)
{
	char text[60];
	const char *cursor = command_line();
	struct cmdline_word word;

	while (cmdline_next_word(&cursor, &word)) {
		if (cmdline_word_is_malformed(&word)) {
			log_warning("command line: a %% in \"%s\" starts no escape, taken as it is",
				    printable(&word, text, sizeof(text)));
			return;
		}
	}
}

/* Of two calls of the same name and level only one is made: names are C functions, so it is a rare mistake. */
static bool comes_before(const struct init_call *a, const struct init_call *b)
{
	return a->level != b->level ? a->level < b->level : strcmp(a->name, b->name) < 0;
}

/* The set is small, and there is no memory to sort it in: the next one is looked for each time. */
static const struct init_call *next_init_call(const struct init_call *last)
{
	const struct init_call *next = NULL;

	LINKSET_FOREACH(init_call, const struct init_call, call) {
		if (last && !comes_before(last, call))
			continue;
		if (!next || comes_before(call, next))
			next = call;
	}
	return next;
}

static void run(const struct init_call *call)
{
	uint64_t start = boot_step_start();
	int err;

	log_debug("init: %s", call->name);
	err = call->fn();
	if (err)
		panic("%s failed at boot: %s", call->name, errno_name(-err) ?: "unknown error");
	boot_step_end(BOOT_INIT_CALL, start, call->name);
}

/* As the boot chart shows them. */
static const char *const level_names[] = {
	[INIT_MEMORY] = "init calls: memory", [INIT_CORE] = "init calls: core",	    [INIT_BUS] = "init calls: bus",
	[INIT_DEVICE] = "init calls: device", [INIT_FS] = "init calls: fs", [INIT_LATE] = "init calls: late",
};

void init_calls_run(enum init_level first, enum init_level last)
{
	const struct init_call *call = next_init_call(NULL);

	for (unsigned level = first; level <= last; level++) {
		for (; call && call->level <= level; call = next_init_call(call))
			if (call->level == level)
				run(call);
		boot_phase_end(level_names[level]);
	}
}
