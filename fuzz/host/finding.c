/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Titles, reports and folders of findings: see finding.h.
 */
#include "finding.h"

#include <ctype.h>
#include <errno.h>
#include <fuzz/abi/planted.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program_folder.h"
#include "store.h"

#define CHAIN_MAX 8	/* inlined frames of one address */
#define EVENT_LINE_MAX 256

const char *const crash_kind_names[CRASH_KINDS] = CRASH_KIND_NAMES;

/* Frames that are about the report, not about the bug. */
static bool is_plumbing(const char *function)
{
	static const char *const names[] = {
		"?", "crash_raise", "panic", "assert_failed", "heap_free", "heap_resize", "heap_check_all", "page_free",
		"memcpy", "memmove", "memset", "memcmp", "strlen", "on_deadline", "on_tick", "host_tick",
		"clock_is_virtual", "timer_interrupt", "check_sleeper", "idle", "wait_foreach_sleeper", "wait_until",
		"wait_until_any", "spin_lock", "spin_unlock", "shadow_stack_differs", "shadow_stack_report",
		"__stack_chk_fail",
	};
	static const char *const prefixes[] = { "__asan", "__ubsan", "__sanitizer", "__interceptor", "arch_", "trap_",
						"slab_", "redzone_", "quarantine_", "list_", "heap_", "mark_" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(function, names[i]))
			return true;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (!strncmp(function, prefixes[i], strlen(prefixes[i])))
			return true;
	}
	return false;
}

/*
 * A return address is behind its call: one byte back is in it. The first frame is the place itself, unless a sanitizer
 * was called there as the function's last act: then it may lie behind the function.
 */
static size_t lookup(const struct crash_record *crash, size_t i, struct symbols *symbols, struct symbol_frame *chain)
{
	size_t n = symbols ? symbols_lookup(symbols, crash->frames[i] - (i > 0), chain, CHAIN_MAX) : 0;

	if (n && !i && !strcmp(chain[0].function, "?"))
		n = symbols_lookup(symbols, crash->frames[i] - 1, chain, CHAIN_MAX);
	return n;
}

/* What runs harnesses, and harnesses themselves, are on every chain. */
static bool is_harness(const struct symbol_frame *frame)
{
	return frame->file && (!strncmp(frame->file, "fuzz/", 5) || !strncmp(frame->file, "harnesses/", 10));
}

/* Where a loop was when its time was up is chance; which system call it belongs to is not. */
static const char *hanging_call(const struct crash_record *crash, struct symbols *symbols)
{
	struct symbol_frame chain[CHAIN_MAX];

	for (size_t i = 0; symbols && i < crash->frame_count; i++) {
		size_t n = lookup(crash, i, symbols, chain);

		for (size_t j = 0; j < n; j++) {
			if (!strncmp(chain[j].function, "sys_", 4))
				return chain[j].function;
		}
	}
	return NULL;
}

static const char *culprit(const struct crash_record *crash, struct symbols *symbols)
{
	struct symbol_frame chain[CHAIN_MAX];
	const char *call = crash->kind == CRASH_HANG ? hanging_call(crash, symbols) : NULL;

	if (call)
		return call;
	for (size_t i = 0; symbols && i < crash->frame_count; i++) {
		size_t n = lookup(crash, i, symbols, chain);

		for (size_t j = 0; j < n; j++) {
			if (is_harness(&chain[j]))
				return NULL;
			if (!is_plumbing(chain[j].function))
				return chain[j].function;
		}
	}
	return NULL;
}

/* Digits vary between equal findings: "2 files outlived" and "1 file outlived" are told apart by words only. */
static void slug_of(const char *title, char *slug, size_t size)
{
	size_t n = 0;

	for (const char *c = title; *c && n + 1 < size; c++) {
		char out = isalnum((unsigned char)*c) || *c == '_' ? *c : '-';

		if (out == '-' && (!n || slug[n - 1] == '-'))
			continue;
		slug[n++] = (char)tolower((unsigned char)out);
	}
	while (n && slug[n - 1] == '-')
		n--;
	slug[n] = '\0';
}

/* "1 file outlived the input" -> "file" */
static void leaked_type(const char *text, char *type, size_t size)
{
	size_t n = 0;

	while (*text == '-' || isdigit((unsigned char)*text) || *text == ' ')
		text++;
	while (text[n] && text[n] != ' ' && n + 1 < size)
		n++;
	if (n && text[n - 1] == 's')
		n--;
	snprintf(type, size, "%.*s", (int)n, text);
}

