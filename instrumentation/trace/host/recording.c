/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening a recording, and what its events mean. See recording.h.
 */
#include <kernel/syscall_desc.h>
#include <limits.h>
#include <plat/run/image.h>
#include <stdlib.h>
#include <string.h>

#include "recorder.h"
#include "recording.h"

/* What a writer relies on: the arguments' names, in this order. */
static const char *const kinds[] = {
	[KIND_THREAD_START] = "meta:thread_start thread parent process name",
	[KIND_THREAD_NAME] = "meta:thread_name thread name",
	[KIND_PROCESS_EXEC] = "meta:process_exec process path",
	[KIND_SCHED_SWITCH] = "sched:sched_switch prev prev_state next",
	[KIND_SCHED_WAKEUP] = "sched:sched_wakeup thread cpu",
	[KIND_SCHED_MIGRATE] = "sched:sched_migrate thread from to",
	[KIND_IRQ_ENTER] = "irq:irq_enter vector",
	[KIND_IRQ_EXIT] = "irq:irq_exit vector duration",
	[KIND_SYSCALL_ENTER] = "syscall:syscall_enter call arg0 arg1 arg2 arg3 arg4 arg5",
	[KIND_SYSCALL_EXIT] = "syscall:syscall_exit call result duration",
	[KIND_BLOCK_DONE] = "block:block_done sector bytes op duration result device",
	[KIND_FUNCTION_ENTER] = "function:function_enter function caller",
	[KIND_FUNCTION_EXIT] = "function:function_exit function duration depth",
};

static bool is_kind(const struct stream_event *event, const char *kind)
{
	char text[64 * (STREAM_ARGS_MAX + 3)];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s:%s", event->group, event->name);

	for (size_t i = 0; i < event->arg_count; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, " %s", event->args[i].name);
		/* Only names are texts. */
		if ((event->args[i].type == STREAM_STR) != (strstr(" name device path ", event->args[i].name) != NULL))
			return false;
	}
	return !strcmp(text, kind);
}

static void find_kinds(struct recording *recording)
{
	const struct stream_events *events = stream_events(recording->stream);

	for (size_t i = 0; i < events->count; i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			if (kinds[k] && is_kind(&events->list[i], kinds[k]))
				recording->kinds[events->list[i].number] = (enum event_kind)k;
}

int recording_open(struct recording *recording, const char *folder)
{
	const struct trace_area *area;
	char path[PATH_MAX], error[STREAM_ERROR];

	*recording = (struct recording){ 0 };
	if ((size_t)snprintf(path, sizeof(path), "%s/" RECORDER_STREAM, folder) >= sizeof(path))
		return run_fail(-1, "a path of %zu bytes", strlen(folder));
	if (stream_open(&recording->stream, path, error))
		return run_fail(-1, "%s", error);
	area = stream_area(recording->stream);
	snprintf(path, sizeof(path), "%s/" RECORDER_KERNEL, folder);
	if (kernel_symbols_open(&recording->symbols, path, area->text_start - area->text_linked, error))
		run_fail(0, "%s; functions are shown by their addresses", error);
	if (stream_is_cut(recording->stream))
		run_fail(0, "%s/" RECORDER_STREAM " is cut off; what comes before is read", folder);
	find_kinds(recording);
	return 0;
}

void recording_close(struct recording *recording)
{
	stream_close(recording->stream);
	kernel_symbols_close(&recording->symbols);
	threads_free(&recording->threads);
}

static void note_start(struct recording *recording, const struct stream_record *record)
{
	uint64_t parents = recording_thread_process(recording, (uint32_t)record->args[1]);
	struct traced_thread *thread = threads_get(&recording->threads, (uint32_t)record->args[0]);

	if (!thread)
		return;
	text_cut(thread->name, sizeof(thread->name), record->texts[3]);
	thread->process = record->args[2];
	thread->is_first = thread->process != parents;
}

static void note_name(struct recording *recording, const struct stream_record *record)
{
	struct traced_thread *thread = threads_get(&recording->threads, (uint32_t)record->args[0]);

	if (thread)
		text_cut(thread->name, sizeof(thread->name), record->texts[1]);
}

/* The first program's thread was the kernel's, and has a kernel thread's name. */
static void note_exec(struct recording *recording, const struct stream_record *record)
{
	struct traced_thread *thread = threads_get(&recording->threads, record->thread);
	const char *slash = strrchr(record->texts[1], '/');

	if (!thread || thread->process)
		return;
	thread->process = record->args[0];
	thread->is_first = true;
	text_cut(thread->name, sizeof(thread->name), slash ? slash + 1 : record->texts[1]);
}

bool recording_next(struct recording *recording, struct stream_record *record, enum event_kind *kind)
{
	if (!stream_next(recording->stream, record))
		return false;
	recording->count++;
	recording->last_ns = record->time_ns;
	*kind = recording->kinds[record->event->number];
	if (*kind == KIND_THREAD_START)
		note_start(recording, record);
	else if (*kind == KIND_THREAD_NAME)
		note_name(recording, record);
	else if (*kind == KIND_PROCESS_EXEC)
		note_exec(recording, record);
	return true;
}

void recording_rewind(struct recording *recording)
{
	stream_rewind(recording->stream);
	threads_free(&recording->threads);
	recording->count = 0;
}

void recording_conclude(const struct recording *recording)
{
	uint64_t lost = 0;

	for (unsigned i = 0; i < stream_cpus(recording->stream); i++)
		lost += stream_lost(recording->stream, i);
	if (lost)
		run_fail(0, "%llu records are missing: they found no room when they were made",
			 (unsigned long long)lost);
	if (stream_skipped(recording->stream))
		run_fail(0, "%llu records could not be read, and are left out",
			 (unsigned long long)stream_skipped(recording->stream));
}

bool recording_has(struct recording *recording, enum event_kind kind)
{
	struct stream_record record;
	enum event_kind this;
	bool found = false;

	while (!found && recording_next(recording, &record, &this))
		found = this == kind;
	recording_rewind(recording);
	return found;
}

const char *recording_thread_name(struct recording *recording, uint32_t id)
{
	const struct traced_thread *thread = threads_get(&recording->threads, id);

	return thread && thread->name[0] ? thread->name : id ? "thread" : "idle";
}

uint64_t recording_thread_process(struct recording *recording, uint32_t id)
{
	const struct traced_thread *thread = threads_get(&recording->threads, id);

	return thread ? thread->process : 0;
}

/* ---- values ---- */

static const struct desc_call *plain_call(uint64_t number)
{
	return number < desc_number_limit ? desc_call_find((uint32_t)number, 0) : NULL;
}

const char *call_name(uint64_t number)
{
	const struct desc_call *call = plain_call(number);

	return call ? call->name : NULL;
}

unsigned call_arg_count(uint64_t number)
{
	const struct desc_call *call = plain_call(number);

	return call ? call->arg_count : DESC_ARGS_MAX;
}

const char *symbol_text(const struct recording *recording, uint64_t address, char buf[SYMBOL_MAX])
{
	uint64_t offset;
	const struct kernel_symbol *symbol = kernel_symbols_find(&recording->symbols, address, &offset);

	if (!symbol)
		snprintf(buf, SYMBOL_MAX, "0x%llx", (unsigned long long)address);
	else if (offset)
		snprintf(buf, SYMBOL_MAX, "%.200s+0x%llx", symbol->name, (unsigned long long)offset);
	else
		snprintf(buf, SYMBOL_MAX, "%.200s", symbol->name);
	return buf;
}

char *text_cut(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size)
		for (len = size - 1; len && ((unsigned char)text[len] & 0xc0) == 0x80;)
			len--;
	memcpy(to, text, len);
	to[len] = '\0';
	return to;
}

