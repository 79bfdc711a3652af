/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki trace text: a recording as lines for people, one an event.
 */
#include <errno.h>
#include <getopt.h>
#include <plat/run/image.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "commands.h"
#include "pattern.h"
#include "recording.h"

#define NAME_SHOWN 15

struct filter {
	const char *events, *thread;	/* NULL: all */
	int width;			/* of a terminal; 0: it is none */
};

static bool is_wanted(const struct filter *filter, struct recording *recording, const struct stream_record *record)
{
	char id[16];

	if (filter->events && !pattern_names(filter->events, record->event))
		return false;
	snprintf(id, sizeof(id), "%u", record->thread);
	return !filter->thread || !strcmp(filter->thread, id) ||
	       !strcmp(filter->thread, recording_thread_name(recording, record->thread));
}

/* "read(0x0, 0x7f00, 0x1000)" and "read = 16 (3.2us)", as strace has it. */
static void print_call(FILE *out, struct recording *recording, const struct stream_record *record, enum event_kind kind)
{
	unsigned count = call_arg_count(record->args[0]);

	arg_print(out, recording, record, 0);
	if (kind == KIND_SYSCALL_EXIT) {
		fputs(" = ", out);
		arg_print(out, recording, record, 1);
		fputs(" (", out);
		arg_print(out, recording, record, 2);
	} else {
		fputc('(', out);
		for (unsigned i = 0; i < count; i++) {
			fputs(i ? ", " : "", out);
			arg_print(out, recording, record, i + 1);
		}
	}
	fputs(")", out);
}

static void print_args(FILE *out, struct recording *recording, const struct stream_record *record)
{
	for (size_t i = 0; i < record->event->arg_count; i++) {
		const char *quote = record->texts[i] ? "\"" : "";

		fprintf(out, "%s%s=%s", i ? " " : "", record->event->args[i].name, quote);
		arg_print(out, recording, record, i);
		fputs(quote, out);
	}
}

/* Characters, not bytes: what goes on in a UTF-8 character takes no room. */
static size_t fitting(const char *text, size_t width)
{
	size_t i = 0;

	for (; text[i] && (width || ((unsigned char)text[i] & 0xc0) == 0x80); i++)
		width -= ((unsigned char)text[i] & 0xc0) != 0x80;
	return i;
}

static void print_line(const struct filter *filter, const char *line)
{
	size_t len = filter->width ? fitting(line, (size_t)filter->width) : strlen(line);

	fwrite(line, 1, len, stdout);
	putchar('\n');
}

static void print_chain(const struct filter *filter, const struct recording *recording,
			const struct stream_record *record)
{
	char symbol[SYMBOL_MAX], line[SYMBOL_MAX + 32];

	for (unsigned i = 0; i < record->chain.kernel_count; i++) {
		snprintf(line, sizeof(line), "%39s %s", "=>", symbol_text(recording, record->chain.kernel[i], symbol));
		print_line(filter, line);
	}
	for (unsigned i = 0; i < record->chain.user_count; i++) {
		snprintf(line, sizeof(line), "%39s program 0x%llx", "=>", (unsigned long long)record->chain.user[i]);
		print_line(filter, line);
	}
}

static void print_record(const struct filter *filter, struct recording *recording, const struct stream_record *record,
			 enum event_kind kind)
{
	char name[THREAD_NAME_MAX], with_id[THREAD_NAME_MAX + 16], *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	if (!out)
		return;
	text_cut(name, NAME_SHOWN + 1, recording_thread_name(recording, record->thread));
	snprintf(with_id, sizeof(with_id), "%s-%u", name, record->thread);
	fprintf(out, "%20s [%03u] %5llu.%09llu: %s: ", with_id, record->cpu,
		(unsigned long long)(record->time_ns / 1000000000), (unsigned long long)(record->time_ns % 1000000000),
		record->event->name);
	if (kind == KIND_SYSCALL_ENTER || kind == KIND_SYSCALL_EXIT)
		print_call(out, recording, record, kind);
	else
		print_args(out, recording, record);
	fclose(out);
	print_line(filter, line);
	free(line);
	if (record->has_chain)
		print_chain(filter, recording, record);
}

static int options_parse(struct filter *filter, int argc, char **argv)
{
	static const struct option names[] = {
		{ "event", required_argument, NULL, 'e' },
		{ "thread", required_argument, NULL, 't' },
		{ 0 },
	};
	struct winsize size;
	int option;

	while ((option = getopt_long(argc, argv, "e:", names, NULL)) != -1) {
		if (option != 'e' && option != 't')
			return run_fail(EXIT_USAGE, "see: saki trace --help");
		*(option == 'e' ? &filter->events : &filter->thread) = optarg;
	}
	if (optind + 1 != argc)
		return run_fail(EXIT_USAGE, "text: which recording? See: saki trace --help");
	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		filter->width = size.ws_col;
	return 0;
}

/* Events that there are not are refused, rather than nothing shown. */
static int check_events(const struct filter *filter, const struct recording *recording)
{
	const struct stream_events *events = stream_events(recording->stream);
	char error[STREAM_ERROR], *word;

	if (!filter->events)
		return 0;
	if (strchr(filter->events, '?'))
		return run_fail(EXIT_USAGE, "--event \"%s\": conditions are for recording", filter->events);
	if (pattern_check(events, filter->events, &word, error))
		return run_fail(EXIT_USAGE, "%s", error);
	free(word);
	return 0;
}

int cmd_text(int argc, char **argv)
{
	struct filter filter = { 0 };
	struct recording recording;
	struct stream_record record;
	enum event_kind kind;
	int status = options_parse(&filter, argc, argv);

	if (status)
		return status;
	if (recording_open(&recording, argv[optind]))
		return EXIT_ENVIRONMENT;
	status = check_events(&filter, &recording);
	while (!status && !ferror(stdout) && recording_next(&recording, &record, &kind))
		if (is_wanted(&filter, &recording, &record))
			print_record(&filter, &recording, &record, kind);
	if (!status)
		recording_conclude(&recording);
	if (!status && (fflush(stdout) || ferror(stdout)))
		status = run_fail(EXIT_ENVIRONMENT, "standard output: %s", strerror(errno));
	recording_close(&recording);
	return status;
}