void finding_name(struct finding *finding, struct symbols *symbols)
{
	const struct crash_record *crash = &finding->verdict.crash;
	const char *function = culprit(crash, symbols);
	char type[32];

	finding->kind = crash_kind_names[crash->kind];
	if (crash->kind == CRASH_LEAK) {
		leaked_type(crash->text, type, sizeof(type));
		snprintf(finding->title, sizeof(finding->title), "leak of %s", type);
	} else if (function) {
		snprintf(finding->title, sizeof(finding->title), "%s in %s", finding->kind, function);
	} else {
		snprintf(finding->title, sizeof(finding->title), "%s", finding->kind);
	}
	slug_of(finding->title, finding->slug, sizeof(finding->slug));
}

/* ---- report ---- */

static void write_chain(struct json *json, const struct crash_record *crash, struct symbols *symbols)
{
	struct symbol_frame chain[CHAIN_MAX];

	json_open(json, "call_chain", '[');
	for (size_t i = 0; i < crash->frame_count; i++) {
		size_t n = lookup(crash, i, symbols, chain);

		for (size_t j = 0; j < n; j++) {
			json_open(json, NULL, '{');
			json_hex(json, "pc", crash->frames[i]);
			json_string(json, "function", chain[j].function);
			json_string(json, "file", chain[j].file);
			json_number(json, "line", (uint64_t)chain[j].line);
			json_bool(json, "inlined", j + 1 < n);
			json_close(json, '}');
		}
	}
	json_close(json, ']');
}

static void write_registers(struct json *json, const struct crash_record *crash)
{
	static const char *const names[CRASH_REGS] = { "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp",
						       "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
						       "r15", "rip", "rflags", "cr2", "error" };

	json_open(json, "registers", '{');
	for (size_t i = 0; i < CRASH_REGS; i++)
		json_hex(json, names[i], crash->regs[i]);
	json_close(json, '}');
}