void duration_print(FILE *out, uint64_t ns)
{
	if (ns < 1000)
		fprintf(out, "%lluns", (unsigned long long)ns);
	else if (ns < 1000000)
		fprintf(out, "%.1fus", (double)ns / 1e3);
	else if (ns < 1000000000)
		fprintf(out, "%.2fms", (double)ns / 1e6);
	else
		fprintf(out, "%.3fs", (double)ns / 1e9);
}

static void result_print(FILE *out, int64_t value)
{
	const char *name = value < 0 && value > -4096 ? strerrorname_np((int)-value) : NULL;

	if (name)
		fprintf(out, "-%s", name);
	else if (value < 0 || value < 1 << 30)
		fprintf(out, "%lld", (long long)value);
	else
		fprintf(out, "0x%llx", (unsigned long long)value);
}

void arg_print(FILE *out, struct recording *recording, const struct stream_record *record, size_t arg)
{
	const struct stream_arg *type = &record->event->args[arg];
	uint64_t value = record->args[arg];
	char symbol[SYMBOL_MAX];

	if (value < type->value_count) {
		fputs(type->values[value], out);
		return;
	}
	switch (type->type) {
	case STREAM_U64: fprintf(out, "%llu", (unsigned long long)value); break;
	case STREAM_S64: fprintf(out, "%lld", (long long)value); break;
	case STREAM_HEX:
	case STREAM_UPTR: fprintf(out, "0x%llx", (unsigned long long)value); break;
	case STREAM_PTR: fputs(symbol_text(recording, value, symbol), out); break;
	case STREAM_THREAD:
		fprintf(out, "%s-%llu", recording_thread_name(recording, (uint32_t)value), (unsigned long long)value);
		break;
	case STREAM_NS: duration_print(out, value); break;
	case STREAM_CALL:
		if (call_name(value))
			fputs(call_name(value), out);
		else
			fprintf(out, "call_%llu", (unsigned long long)value);
		break;
	case STREAM_RESULT: result_print(out, (int64_t)value); break;
	case STREAM_STR: fputs(record->texts[arg], out); break;
	}
}
