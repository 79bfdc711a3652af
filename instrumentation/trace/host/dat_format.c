/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The head of a trace.dat: what a page and an event look like, the fields of each kind of event and how it is
 * printed, the kernel's symbols, and the threads' names. See dat.h.
 */
#include <kernel/syscall_desc.h>
#include <stdlib.h>
#include <string.h>

#include "dat.h"

static const char page_text[] = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
				"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
				"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
				"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";

static const char event_text[] = "# compressed entry header\n"
				 "\ttype_len    :    5 bits\n"
				 "\ttime_delta  :   27 bits\n"
				 "\tarray       :   32 bits\n"
				 "\n"
				 "\tpadding     : type == 29\n"
				 "\ttime_extend : type == 30\n"
				 "\ttime_stamp : type == 31\n"
				 "\tdata max type_len  == 28\n";

static const char common_fields[] = "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
				    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
				    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
				    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
				    "\n";

/* An event whose fields are given: those of Linux. */
struct format {
	const char *name, *fields, *print;
	int id;			/* 0: the stream's number and DAT_OTHERS */
};

static const struct format ftrace[] = {
	{ "function",
	  "\tfield:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;\n"
	  "\tfield:unsigned long parent_ip;\toffset:16;\tsize:8;\tsigned:0;\n",
	  "\" %ps <-- %ps\", (void *)REC->ip, (void *)REC->parent_ip", DAT_FUNCTION },
	{ "kernel_stack",
	  "\tfield:int size;\toffset:8;\tsize:4;\tsigned:1;\n"
	  "\tfield:unsigned long caller[8];\toffset:16;\tsize:64;\tsigned:0;\n",
	  "\"%d callers\", REC->size", DAT_KERNEL_STACK },
	{ "user_stack",
	  "\tfield:unsigned int tgid;\toffset:8;\tsize:4;\tsigned:0;\n"
	  "\tfield:__data_loc char[] callers;\toffset:12;\tsize:4;\tsigned:1;\n",
	  "\"of %u:%s\", REC->tgid, __get_str(callers)", DAT_USER_STACK },
	{ "funcgraph_entry",
	  "\tfield:unsigned long func;\toffset:8;\tsize:8;\tsigned:0;\n"
	  "\tfield:int depth;\toffset:16;\tsize:4;\tsigned:1;\n",
	  "\"--> %ps (%d)\", (void *)REC->func, REC->depth", DAT_GRAPH_ENTRY },
	{ "funcgraph_exit",
	  "\tfield:unsigned long func;\toffset:8;\tsize:8;\tsigned:0;\n"
	  "\tfield:unsigned long long calltime;\toffset:16;\tsize:8;\tsigned:0;\n"
	  "\tfield:unsigned long long rettime;\toffset:24;\tsize:8;\tsigned:0;\n"
	  "\tfield:unsigned long overrun;\toffset:32;\tsize:8;\tsigned:0;\n"
	  "\tfield:int depth;\toffset:40;\tsize:4;\tsigned:1;\n",
	  "\"<-- %ps (%d) (start: %llx end: %llx) over: %d\", (void *)REC->func, REC->depth, REC->calltime, "
	  "REC->rettime, REC->overrun",
	  DAT_GRAPH_EXIT },
};

#define COMM_AND_PID                                                                                                   \
	"\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:1;\n"                                                     \
	"\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n"                                                         \
	"\tfield:int prio;\toffset:28;\tsize:4;\tsigned:1;\n"

static const struct format linux_formats[KIND_FUNCTION_EXIT + 1] = {
	[KIND_SCHED_SWITCH] = { "sched_switch",
				"\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:1;\n"
				"\tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;\n"
				"\tfield:int prev_prio;\toffset:28;\tsize:4;\tsigned:1;\n"
				"\tfield:long prev_state;\toffset:32;\tsize:8;\tsigned:1;\n"
				"\tfield:char next_comm[16];\toffset:40;\tsize:16;\tsigned:1;\n"
				"\tfield:pid_t next_pid;\toffset:56;\tsize:4;\tsigned:1;\n"
				"\tfield:int next_prio;\toffset:60;\tsize:4;\tsigned:1;\n",
				"\"prev_comm=%s prev_pid=%d prev_prio=%d prev_state=%s ==> next_comm=%s next_pid=%d "
				"next_prio=%d\", REC->prev_comm, REC->prev_pid, REC->prev_prio, "
				"__print_symbolic(REC->prev_state, { 0, \"R\" }, { 1, \"S\" }, { 16, \"X\" }), "
				"REC->next_comm, REC->next_pid, REC->next_prio", 0 },
	[KIND_SCHED_WAKEUP] = { "sched_wakeup",
				COMM_AND_PID "\tfield:int target_cpu;\toffset:32;\tsize:4;\tsigned:1;\n",
				"\"comm=%s pid=%d prio=%d target_cpu=%03d\", REC->comm, REC->pid, REC->prio, "
				"REC->target_cpu", 0 },
	[KIND_SCHED_MIGRATE] = { "sched_migrate_task",
				 COMM_AND_PID "\tfield:int orig_cpu;\toffset:32;\tsize:4;\tsigned:1;\n"
					      "\tfield:int dest_cpu;\toffset:36;\tsize:4;\tsigned:1;\n",
				 "\"comm=%s pid=%d prio=%d orig_cpu=%d dest_cpu=%d\", REC->comm, REC->pid, REC->prio, "
				 "REC->orig_cpu, REC->dest_cpu", 0 },
};

