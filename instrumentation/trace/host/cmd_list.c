/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki trace list: what can be recorded.
 */
#include <plat/run/image.h>
#include <stdio.h>

#include "../description.h"
#include "commands.h"
#include "pattern.h"

static const char *const type_names[] = {
	[STREAM_U64] = "number",  [STREAM_S64] = "number",          [STREAM_HEX] = "hex",
	[STREAM_PTR] = "kernel address", [STREAM_UPTR] = "program's address", [STREAM_THREAD] = "thread",
	[STREAM_NS] = "ns",       [STREAM_CALL] = "system call",    [STREAM_RESULT] = "result",
	[STREAM_STR] = "text",
};

static void print_event(const struct stream_event *event)
{
	printf("%s:%s", event->group, event->name);
	for (size_t i = 0; i < event->arg_count; i++) {
		const struct stream_arg *arg = &event->args[i];

		printf("%s%s (", i ? ", " : "  ", arg->name);
		if (!arg->value_count)
			fputs(type_names[arg->type], stdout);
		for (size_t n = 0; n < arg->value_count; n++)
			printf("%s%s", n ? "|" : "", arg->values[n]);
		putchar(')');
	}
	putchar('\n');
}

int cmd_list(int argc, char **argv)
{
	struct stream_events events;
	char error[STREAM_ERROR];
	size_t count = 0;

	if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
		return run_fail(EXIT_USAGE, "list takes a pattern or nothing; see: saki trace --help");
	if (stream_events_parse(&events, trace_description, trace_description_size, error))
		return run_fail(EXIT_ENVIRONMENT, "%s", error);
	for (size_t i = 0; i < events.count; i++) {
		if (argc > 1 && !pattern_names(argv[1], &events.list[i]))
			continue;
		print_event(&events.list[i]);
		count++;
	}
	stream_events_free(&events);
	return count ? EXIT_DONE : run_fail(EXIT_USAGE, "\"%s\" is no event; see: saki trace list", argv[1]);
}
