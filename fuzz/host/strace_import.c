/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A log to programs: finds the calls, then who made which handle, then cuts windows that bring their makers along.
 */
#include <ctype.h>
#include <fuzz/host/strace_internal.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN (512 * 1024)
#define PENDING_MAX 64

/* A call of one thread that others interrupted. */
struct pending {
	long pid;
	const char *text;
	size_t len;
};

struct reader {
	struct strace_import *import;
	struct strace_counts *counts;
	unsigned line;
	struct pending pending[PENDING_MAX];
	unsigned pending_count;
};

struct strace_import *strace_import_open(void)
{
	return calloc(1, sizeof(struct strace_import));
}

void strace_import_close(struct strace_import *import)
{
	if (!import)
		return;
	free(import->records);
	free(import->base);
	free(import);
}

/* ---- lines ---- */

static void unreadable(struct reader *reader)
{
	if (!reader->counts->unreadable++)
		reader->counts->first_unreadable = reader->line;
}

static void note_unknown(struct strace_counts *counts, const char *name, size_t len)
{
	size_t used = strlen(counts->unknown_names);

	counts->unknown++;
	if (len > 40 || used + len + 2 >= sizeof(counts->unknown_names))
		return;
	for (const char *p = counts->unknown_names; (p = strstr(p, " ")); p++)
		if (strncmp(p + 1, name, len) == 0 && (p[1 + len] == ' ' || p[1 + len] == '\0'))
			return;
	counts->unknown_names[used] = ' ';
	memcpy(counts->unknown_names + used + 1, name, len);
}

/* "= 3", "= -1 EBADF (...)", "= ?" */
static bool parse_result(const char *text, const char *end, struct strace_record *record)
{
	char copy[64], *stop;
	size_t len;
	const char *name;

	while (text < end && (*text == ' ' || *text == '='))
		text++;
	len = (size_t)(end - text) < sizeof(copy) - 1 ? (size_t)(end - text) : sizeof(copy) - 1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (copy[0] == '?') {
		record->result = 0;
		return true;
	}
	record->result = (int64_t)(copy[0] == '-' ? (uint64_t)strtoll(copy, &stop, 0) : strtoull(copy, &stop, 0));
	if (stop == copy)
		return false;
	if (record->result != -1 || *stop != ' ')
		return true;
	record->failed = true;
	name = stop + 1;
	for (int number = 1; number < 134; number++) {
		const char *known = strerrorname_np(number);

		if (known && strncmp(name, known, strlen(known)) == 0 && !isalnum((unsigned char)name[strlen(known)]))
			record->result = -number;
	}
	return true;
}

static struct strace_record *add_record(struct strace_import *import)
{
	if (import->record_count == import->record_room) {
		size_t room = import->record_room ? 2 * import->record_room : 1024;
		struct strace_record *records = realloc(import->records, room * sizeof(*records));
		uint32_t *base = realloc(import->base, room * sizeof(*base));

		if (records)
			import->records = records;
		if (base)
			import->base = base;
		if (!records || !base)
			return NULL;
		import->record_room = room;
	}
	memset(&import->records[import->record_count], 0, sizeof(struct strace_record));
	return &import->records[import->record_count++];
}

/* name(args) = result. @return false when there is no memory. */
static bool has_word(const char *text, const char *end, const char *word)
{
	return memmem(text, (size_t)(end - text), word, strlen(word)) != NULL;
}

/*
 * Threads are made with addresses of the program's own: what there is of them in an input is fork, vfork and a thread
 * as pthread_create() makes it.
 */
static const struct desc_call *choose_maker(const char *args, const char *end)
{
	const char *name = has_word(args, end, "CLONE_THREAD")  ? "clone$thread"
			   : has_word(args, end, "CLONE_VFORK") ? "vfork"
								: "fork";

	return desc_call_find_name(name, strlen(name));
}

static bool read_call(struct reader *reader, long pid, const char *text, const char *end)
{
	struct strace_import *import = reader->import;
	const char *open = memchr(text, '(', (size_t)(end - text));
	const struct desc_call *desc;
	struct strace_record *record;

	reader->counts->calls++;
	if (!open || !strace_parse_args(&import->args, open + 1, end)) {
		unreadable(reader);
		return true;
	}
	desc = strace_choose_row(&import->args, text, (size_t)(open - text));
	if (!desc || !program_has_call(desc)) {
		note_unknown(reader->counts, text, (size_t)(open - text));
		return true;
	}
	record = add_record(import);
	if (!record)
		return false;
	record->desc = desc->flags & DESC_CALL_THREAD && desc->arg_count ? choose_maker(open, end) : desc;
	record->pid = pid;
	record->args = open + 1;
	record->end = end;
	if (!parse_result(import->args.end, end, record)) {
		import->record_count--;
		unreadable(reader);
	}
	return true;
}