/* ---- formats ---- */

static void put_u32(FILE *out, uint32_t word)
{
	fwrite(&word, sizeof(word), 1, out);
}

static void put_u64(FILE *out, uint64_t word)
{
	fwrite(&word, sizeof(word), 1, out);
}

static void put_format(FILE *out, const struct format *format, int id)
{
	fprintf(out, "name: %s\nID: %d\nformat:\n%s%s\nprint fmt: %s\n", format->name, id, common_fields,
		format->fields, format->print);
}

static void put_print_format(FILE *out, const struct stream_event *event)
{
	static const char *const conversions[] = {
		[STREAM_U64] = "%llu",  [STREAM_S64] = "%lld", [STREAM_HEX] = "0x%llx", [STREAM_PTR] = "%pS",
		[STREAM_UPTR] = "0x%llx", [STREAM_THREAD] = "%llu", [STREAM_NS] = "%llu",  [STREAM_CALL] = "%s",
		[STREAM_RESULT] = "%lld", [STREAM_STR] = "%s",
	};

	fputs("\nprint fmt: \"", out);
	for (size_t i = 0; i < event->arg_count; i++)
		fprintf(out, "%s%s=%s", i ? " " : "", event->args[i].name,
			event->args[i].value_count ? "%s" : conversions[event->args[i].type]);
	fputc('"', out);
}

static void put_symbolic(FILE *out, const struct stream_arg *arg)
{
	fprintf(out, "__print_symbolic(REC->%s", arg->name);
	for (size_t i = 0; i < arg->value_count; i++)
		fprintf(out, ", { %zu, \"%s\" }", i, arg->values[i]);
	for (size_t i = 0; !arg->value_count && i < desc_call_count; i++)
		if (!desc_calls[i].variant)
			fprintf(out, ", { %u, \"%s\" }", desc_calls[i].number, desc_calls[i].name);
	fputc(')', out);
}

static void put_print_arg(FILE *out, const struct stream_arg *arg)
{
	fputs(", ", out);
	if (arg->value_count || arg->type == STREAM_CALL)
		put_symbolic(out, arg);
	else if (arg->type == STREAM_STR)
		fprintf(out, "__get_str(%s)", arg->name);
	else
		fprintf(out, arg->type == STREAM_PTR ? "(void *)REC->%s" : "REC->%s", arg->name);
}

static void put_event(FILE *out, const struct recording *recording, const struct stream_event *event)
{
	enum event_kind kind = recording->kinds[event->number];
	size_t at = 8;

	if (linux_formats[kind].name) {
		put_format(out, &linux_formats[kind], DAT_OTHERS + (int)event->number);
		return;
	}
	fprintf(out, "name: %s\nID: %u\nformat:\n%s", event->name, DAT_OTHERS + event->number, common_fields);
	for (size_t i = 0; i < event->arg_count; i++) {
		const struct stream_arg *arg = &event->args[i];
		int is_signed = arg->type == STREAM_S64 || arg->type == STREAM_RESULT;

		if (arg->type == STREAM_STR)
			fprintf(out, "\tfield:__data_loc char[] %s;\toffset:%zu;\tsize:4;\tsigned:1;\n", arg->name, at);
		else
			fprintf(out, "\tfield:%s %s;\toffset:%zu;\tsize:8;\tsigned:%d;\n", is_signed ? "s64" : "u64",
				arg->name, at, is_signed);
		/* A text takes a word as well, so that all that follow are where words may be. */
		at += 8;
	}
	put_print_format(out, event);
	for (size_t i = 0; i < event->arg_count; i++)
		put_print_arg(out, &event->args[i]);
	fputc('\n', out);
}

