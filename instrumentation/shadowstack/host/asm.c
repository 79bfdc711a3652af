/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Assembly as clang writes it (AT&T's syntax), line by line.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"

char **lines;
size_t count;
struct function *functions;
size_t function_count;

void fail(size_t line, const char *what)
{
	fprintf(stderr, "shadowstack: line %zu: %s: %s\n", line + 1, what, lines[line]);
	exit(1);
}

void no_memory(void)
{
	fprintf(stderr, "shadowstack: no memory\n");
	exit(1);
}

void read_all(void)
{
	size_t size = 0, room = 1 << 16, n;
	char *text;

	text = malloc(room);
	while (text && (n = fread(text + size, 1, room - size - 1, stdin)) > 0) {
		size += n;
		if (size == room - 1)
			text = realloc(text, room *= 2);
	}
	if (!text)
		no_memory();
	text[size] = 0;
	for (char *p = text; *p; p++)
		count += *p == '\n';
	lines = calloc(count + 1, sizeof(*lines));
	if (!lines)
		no_memory();
	count = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		lines[count++] = line;
}

const char *instruction(const char *line)
{
	const char *p = line;

	if (*p != '\t' && *p != ' ')
		return NULL;
	while (isspace((unsigned char)*p))
		p++;
	for (;;) {
		if (!strncmp(p, "lock", 4) && isspace((unsigned char)p[4]))
			p += 5;
		else if (!strncmp(p, "rep", 3) && strcspn(p, " \t;") <= 5)
			p += strcspn(p, " \t;");
		else
			break;
		while (isspace((unsigned char)*p) || *p == ';')
			p++;
	}
	return isalpha((unsigned char)*p) ? p : NULL;
}

bool is(const char *instruction, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(instruction, name, len) && !isalnum((unsigned char)instruction[len]);
}

bool starts(const char *p, const char *with)
{
	return !strncmp(p, with, strlen(with));
}

bool is_marker(const char *line, const char *marker)
{
	while (isspace((unsigned char)*line))
		line++;
	return !strcmp(line, marker);
}

const char *last_operand(const char *p)
{
	int depth = 0;

	p += strcspn(p, " \t");
	p += strspn(p, " \t");
	for (const char *q = p; *q && *q != '#'; q++) {
		depth += *q == '(';
		depth -= *q == ')';
		if (*q == ',' && !depth)
			p = q + 1 + strspn(q + 1, " \t");
	}
	return p;
}

unsigned register_number(const char *p)
{
	static const char *const names[] = { "ax", "bx", "cx", "dx", "si", "di", "bp", "sp" };

	if (*p++ != '%')
		return 0;
	if (*p == 'r' && isdigit((unsigned char)p[1]))
		return (unsigned)strtoul(p + 1, NULL, 10) % 16 + 8;
	p += *p == 'r' || *p == 'e';
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (starts(p, names[i]) || (i < 4 && p[0] == names[i][0] && (p[1] == 'l' || p[1] == 'h')))
			return i + 1;
	return 0;
}

bool is_return(const char *p)
{
	return is(p, "ret") || is(p, "retq");
}

bool is_branch(const char *p)
{
	return *p == 'j';
}

bool is_tail_call(const char *p)
{
	return is_branch(p) && !strstr(p, ".L") && !(strchr(p, '*') && strstr(p, "(,%r"));
}

bool is_foreign(const char *line, bool before)
{
	return is_marker(line, "#APP") || (before && !is_marker(line, "#NO_APP"));
}

bool is_one_of(const char *p, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (starts(p, names[i]))
			return true;
	return false;
}

bool is_asm_goto(const char *line)
{
	return starts(line, "\t.long\t.LBB");
}

size_t jump_target(const char *p, size_t first, size_t end)
{
	const char *target = strstr(p, ".L");
	size_t len = target ? strcspn(target, " \t#,(-") : 0;

	for (size_t i = first; i < end && target; i++)
		if (!strncmp(lines[i], target, len) && lines[i][len] == ':')
			return i;
	return end;
}

/* The end of a function is where its size is said. */
static size_t end_of(size_t first, const char *name, size_t len)
{
	for (size_t i = first; i < count; i++)
		if (starts(lines[i], "\t.size\t") && !strncmp(lines[i] + 7, name, len) && lines[i][7 + len] == ',')
			return i;
	fail(first, "a function without an end");
}

/* Whether a directive has been said of a function, right before its label as clang does. */
static bool is_said(size_t line, const char *before, size_t len, const char *behind)
{
	char wanted[600];

	snprintf(wanted, sizeof(wanted), "\t%s\t%.*s%s", before, (int)len, lines[line], behind);
	for (size_t i = line; i-- > 0 && line - i < 64;)
		if (starts(lines[i], wanted))
			return true;
	return false;
}

/* A label that .type has called a function's. */
static bool is_function(size_t line, size_t *len)
{
	const char *p = lines[line];

	*len = strcspn(p, ":");
	if (p[*len] != ':' || isspace((unsigned char)*p) || *p == '#' || starts(p, ".L") || starts(p, "__cfi_"))
		return false;
	if (*len > 500)
		fail(line, "too long a name");
	return is_said(line, ".type", *len, ",@function");
}

/* Whether it ever goes back to its caller: inline assembly that goes somewhere may. */
static bool returns(size_t first, size_t end)
{
	bool foreign = false;

	for (size_t i = first; i < end; i++) {
		const char *p = instruction(lines[i]);

		foreign = is_foreign(lines[i], foreign);
		if (p && foreign && (is_branch(p) || strstr(p, "ret") || strchr(p, ';')))
			return true;
		if (p && (is_return(p) || is_tail_call(p)))
			return true;
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	const struct function *f = a, *g = b;
	int difference = memcmp(f->name, g->name, f->len < g->len ? f->len : g->len);

	return difference ? difference : (f->len > g->len) - (f->len < g->len);
}

static const struct function *find(const char *name, size_t len)
{
	struct function wanted = { .name = name, .len = len };

	return function_count ? bsearch(&wanted, functions, function_count, sizeof(wanted), by_name) : NULL;
}

const struct function *function_at(size_t line)
{
	const struct function *f = find(lines[line], strcspn(lines[line], ":"));

	return f && f->first == line ? f : NULL;
}

const struct function *function_called(const char *p)
{
	p += strcspn(p, " \t");
	p += strspn(p, " \t");
	return find(p, strcspn(p, " \t@#;"));
}

void find_functions(void)
{
	size_t room = 0, len;

	for (size_t i = 0; i < count; i++) {
		struct function *f;

		if (!is_function(i, &len))
			continue;
		if (function_count == room) {
			functions = realloc(functions, (room = 2 * room + 64) * sizeof(*functions));
			if (!functions)
				no_memory();
		}
		f = &functions[function_count++];
		*f = (struct function){ .first = i, .end = end_of(i, lines[i], len), .name = lines[i], .len = len };
		/* In the place of a weak one there may be another. */
		f->returns = returns(i, f->end) || is_said(i, ".weak", len, "");
		i = f->end;
	}
	if (function_count)
		qsort(functions, function_count, sizeof(*functions), by_name);
}