static bool ends_with(const char *text, const char *end, const char *what)
{
	size_t len = strlen(what);

	return (size_t)(end - text) >= len && memcmp(end - len, what, len) == 0;
}

static void push_pending(struct reader *reader, long pid, const char *text, const char *end)
{
	static const char mark[] = " <unfinished ...>";

	if (reader->pending_count == PENDING_MAX) {
		unreadable(reader);
		return;
	}
	reader->pending[reader->pending_count++] = (struct pending){ pid, text,
								     (size_t)(end - text) - (sizeof(mark) - 1) };
}

/* "<... read resumed>rest": joined with its beginning in memory that lives as long as the log. */
static bool resume(struct reader *reader, long pid, const char *text, const char *end)
{
	struct strace_import *import = reader->import;
	const char *rest = memchr(text, '>', (size_t)(end - text));

	for (unsigned i = 0; rest && i < reader->pending_count; i++) {
		struct pending *pending = &reader->pending[i];
		size_t rest_len = (size_t)(end - rest - 1);
		char *joined = import->joined + import->joined_len;

		if (pending->pid != pid)
			continue;
		if (pending->len + rest_len > import->joined_room - import->joined_len)
			break;
		memcpy(joined, pending->text, pending->len);
		memcpy(joined + pending->len, rest + 1, rest_len);
		import->joined_len += pending->len + rest_len;
		end = joined + pending->len + rest_len;
		reader->pending[i] = reader->pending[--reader->pending_count];
		return read_call(reader, pid, joined, end);
	}
	unreadable(reader);
	return true;
}

static bool read_line(struct reader *reader, const char *text, const char *end)
{
	long pid = 0;

	if (end > text && end[-1] == '\r')
		end--;
	if (end - text > 5 && memcmp(text, "[pid ", 5) == 0)
		text += 5;
	while (text < end && (isdigit((unsigned char)*text) || *text == ' ' || *text == ']')) {
		if (isdigit((unsigned char)*text) && pid < 100000000)
			pid = pid * 10 + (*text - '0');
		text++;
	}
	if (text == end || memcmp(text, "---", end - text < 3 ? (size_t)(end - text) : 3) == 0 || *text == '+')
		return true;
	if (end - text > LINE_MAX_LEN) {
		unreadable(reader);
		return true;
	}
	if (*text == '<')
		return resume(reader, pid, text, end);
	if (!isalpha((unsigned char)*text) && *text != '_') {
		unreadable(reader);
		return true;
	}
	if (ends_with(text, end, " <unfinished ...>")) {
		push_pending(reader, pid, text, end);
		return true;
	}
	return read_call(reader, pid, text, end);
}

static bool read_lines(struct reader *reader, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		reader->line++;
		if (!read_line(reader, text, stop ? stop : end))
			return false;
		text = stop ? stop + 1 : end;
	}
	return true;
}

/* ---- who made what ---- */

/* Of what makes threads nothing is taken from the log. */
static void parse_args(struct strace_import *import, const struct strace_record *record)
{
	strace_parse_args(&import->args, record->args, record->end);
	if (record->desc->flags & DESC_CALL_THREAD)
		import->args.first = -1;
}

static void add_live(struct strace_import *import, struct strace_dep dep)
{
	if (import->live_count == STRACE_LIVE_MAX) {
		import->live_count /= 2;
		memmove(import->live, import->live + STRACE_LIVE_MAX - import->live_count,
			import->live_count * sizeof(import->live[0]));
	}
	import->live[import->live_count++] = dep;
}

struct linking {
	struct strace_import *import;
	struct strace_record *record;
	uint32_t index;
	uint8_t slot;
};

/* The latest handle of this value that fits. */
static void take(struct linking *linking, const struct desc_type *type, uint64_t value)
{
	struct strace_record *record = linking->record;

	for (size_t i = linking->import->live_count; i-- > 0;) {
		const struct strace_dep *live = &linking->import->live[i];

		if (program_cut(type, live->value) != program_cut(type, value) ||
		    !strace_same_root(live->kind, type->resource))
			continue;
		if (record->dep_count < STRACE_DEPS_MAX)
			record->deps[record->dep_count++] = *live;
		return;
	}
}

