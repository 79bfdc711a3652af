/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki trace dat: a recording as a trace.dat of trace-cmd's. See dat.h. The file has one CPU's records after the
 * other's, so the recording is read once for each.
 */
#include <errno.h>
#include <inttypes.h>
#include <plat/run/image.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "dat.h"
#include "output.h"

struct common {
	uint16_t type;
	uint8_t flags, preempt_count;
	int32_t pid;
};

struct sched_switch {
	struct common common;
	char prev_comm[DAT_COMM];
	int32_t prev_pid, prev_prio;
	int64_t prev_state;
	char next_comm[DAT_COMM];
	int32_t next_pid, next_prio;
};

struct sched_thread {	/* a wake-up, a migration */
	struct common common;
	char comm[DAT_COMM];
	int32_t pid, prio;
	int32_t cpus[2];
};

struct function_entry {
	struct common common;
	uint64_t ip, parent_ip;
};

struct graph_entry {
	struct common common;
	uint64_t func;
	int32_t depth, padding;
};

struct graph_exit {
	struct common common;
	uint64_t func, calltime, rettime, overrun;
	int32_t depth, padding;
};

struct kernel_stack {
	struct common common;
	uint32_t size, padding;
	uint64_t callers[TRACE_CHAIN_MAX];
};

#define USER_STACK_ENTRY 20	/* " => ", 16 digits */
struct user_stack {
	struct common common;
	uint32_t process, place;	/* place: of the text, after its size */
	char text[DAT_RECORD_MAX - sizeof(struct common) - 8];
};

struct writer {
	struct recording *recording;
	struct dat_page page;
	bool has_exits;
	uint64_t lost;		/* told so far */
	unsigned idle_depth;	/* functions that the CPU is in while no thread runs */
};

static struct common common_of(const struct stream_record *record, unsigned type)
{
	return (struct common){ .type = (uint16_t)type, .pid = (int32_t)record->thread };
}

static void add(struct writer *w, const struct stream_record *record, const void *data, size_t size)
{
	uint64_t lost = record->lost > w->lost ? record->lost - w->lost : 0;

	w->lost = record->lost;
	dat_page_add(&w->page, record->time_ns, lost, data, size);
}

static void put_comm(struct writer *w, char comm[DAT_COMM], uint32_t thread, unsigned cpu)
{
	if (thread)
		text_cut(comm, DAT_COMM, recording_thread_name(w->recording, thread));
	else
		snprintf(comm, DAT_COMM, "swapper/%u", cpu);
}

static void write_switch(struct writer *w, const struct stream_record *record)
{
	/* running, sleeping, ended: TASK_RUNNING, TASK_INTERRUPTIBLE, EXIT_DEAD */
	static const uint8_t states[] = { 0, 1, 16 };
	struct sched_switch data = { .common = common_of(record, DAT_OTHERS + record->event->number),
				     .prev_pid = (int32_t)record->args[0],
				     .prev_prio = DAT_PRIORITY,
				     .prev_state = record->args[1] < 3 ? states[record->args[1]] : 0,
				     .next_pid = (int32_t)record->args[2],
				     .next_prio = DAT_PRIORITY };

	put_comm(w, data.prev_comm, (uint32_t)record->args[0], record->cpu);
	put_comm(w, data.next_comm, (uint32_t)record->args[2], record->cpu);
	add(w, record, &data, sizeof(data));
}

static void write_sched_thread(struct writer *w, const struct stream_record *record, enum event_kind kind)
{
	struct sched_thread data = { .common = common_of(record, DAT_OTHERS + record->event->number),
				     .pid = (int32_t)record->args[0],
				     .prio = DAT_PRIORITY,
				     .cpus = { (int32_t)record->args[1] } };

	if (kind == KIND_SCHED_MIGRATE)
		data.cpus[1] = (int32_t)record->args[2];
	put_comm(w, data.comm, (uint32_t)record->args[0], record->cpu);
	add(w, record, &data, sizeof(data) - (kind == KIND_SCHED_MIGRATE ? 0 : sizeof(data.cpus[1])));
}

static unsigned *depth_of(struct writer *w, uint32_t id)
{
	struct traced_thread *thread = id ? threads_get(&w->recording->threads, id) : NULL;

	return thread ? &thread->depth : &w->idle_depth;
}

static void write_enter(struct writer *w, const struct stream_record *record)
{
	struct function_entry function = { common_of(record, DAT_FUNCTION), record->args[0], record->args[1] };
	struct graph_entry entry = { .common = common_of(record, DAT_GRAPH_ENTRY), .func = record->args[0] };

	if (!w->has_exits) {
		add(w, record, &function, sizeof(function));
		return;
	}
	entry.depth = (int32_t)(*depth_of(w, record->thread))++;
	add(w, record, &entry, sizeof(entry));
}

static void write_exit(struct writer *w, const struct stream_record *record)
{
	unsigned *depth = depth_of(w, record->thread);
	struct graph_exit exit = { .common = common_of(record, DAT_GRAPH_EXIT),
				   .func = record->args[0],
				   .calltime = record->time_ns - record->args[1],
				   .rettime = record->time_ns };

	*depth -= *depth > 0;
	exit.depth = (int32_t)*depth;
	add(w, record, &exit, sizeof(exit));
}

