/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki trace json: a recording as Chrome's trace events, which Perfetto and speedscope open. Threads are tracks, and
 * what has a duration is a slice on them; CPUs have a track of who ran and one of interrupts; requests of disks are
 * slices of a process of their own, as they overlap. All else is an instant.
 */
#include <plat/run/image.h>
#include <string.h>

#include "commands.h"
#include "output.h"
#include "recording.h"

/* Tracks that are no thread's: numbers of processes that no program has. */
enum { PROCESS_CPUS = 1000000, PROCESS_KERNEL, PROCESS_DISKS };
#define INTERRUPTS 100	/* of CPU n: thread n + this of PROCESS_CPUS */

struct cpu_track {
	bool is_known;		/* who runs, since when: */
	uint32_t thread;
	uint64_t since_ns;
};

struct writer {
	FILE *out;
	struct recording *recording;
	bool comma, has_exits;
	uint64_t requests;
	struct cpu_track cpus[TRACE_CPUS_MAX];
};

struct track {
	uint64_t process, thread;
};

static void put_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void put_time(FILE *out, const char *key, uint64_t ns)
{
	fprintf(out, ",\"%s\":%llu.%03u", key, (unsigned long long)(ns / 1000), (unsigned)(ns % 1000));
}

static struct track thread_track(struct writer *w, uint32_t thread, unsigned cpu)
{
	uint64_t process = recording_thread_process(w->recording, thread);

	if (!thread)
		return (struct track){ PROCESS_CPUS, INTERRUPTS + cpu };
	return (struct track){ process && process < PROCESS_CPUS ? process : PROCESS_KERNEL, thread };
}

/* Up to, and without, the arguments. */
static void begin(struct writer *w, const char *phase, const char *name, struct track track, uint64_t time_ns)
{
	fputs(w->comma ? ",\n{\"name\":" : "\n{\"name\":", w->out);
	w->comma = true;
	put_string(w->out, name);
	fprintf(w->out, ",\"ph\":\"%s\",\"pid\":%llu,\"tid\":%llu", phase, (unsigned long long)track.process,
		(unsigned long long)track.thread);
	put_time(w->out, "ts", time_ns);
}

/* A slice that ends at end_ns. */
static void begin_slice(struct writer *w, const char *name, struct track track, uint64_t end_ns, uint64_t duration_ns)
{
	if (duration_ns > end_ns)
		duration_ns = end_ns;
	begin(w, "X", name, track, end_ns - duration_ns);
	put_time(w->out, "dur", duration_ns);
}

static void put_chain(struct writer *w, const struct stream_chain *chain)
{
	char symbol[SYMBOL_MAX];

	fputs("\"stack\":[", w->out);
	for (unsigned i = 0; i < chain->kernel_count; i++) {
		fputs(i ? "," : "", w->out);
		put_string(w->out, symbol_text(w->recording, chain->kernel[i], symbol));
	}
	for (unsigned i = 0; i < chain->user_count; i++)
		fprintf(w->out, "%s\"program 0x%llx\"", i || chain->kernel_count ? "," : "",
			(unsigned long long)chain->user[i]);
	fputs("]", w->out);
}

static void put_arg(struct writer *w, const struct stream_record *record, size_t i)
{
	const struct stream_arg *arg = &record->event->args[i];
	bool is_number = arg->type == STREAM_U64 || arg->type == STREAM_S64 || arg->type == STREAM_NS;
	char symbol[SYMBOL_MAX];

	fprintf(w->out, "\"%s\":", arg->name);
	if (record->texts[i]) {
		put_string(w->out, record->texts[i]);
	} else if (arg->type == STREAM_THREAD || arg->type == STREAM_PTR) {
		/* Names of threads and symbols can have characters that need care. */
		if (arg->type == STREAM_PTR)
			symbol_text(w->recording, record->args[i], symbol);
		else
			snprintf(symbol, sizeof(symbol), "%.64s-%u",
				 recording_thread_name(w->recording, (uint32_t)record->args[i]),
				 (uint32_t)record->args[i]);
		put_string(w->out, symbol);
	} else if (is_number && record->args[i] >= arg->value_count) {
		fprintf(w->out, arg->type == STREAM_S64 ? "%lld" : "%llu", (long long)record->args[i]);
	} else {
		fputc('"', w->out);
		arg_print(w->out, w->recording, record, i);
		fputc('"', w->out);
	}
}