static void make(struct linking *linking, const struct desc_type *type, uint64_t value, bool known)
{
	struct strace_dep dep = { type->resource, value, linking->index, linking->slot++ };

	if (known && !linking->record->failed)
		add_live(linking->import, dep);
}

/* Walks a value beside its type: handles that are read are taken, those that are written are made. */
static void link_value(struct linking *linking, const struct desc_type *type, enum desc_dir dir, int value)
{
	const struct strace_args *args = &linking->import->args;
	uint64_t number = 0;
	bool known = strace_number(args, value, &number);
	int child = value >= 0 ? args->values[value].child : -1;

	switch (type->kind) {
	case DESC_RESOURCE:
		if (dir == DESC_OUT)
			make(linking, type, number, known);
		else if (known)
			take(linking, type, number);
		break;
	case DESC_POINTER:
		link_value(linking, type->target, program_dir(type->dir, dir), value);
		break;
	case DESC_STRUCT:
		for (unsigned i = 0; i < type->field_count; i++) {
			link_value(linking, type->fields[i].type, program_dir(type->fields[i].dir, dir), child);
			child = child >= 0 ? args->values[child].next : -1;
		}
		break;
	case DESC_ARRAY:
		if (dir != DESC_OUT)
			for (; child >= 0; child = args->values[child].next)
				link_value(linking, type->target, dir, child);
		break;
	default:
		break;
	}
}

static void forget(struct strace_import *import, const struct strace_record *record)
{
	for (unsigned i = 0; i < record->dep_count; i++)
		for (size_t j = import->live_count; j-- > 0;)
			if (import->live[j].record == record->deps[i].record &&
			    import->live[j].slot == record->deps[i].slot)
				import->live[j] = import->live[--import->live_count];
}

/* Relative names that a call makes: it is named for it, or has O_CREAT. */
static void note_created(struct strace_import *import, const struct strace_record *record)
{
	static const char *const makers[] = { "mkdir", "mknod", "symlink", "link", "rename", "creat", "open" };
	const struct strace_args *args = &import->args;
	uint64_t create = 0, flags = 0, number;
	bool makes = false, opens = strncmp(record->desc->name, "open", 4) == 0;

	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
		makes |= strncmp(record->desc->name, makers[i], strlen(makers[i])) == 0;
	strace_constant("O_CREAT", 7, &create);
	for (int value = args->first; opens && value >= 0; value = args->values[value].next)
		if (args->values[value].word_len && strace_number(args, value, &number))
			flags |= number;
	if (!makes || record->failed || (opens && !(flags & create)))
		return;
	for (int value = args->first; value >= 0; value = args->values[value].next) {
		const struct strace_value *path = &args->values[value];

		if (path->kind != STRACE_STRING || path->len == 0 || path->len >= 32 || path->bytes[0] == '/' ||
		    import->created_count == 128 || strace_is_created(import, path->bytes, path->len))
			continue;
		memcpy(import->created[import->created_count], path->bytes, path->len);
		import->created[import->created_count++][path->len] = '\0';
	}
}

/* The latest record that made a thread of this number. */
static uint32_t find_maker(const struct strace_import *import, long pid, uint32_t before)
{
	for (uint32_t i = before; pid && i-- > 0;) {
		const struct strace_record *record = &import->records[i];

		if ((record->desc->flags & DESC_CALL_THREAD) && record->result == pid)
			return i;
	}
	return STRACE_NONE;
}

static void link_records(struct strace_import *import)
{
	long pid = 0;
	uint32_t maker = STRACE_NONE;

	for (uint32_t i = 0; i < import->record_count; i++) {
		struct strace_record *record = &import->records[i];
		struct linking linking = { import, record, i, 0 };
		int value;

		if (record->pid != pid)
			maker = find_maker(import, record->pid, i);
		pid = record->pid;
		record->maker = maker;
		parse_args(import, record);
		note_created(import, record);
		if (record->desc->result && record->desc->result->kind == DESC_RESOURCE)
			make(&linking, record->desc->result, (uint64_t)record->result, true);
		value = import->args.first;
		for (unsigned arg = 0; arg < record->desc->arg_count; arg++) {
			link_value(&linking, record->desc->args[arg].type, DESC_IN, value);
			value = value >= 0 ? import->args.values[value].next : -1;
		}
		if (strcmp(record->desc->name, "close") == 0)
			forget(import, record);
	}
}