/* Functions are among ftrace's events instead. */
static bool is_elsewhere(const struct recording *recording, const struct stream_event *event)
{
	enum event_kind kind = recording->kinds[event->number];

	return kind == KIND_FUNCTION_ENTER || kind == KIND_FUNCTION_EXIT;
}

/* A file of the format, after its size. */
static void put_sized(FILE *out, const char *text, size_t size)
{
	put_u64(out, size);
	fwrite(text, 1, size, out);
}

static void put_event_sized(FILE *out, const struct recording *recording, const struct stream_event *event)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return;
	put_event(memory, recording, event);
	fclose(memory);
	put_sized(out, text, size);
	free(text);
}

static void put_ftrace(FILE *out)
{
	char text[4096];

	put_u32(out, sizeof(ftrace) / sizeof(ftrace[0]));
	for (size_t i = 0; i < sizeof(ftrace) / sizeof(ftrace[0]); i++) {
		FILE *memory = fmemopen(text, sizeof(text), "w");
		long size;

		if (!memory)
			return;
		put_format(memory, &ftrace[i], ftrace[i].id);
		size = ftell(memory);
		fclose(memory);
		put_sized(out, text, (size_t)size);
	}
}

/* The events of a group, after its name and their number; groups that have none here are left out. */
static uint32_t count_group(const struct recording *recording, const char *group, size_t from)
{
	const struct stream_events *events = stream_events(recording->stream);
	uint32_t count = 0;

	for (size_t i = from; i < events->count; i++)
		count += !strcmp(events->list[i].group, group) && !is_elsewhere(recording, &events->list[i]);
	return count;
}

/* The first of its group that is not elsewhere. */
static bool begins_group(const struct recording *recording, size_t i)
{
	const struct stream_event *event = &stream_events(recording->stream)->list[i];

	return !is_elsewhere(recording, event) &&
	       count_group(recording, event->group, 0) == count_group(recording, event->group, i);
}

static void put_groups(FILE *out, const struct recording *recording)
{
	const struct stream_events *events = stream_events(recording->stream);
	uint32_t groups = 0;

	for (size_t i = 0; i < events->count; i++)
		groups += begins_group(recording, i);
	put_u32(out, groups);
	for (size_t i = 0; i < events->count; i++) {
		const char *group = events->list[i].group;

		if (!begins_group(recording, i))
			continue;
		fwrite(group, 1, strlen(group) + 1, out);
		put_u32(out, count_group(recording, group, i));
		for (size_t k = i; k < events->count; k++)
			if (!strcmp(events->list[k].group, group) && !is_elsewhere(recording, &events->list[k]))
				put_event_sized(out, recording, &events->list[k]);
	}
}

/* ---- names ---- */

static void put_symbols(FILE *out, const struct recording *recording)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return;
	for (size_t i = 0; i < recording->symbols.count; i++) {
		const struct kernel_symbol *symbol = &recording->symbols.list[i];

		fprintf(memory, "%016llx %c %s\n", (unsigned long long)symbol->address, symbol->kind, symbol->name);
	}
	fclose(memory);
	put_u32(out, (uint32_t)size);
	fwrite(text, 1, size, out);
	free(text);
}

/* The names that threads have at the end of the recording. */
static void put_threads(FILE *out, struct recording *recording)
{
	struct stream_record record;
	enum event_kind kind;
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return;
	while (recording_next(recording, &record, &kind))
		;
	for (size_t i = 0; i < recording->threads.size; i++) {
		const struct traced_thread *thread = &recording->threads.slots[i];

		if (thread->is_used && thread->id && thread->name[0])
			fprintf(memory, "%u %s\n", thread->id, thread->name);
	}
	recording_rewind(recording);
	fclose(memory);
	put_u64(out, size);
	fwrite(text, 1, size, out);
	free(text);
}

void dat_head(FILE *out, struct recording *recording, unsigned cpus)
{
	static const char magic[] = "\x17\x08\x44tracing6"; /* and its NUL */
	static const char endian_and_long[] = { 0, 8 };

	fwrite(magic, 1, sizeof(magic), out);
	fwrite(endian_and_long, 1, sizeof(endian_and_long), out);
	put_u32(out, DAT_PAGE);
	fwrite("header_page", 1, sizeof("header_page"), out);
	put_sized(out, page_text, sizeof(page_text) - 1);
	fwrite("header_event", 1, sizeof("header_event"), out);
	put_sized(out, event_text, sizeof(event_text) - 1);
	put_ftrace(out);
	put_groups(out, recording);
	put_symbols(out, recording);
	put_u32(out, 0);	/* no formats of trace_printk */
	put_threads(out, recording);
	put_u32(out, cpus);
	fwrite("flyrecord", 1, sizeof("flyrecord"), out);
}