/* The record's arguments from the first on that is to be shown, and its end. */
static void finish(struct writer *w, const struct stream_record *record, size_t first)
{
	const char *comma = "";

	fputs(",\"args\":{", w->out);
	for (size_t i = first; i < record->event->arg_count; i++) {
		fputs(comma, w->out);
		put_arg(w, record, i);
		comma = ",";
	}
	if (record->has_chain) {
		fputs(comma, w->out);
		put_chain(w, &record->chain);
	}
	fputs("}}", w->out);
}

/* ---- single events ---- */

static void write_running(struct writer *w, unsigned cpu, uint64_t end_ns, const char *state)
{
	struct cpu_track *track = &w->cpus[cpu];
	char name[THREAD_NAME_MAX + 16];

	if (!track->is_known || !track->thread)
		return;
	snprintf(name, sizeof(name), "%s-%u", recording_thread_name(w->recording, track->thread), track->thread);
	begin_slice(w, name, (struct track){ PROCESS_CPUS, cpu }, end_ns, end_ns - track->since_ns);
	fprintf(w->out, ",\"args\":{\"then\":\"%s\"}}", state);
}

static void write_switch(struct writer *w, const struct stream_record *record)
{
	const struct stream_arg *states = &record->event->args[1];
	uint64_t state = record->args[1];

	write_running(w, record->cpu, record->time_ns, state < states->value_count ? states->values[state] : "?");
	w->cpus[record->cpu] = (struct cpu_track){ true, (uint32_t)record->args[2], record->time_ns };
}

static void put_call(struct writer *w, const struct traced_thread *thread)
{
	unsigned count = call_arg_count(thread->call);

	for (unsigned i = 0; i < count; i++)
		fprintf(w->out, "\"arg%u\":\"0x%llx\",", i, (unsigned long long)thread->call_args[i]);
}

static void name_call(char name[32], uint64_t call)
{
	if (call_name(call))
		snprintf(name, 32, "%s", call_name(call));
	else
		snprintf(name, 32, "call_%llu", (unsigned long long)call);
}

static void write_call(struct writer *w, const struct stream_record *record)
{
	struct traced_thread *thread = threads_get(&w->recording->threads, record->thread);
	char name[32];

	name_call(name, record->args[0]);
	begin_slice(w, name, thread_track(w, record->thread, record->cpu), record->time_ns, record->args[2]);
	fputs(",\"args\":{", w->out);
	if (thread && thread->in_call && thread->call == record->args[0])
		put_call(w, thread);
	put_arg(w, record, 1);
	fputs("}}", w->out);
	if (thread)
		thread->in_call = false;
}

static void note_call(struct writer *w, const struct stream_record *record)
{
	struct traced_thread *thread = threads_get(&w->recording->threads, record->thread);

	if (!thread)
		return;
	thread->in_call = true;
	thread->call = record->args[0];
	thread->call_ns = record->time_ns;
	memcpy(thread->call_args, record->args + 1, sizeof(thread->call_args));
}

static void write_request(struct writer *w, const struct stream_record *record)
{
	uint64_t duration = record->args[3] < record->time_ns ? record->args[3] : record->time_ns;
	const struct track track = { PROCESS_DISKS, 0 };

	begin(w, "b", record->texts[5], track, record->time_ns - duration);
	fprintf(w->out, ",\"cat\":\"block\",\"id\":%llu", (unsigned long long)w->requests);
	finish(w, record, 0);
	begin(w, "e", record->texts[5], track, record->time_ns);
	fprintf(w->out, ",\"cat\":\"block\",\"id\":%llu}", (unsigned long long)w->requests++);
}

static void write_interrupt(struct writer *w, const struct stream_record *record)
{
	char name[40];

	snprintf(name, sizeof(name), "interrupt %llu", (unsigned long long)record->args[0]);
	begin_slice(w, name, (struct track){ PROCESS_CPUS, INTERRUPTS + record->cpu }, record->time_ns,
		    record->args[1]);
	finish(w, record, 2);
}

static void write_function(struct writer *w, const struct stream_record *record)
{
	char symbol[SYMBOL_MAX];

	begin_slice(w, symbol_text(w->recording, record->args[0], symbol), thread_track(w, record->thread, record->cpu),
		    record->time_ns, record->args[1]);
	finish(w, record, 3);
}