static void write_other(struct writer *w, const struct stream_record *record)
{
	union {
		struct common common;
		uint8_t bytes[DAT_RECORD_MAX];
	} data = { 0 };
	size_t at = sizeof(data.common), end = at + 8 * record->event->arg_count;

	data.common = common_of(record, DAT_OTHERS + record->event->number);
	for (size_t i = 0; i < record->event->arg_count; i++, at += 8) {
		size_t len = record->texts[i] ? strlen(record->texts[i]) + 1 : 0;
		uint32_t place = (uint32_t)(len << 16 | end);

		if (!len) {
			memcpy(data.bytes + at, &record->args[i], 8);
		} else if (end + len <= DAT_RECORD_MAX) {
			memcpy(data.bytes + at, &place, sizeof(place));
			memcpy(data.bytes + end, record->texts[i], len);
			end += len;
		}
	}
	add(w, record, &data, (end + 3) & ~(size_t)3);
}

static void write_kernel_stack(struct writer *w, const struct stream_record *record)
{
	struct kernel_stack stack = { .common = common_of(record, DAT_KERNEL_STACK),
				      .size = record->chain.kernel_count };

	memcpy(stack.callers, record->chain.kernel, stack.size * sizeof(*stack.callers));
	add(w, record, &stack, offsetof(struct kernel_stack, callers) + stack.size * sizeof(*stack.callers));
}

/* As text: what shows these files can neither name a program's addresses nor print as many as there are. */
static void write_user_stack(struct writer *w, const struct stream_record *record)
{
	struct user_stack stack = { .common = common_of(record, DAT_USER_STACK),
				    .process = (uint32_t)recording_thread_process(w->recording, record->thread) };
	size_t at = 0, room = sizeof(stack.text) - 4;

	/* An address is shown whole, or not at all. */
	for (unsigned i = 0; i < record->chain.user_count && room - at > USER_STACK_ENTRY; i++)
		at += (size_t)snprintf(stack.text + at, room - at, " => %" PRIx64, record->chain.user[i]);
	at++;
	stack.place = (uint32_t)(at << 16 | offsetof(struct user_stack, text));
	add(w, record, &stack, (offsetof(struct user_stack, text) + at + 3) & ~(size_t)3);
}

static void write_record(struct writer *w, const struct stream_record *record, enum event_kind kind)
{
	switch (kind) {
	case KIND_SCHED_SWITCH: write_switch(w, record); break;
	case KIND_SCHED_WAKEUP:
	case KIND_SCHED_MIGRATE: write_sched_thread(w, record, kind); break;
	case KIND_FUNCTION_ENTER: write_enter(w, record); break;
	case KIND_FUNCTION_EXIT: write_exit(w, record); break;
	default: write_other(w, record);
	}
	if (!record->has_chain)
		return;
	if (record->chain.kernel_count)
		write_kernel_stack(w, record);
	if (record->chain.user_count)
		write_user_stack(w, record);
}

/* One CPU's pages from where the file stands. @return how many */
static uint64_t write_cpu(struct recording *recording, FILE *out, unsigned cpu, bool has_exits)
{
	struct writer w = { .recording = recording, .has_exits = has_exits };
	struct stream_record record;
	enum event_kind kind;

	dat_page_init(&w.page, out);
	recording_rewind(recording);
	while (!ferror(out) && recording_next(recording, &record, &kind)) {
		if (record.cpu == cpu) {
			write_record(&w, &record, kind);
		} else if (kind == KIND_FUNCTION_ENTER && record.thread) {
			/* A thread goes on at its depth when it comes to this CPU. */
			(*depth_of(&w, record.thread))++;
		} else if (kind == KIND_FUNCTION_EXIT && record.thread) {
			unsigned *depth = depth_of(&w, record.thread);

			*depth -= *depth > 0;
		}
	}
	dat_page_flush(&w.page);
	return w.page.count;
}

static void pad(FILE *out, long size)
{
	while (size-- > 0)
		fputc(0, out);
}

/* Data begins at whole pages; where, and how much, is told in a list in front of it, once it is known. */
static int write_all(struct recording *recording, FILE *out)
{
	unsigned cpus = stream_cpus(recording->stream) ? stream_cpus(recording->stream) : 1;
	uint64_t places[TRACE_CPUS_MAX][2] = { 0 };
	bool has_exits = recording_has(recording, KIND_FUNCTION_EXIT);
	long list, at;

	dat_head(out, recording, cpus);
	list = ftell(out);
	if (list < 0)
		return -1;
	at = (list + 16 * (long)cpus + DAT_PAGE - 1) / DAT_PAGE * DAT_PAGE;
	pad(out, at - list);
	for (unsigned i = 0; i < cpus; i++) {
		places[i][0] = (uint64_t)at;
		places[i][1] = write_cpu(recording, out, i, has_exits) * DAT_PAGE;
		at += (long)places[i][1];
	}
	if (fseek(out, list, SEEK_SET))
		return -1;
	return fwrite(places, 16, cpus, out) == cpus ? 0 : -1;
}

int cmd_dat(int argc, char **argv)
{
	struct output_options options;
	struct recording recording;
	FILE *out;
	int err = output_options_parse(&options, argc, argv, "trace.dat");

	if (err)
		return err;
	if (recording_open(&recording, options.folder))
		return EXIT_ENVIRONMENT;
	out = output_open(options.output);
	err = out ? 0 : -1;
	if (out && write_all(&recording, out)) {
		err = run_fail(-1, "%s: %s", options.output, strerror(errno));
		fclose(out);
	} else if (out) {
		err = output_close(out, options.output);
	}
	if (!err)
		recording_conclude(&recording);
	recording_close(&recording);
	return err ? EXIT_ENVIRONMENT : EXIT_DONE;
}