/* ---- windows ---- */

/* Chooses a call and what it needs. @return how many were added. */
static unsigned choose(struct strace_import *import, uint32_t index, unsigned depth)
{
	const struct strace_record *record = &import->records[index];
	unsigned count = 1;

	for (unsigned i = 0; i < import->chosen_count; i++)
		if (import->chosen[i] == index)
			return 0;
	if (import->chosen_count == STRACE_CHOSEN_MAX)
		return 0;
	import->chosen[import->chosen_count++] = index;
	if (record->maker != STRACE_NONE && depth < STRACE_WINDOW)
		count += choose(import, record->maker, depth + 1);
	for (unsigned i = 0; i < record->dep_count && depth < STRACE_WINDOW; i++)
		count += choose(import, record->deps[i].record, depth + 1);
	return count;
}

static int compare_indices(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The chosen calls in their order. base[] tells conversions where the makers' handles are. */
static void make_program(struct strace_import *import)
{
	struct program *program = &import->program;

	program_clear(program);
	import->pool_used = 0;
	qsort(import->chosen, import->chosen_count, sizeof(import->chosen[0]), compare_indices);
	for (unsigned i = 0; i < import->chosen_count; i++)
		import->base[import->chosen[i]] = STRACE_NONE;
	for (unsigned i = 0; i < import->chosen_count; i++) {
		const struct strace_record *record = &import->records[import->chosen[i]];

		parse_args(import, record);
		if (strace_convert(import, record))
			import->base[import->chosen[i]] = program->calls[program->call_count - 1].resource;
	}
	for (unsigned i = 0; i < import->chosen_count; i++)
		import->base[import->chosen[i]] = STRACE_NONE;
}

static uint32_t mix(uint32_t hash, uint64_t value)
{
	return (hash ^ (uint32_t)value ^ (uint32_t)(value >> 32)) * 0x01000193u;
}

static unsigned note_feature(struct strace_import *import, uint32_t hash)
{
	uint32_t bit = (hash ^ hash >> 15) % (8 * sizeof(import->seen));
	bool seen = import->seen[bit / 8] >> bit % 8 & 1;

	import->seen[bit / 8] |= (uint8_t)(1 << bit % 8);
	return !seen;
}

/* What a program does that none before did: calls with their flags, and calls that follow each other. */
static unsigned count_new(struct strace_import *import)
{
	const struct program *program = &import->program;
	unsigned new = 0;
	uint32_t last = 0;

	for (unsigned i = 0; i < program->call_count; i++) {
		const struct program_call *call = &program->calls[i];
		uint32_t id = mix(mix(0x811c9dc5, call->desc->number), call->desc->variant), hash = id;

		for (unsigned n = call->node; n < (unsigned)call->node + call->node_count; n++)
			if (program->nodes[n].type->kind == DESC_FLAGS || program->nodes[n].type->kind == DESC_ENUM)
				hash = mix(hash, program->nodes[n].value + n - call->node);
		new += 4 * note_feature(import, hash);
		new += note_feature(import, mix(id, last));
		last = id;
	}
	return new;
}

static int cut_windows(struct strace_import *import, int (*visit)(const struct program *, void *), void *context,
		       struct strace_counts *counts)
{
	memset(import->base, 0xff, import->record_count * sizeof(*import->base));
	for (uint32_t start = 0, end; start < import->record_count; start = end) {
		unsigned count = 0;
		int result;

		import->chosen_count = 0;
		for (end = start; end < import->record_count && count + STRACE_DEPS_MAX / 4 < STRACE_WINDOW; end++)
			count += choose(import, end, 0);
		make_program(import);
		counts->converted += end - start;
		if (!import->program.call_count || count_new(import) < 4)
			continue;
		counts->programs++;
		result = visit(&import->program, context);
		if (result)
			return result;
	}
	return 0;
}

int strace_import(struct strace_import *import, const char *text, size_t len,
		  int (*visit)(const struct program *program, void *context), void *context,
		  struct strace_counts *counts)
{
	struct reader reader = { .import = import, .counts = counts };
	int result = -1;

	memset(counts, 0, sizeof(*counts));
	import->record_count = import->live_count = import->created_count = 0;
	import->joined_len = 0;
	import->joined_room = len;
	import->joined = malloc(len + 1);
	if (import->joined && read_lines(&reader, text, len)) {
		link_records(import);
		result = cut_windows(import, visit, context, counts);
	}
	free(import->joined);
	import->joined = NULL;
	return result;
}