static void write_other(struct writer *w, const struct stream_record *record)
{
	int duration = stream_arg_find(record->event, "duration");
	struct track track = thread_track(w, record->thread, record->cpu);

	if (duration >= 0 && record->event->args[duration].type == STREAM_NS) {
		begin_slice(w, record->event->name, track, record->time_ns, record->args[duration]);
	} else {
		begin(w, "i", record->event->name, track, record->time_ns);
		fputs(",\"s\":\"t\"", w->out);
	}
	finish(w, record, 0);
}

static void write_record(struct writer *w, const struct stream_record *record, enum event_kind kind)
{
	switch (kind) {
	case KIND_SCHED_SWITCH: write_switch(w, record); break;
	case KIND_SYSCALL_ENTER: note_call(w, record); break;
	case KIND_SYSCALL_EXIT: write_call(w, record); break;
	case KIND_IRQ_ENTER: break;
	case KIND_IRQ_EXIT: write_interrupt(w, record); break;
	case KIND_BLOCK_DONE: write_request(w, record); break;
	case KIND_FUNCTION_ENTER:
		if (!w->has_exits)
			write_other(w, record);
		break;
	case KIND_FUNCTION_EXIT: write_function(w, record); break;
	default: write_other(w, record);
	}
}

/* ---- the ends, and the tracks' names ---- */

static void write_name(struct writer *w, const char *what, struct track track, const char *name)
{
	begin(w, "M", what, track, 0);
	fputs(",\"args\":{\"name\":", w->out);
	put_string(w->out, name);
	fputs("}}", w->out);
}

/* What was going on when the recording ended, and the name of each thread. */
static void write_thread(struct writer *w, const struct traced_thread *thread)
{
	struct track track = thread_track(w, thread->id, 0);
	char name[THREAD_NAME_MAX];

	if (!thread->id)
		return;
	snprintf(name, sizeof(name), "%s", thread->name[0] ? thread->name : "thread");
	write_name(w, "thread_name", track, name);
	if (thread->is_first && track.process == thread->process)
		write_name(w, "process_name", track, name);
	if (!thread->in_call)
		return;
	name_call(name, thread->call);
	begin_slice(w, name, track, w->recording->last_ns, w->recording->last_ns - thread->call_ns);
	fputs(",\"args\":{", w->out);
	put_call(w, thread);
	fputs("\"result\":\"unfinished\"}}", w->out);
}

static void write_ends(struct writer *w)
{
	const struct threads *threads = &w->recording->threads;
	char name[64];

	write_name(w, "process_name", (struct track){ PROCESS_CPUS, 0 }, "CPUs");
	write_name(w, "process_name", (struct track){ PROCESS_KERNEL, 0 }, "kernel");
	if (w->requests)
		write_name(w, "process_name", (struct track){ PROCESS_DISKS, 0 }, "disks");
	for (unsigned i = 0; i < stream_cpus(w->recording->stream); i++) {
		write_running(w, i, w->recording->last_ns, "unfinished");
		snprintf(name, sizeof(name), "CPU %u", i);
		write_name(w, "thread_name", (struct track){ PROCESS_CPUS, i }, name);
		snprintf(name, sizeof(name), "CPU %u interrupts, idle", i);
		write_name(w, "thread_name", (struct track){ PROCESS_CPUS, INTERRUPTS + i }, name);
	}
	for (size_t i = 0; i < threads->size; i++)
		if (threads->slots[i].is_used)
			write_thread(w, &threads->slots[i]);
}

int cmd_json(int argc, char **argv)
{
	static struct writer w;
	struct output_options options;
	struct recording recording;
	struct stream_record record;
	enum event_kind kind;
	int err = output_options_parse(&options, argc, argv, "-");

	if (err)
		return err;
	if (recording_open(&recording, options.folder))
		return EXIT_ENVIRONMENT;
	w = (struct writer){ .recording = &recording, .out = output_open(options.output) };
	err = w.out ? 0 : -1;
	if (!err) {
		w.has_exits = recording_has(&recording, KIND_FUNCTION_EXIT);
		fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", w.out);
		while (!ferror(w.out) && recording_next(&recording, &record, &kind))
			write_record(&w, &record, kind);
		write_ends(&w);
		fputs("\n]}\n", w.out);
		err = output_close(w.out, options.output);
	}
	if (!err)
		recording_conclude(&recording);
	recording_close(&recording);
	return err ? EXIT_ENVIRONMENT : EXIT_DONE;
}