static void write_calls(struct json *json, const struct verdict *verdict)
{
	json_open(json, "last_calls", '[');
	for (size_t i = 0; i < verdict->history_count; i++) {
		char name[64];

		program_call_name(verdict->history[i].number, name, sizeof(name));
		json_open(json, NULL, '{');
		json_string(json, "call", name);
		json_number(json, "number", verdict->history[i].number);
		json_hex(json, "result", (uint64_t)verdict->history[i].result);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_canaries(struct json *json, const struct verdict *verdict)
{
#define PLANTED_NAME(name, text) text,
	static const char *const names[PLANTED_COUNT] = { PLANTED_BUGS(PLANTED_NAME) };
#undef PLANTED_NAME

	json_open(json, "canaries", '[');
	for (size_t i = 0; i < PLANTED_COUNT; i++) {
		if (verdict->canary_fired >> i & 1)
			json_string(json, NULL, names[i]);
	}
	json_close(json, ']');
}

/* Calls fn for each line, of which only the printable part is believed. */
static void foreach_event(const struct verdict *verdict, void (*fn)(void *context, const char *line), void *context)
{
	char line[EVENT_LINE_MAX];
	size_t len = 0;

	for (size_t i = 0; i < verdict->events_len; i++) {
		char c = verdict->events[i];

		if (c != '\n' && len < sizeof(line) - 1)
			line[len++] = c >= ' ' && c <= '~' ? c : '?';
		if (c != '\n' && i + 1 < verdict->events_len)
			continue;
		line[len] = '\0';
		fn(context, line + strspn(line, " "));
		len = 0;
	}
}

static void write_event(void *json, const char *line)
{
	json_string(json, NULL, line);
}

void finding_write_events(const struct verdict *verdict, struct json *json)
{
	json_open(json, "last_trace_events", '[');
	foreach_event(verdict, write_event, json);
	json_close(json, ']');
}

static void print_event(void *out, const char *line)
{
	fprintf(out, "    %s\n", line);
}

void finding_write_report(const struct finding *finding, struct symbols *symbols, FILE *out)
{
	const struct crash_record *crash = &finding->verdict.crash;
	struct json json = { .out = out };

	json_open(&json, NULL, '{');
	json_string(&json, "title", finding->title);
	json_string(&json, "kind", finding->kind);
	json_string(&json, "text", crash->text);
	json_string(&json, "harness", finding->harness);
	json_string(&json, "world", world_names[finding->world]);
	json_string(&json, "preset", finding->preset);
	json_string(&json, "build_id", symbols ? symbols_build_id(symbols) : NULL);
	json_bool(&json, "confirmed", finding->confirmed);
	json_bool(&json, "needs_earlier_inputs", finding->alone_fine);
	json_hex(&json, "address", crash->address);
	json_number(&json, "call_index", crash->call_index);
	write_chain(&json, crash, symbols);
	write_registers(&json, crash);
	write_calls(&json, &finding->verdict);
	finding_write_events(&finding->verdict, &json);
	write_canaries(&json, &finding->verdict);
	json_number(&json, "input_size", finding->size);
	json_close(&json, '}');
	putc('\n', out);
}

void finding_print_events(const struct verdict *verdict, FILE *out)
{
	if (!verdict->events_len)
		return;
	fputs("  last trace events:\n", out);
	foreach_event(verdict, print_event, out);
}

void finding_print(const struct finding *finding, struct symbols *symbols, FILE *out)
{
	const struct crash_record *crash = &finding->verdict.crash;
	struct symbol_frame chain[CHAIN_MAX];

	fprintf(out, "%s\n  %s\n", finding->title, crash->text);
	for (size_t i = 0; symbols && i < crash->frame_count; i++) {
		size_t n = lookup(crash, i, symbols, chain);

		for (size_t j = 0; j < n; j++)
			fprintf(out, "    %-28s %s:%d\n", chain[j].function, chain[j].file ? chain[j].file : "?",
				chain[j].line);
	}
	finding_print_events(&finding->verdict, out);
}

/* ---- folders ---- */

static int save_report(const struct finding *finding, struct symbols *symbols, const char *folder)
{
	char path[PATH_MAX], *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int err;

	if (!stream)
		return -1;
	finding_write_report(finding, symbols, stream);
	fclose(stream);
	snprintf(path, sizeof(path), "%s/report.json", folder);
	err = store_file(path, text, size);
	free(text);
	return err;
}

int finding_save(const struct finding *finding, struct symbols *symbols, const char *out)
{
	char folder[PATH_MAX], path[PATH_MAX + 16];

	snprintf(folder, sizeof(folder), "%s/%s", out, finding->slug);
	snprintf(path, sizeof(path), "%s/input", folder);
	if (make_folders(folder) || store_file(path, finding->input, finding->size) ||
	    save_report(finding, symbols, folder))
		return -1;
	if (strcmp(finding->harness, "syscall"))
		return 0;
	return program_save_texts(folder, finding->input, finding->size, &finding->verdict);
}

/* ---- raw findings ---- */

struct raw_finding {
	uint64_t build;		/* RAW_BUILD: who wrote it knows a verdict as we do */
	struct verdict verdict;
	uint8_t input[];
};

#define RAW_BUILD ((uint64_t)CHANNEL_VERSION << 32 | sizeof(struct raw_finding))

int raw_finding_save(const char *work, const void *data, size_t size, const struct verdict *verdict)
{
	char path[PATH_MAX];
	uint64_t hash = hash_bytes(data, size);
	struct raw_finding *raw = malloc(sizeof(*raw) + size);
	int err;

	if (!raw)
		return -1;
	raw->build = RAW_BUILD;
	raw->verdict = *verdict;
	memcpy(raw->input, data, size);
	snprintf(path, sizeof(path), "%s/raw/%016llx", work, (unsigned long long)hash);
	err = store_file(path, raw, sizeof(*raw) + size);
	free(raw);
	return err;
}

struct taken {
	uint8_t **input;
	size_t *size;
	struct verdict *verdict;
};

/* A campaign that goes on where one of another build was leaves that one's: the input is in the corpus. */
static int take_one(const char *path, const char *name, void *context)
{
	struct taken *taken = context;
	size_t size;
	struct raw_finding *raw = (void *)load_file(path, &size, sizeof(*raw) + CHANNEL_INPUT_MAX);

	(void)name;
	if (raw && size >= sizeof(*raw) && raw->build == RAW_BUILD) {
		*taken->verdict = raw->verdict;
		*taken->size = size - sizeof(*raw);
		memmove(raw, raw->input, *taken->size);
		*taken->input = (uint8_t *)raw;
		raw = NULL;
	}
	free(raw);
	remove(path);
	return *taken->input != NULL;
}

bool raw_finding_take(const char *work, uint8_t **input, size_t *size, struct verdict *verdict)
{
	struct taken taken = { input, size, verdict };
	char folder[PATH_MAX];

	*input = NULL;
	snprintf(folder, sizeof(folder), "%s/raw", work);
	return folder_foreach(folder, take_one, &taken) == 1;
}
