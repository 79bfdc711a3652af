/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lexer of the text form. The text may hold any bytes.
 */
#include <ctype.h>
#include <fuzz/host/program_lex.h>
#include <fuzz/host/program_text.h>
#include <stdarg.h>
#include <string.h>

bool lex_fail(struct lexer *lexer, const char *fmt, ...)
{
	va_list args;
	int len;

	if (lexer->failed)
		return false;
	lexer->failed = true;
	len = snprintf(lexer->error, PROGRAM_ERROR_MAX, "%.100s:%u: ", lexer->name, lexer->line);
	va_start(args, fmt);
	vsnprintf(lexer->error + len, (size_t)(PROGRAM_ERROR_MAX - len), fmt, args);
	va_end(args);
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

void lex_skip(struct lexer *lexer, bool lines)
{
	for (; lexer->next < lexer->end; lexer->next++) {
		if (*lexer->next == '#') {
			const char *end = memchr(lexer->next, '\n', (size_t)(lexer->end - lexer->next));

			lexer->next = (end ? end : lexer->end) - 1;
		} else if (lines && *lexer->next == '\n') {
			lexer->line++;
		} else if (!is_blank(*lexer->next)) {
			return;
		}
	}
}

char lex_peek(struct lexer *lexer)
{
	lex_skip(lexer, true);
	return lexer->next < lexer->end ? *lexer->next : '\0';
}

bool lex_take(struct lexer *lexer, char c)
{
	if (lex_peek(lexer) != c || lexer->next == lexer->end)
		return false;
	lexer->next++;
	return true;
}

/* What is next, for a message: hostile bytes do not reach the terminal. */
static const char *shown(struct lexer *lexer, char buffer[32])
{
	char c = lex_peek(lexer);

	if (lexer->next == lexer->end)
		return "the end";
	snprintf(buffer, 32, c >= 32 && c < 127 ? "'%c'" : "byte 0x%02x", (unsigned char)c);
	return buffer;
}

bool lex_expect(struct lexer *lexer, char c)
{
	char buffer[32];

	return lex_take(lexer, c) || lex_fail(lexer, "'%c' expected, not %s", c, shown(lexer, buffer));
}

size_t lex_word(struct lexer *lexer, const char **word)
{
	char c = lex_peek(lexer);

	*word = lexer->next;
	if (!isalpha((unsigned char)c) && c != '_')
		return 0;
	while (lexer->next < lexer->end &&
	       (isalnum((unsigned char)*lexer->next) || *lexer->next == '_' || *lexer->next == '$'))
		lexer->next++;
	return (size_t)(lexer->next - *word);
}

static int digit(char c, unsigned base)
{
	int value = isdigit((unsigned char)c) ? c - '0'
		    : c >= 'a' && c <= 'f'    ? c - 'a' + 10
		    : c >= 'A' && c <= 'F'    ? c - 'A' + 10
					      : 99;

	return value < (int)base ? value : -1;
}

static unsigned number_base(struct lexer *lexer)
{
	if (lexer->end - lexer->next < 2 || lexer->next[0] != '0')
		return 10;
	if (lexer->next[1] == 'x' || lexer->next[1] == 'X') {
		lexer->next += 2;
		return 16;
	}
	return 8;
}

bool lex_number(struct lexer *lexer, uint64_t *value)
{
	bool negative = lex_take(lexer, '-');
	const char *start;
	char buffer[32];
	unsigned base;

	lex_peek(lexer);
	base = number_base(lexer);
	start = lexer->next;
	for (*value = 0; lexer->next < lexer->end && digit(*lexer->next, base) >= 0; lexer->next++)
		if (__builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, (unsigned)digit(*lexer->next, base), value))
			return lex_fail(lexer, "a number is too large for 64 bits");
	if (lexer->next == start)
		return lex_fail(lexer, "a number expected, not %s", shown(lexer, buffer));
	if (lexer->next < lexer->end && isalnum((unsigned char)*lexer->next))
		return lex_fail(lexer, "'%c' does not belong into a number", *lexer->next);
	if (negative)
		*value = -*value;
	return true;
}

static ssize_t string_fail(struct lexer *lexer, const char *what)
{
	lex_fail(lexer, "%s", what);
	return -1;
}

/* The byte after a backslash; -1: none that means something. */
static int escaped(struct lexer *lexer)
{
	char c = lexer->next < lexer->end ? *lexer->next++ : '\0';
	int high, low;

	switch (c) {
	case 'n': return '\n';
	case 't': return '\t';
	case 'r': return '\r';
	case '0': return 0;
	case '"':
	case '\\': return c;
	case 'x':
		if (lexer->end - lexer->next < 2)
			return -1;
		high = digit(lexer->next[0], 16);
		low = digit(lexer->next[1], 16);
		lexer->next += 2;
		return high < 0 || low < 0 ? -1 : high << 4 | low;
	default: return -1;
	}
}

static int hex_pair(struct lexer *lexer)
{
	int high = digit(lexer->next[0], 16), low;

	lexer->next++;
	low = lexer->next < lexer->end ? digit(*lexer->next, 16) : -1;
	if (high < 0 || low < 0)
		return -1;
	lexer->next++;
	return high << 4 | low;
}

ssize_t lex_string(struct lexer *lexer, uint8_t *out, size_t max)
{
	bool hex = lex_peek(lexer) == 'x';
	size_t len = 0;
	int byte;

	lexer->next += hex;
	if (!lex_expect(lexer, '"'))
		return -1;
	for (;;) {
		if (lexer->next == lexer->end || *lexer->next == '\n')
			return string_fail(lexer, "a string does not end on its line");
		if (*lexer->next == '"')
			break;
		if (hex)
			byte = hex_pair(lexer);
		else if (*lexer->next == '\\')
			byte = (lexer->next++, escaped(lexer));
		else
			byte = (unsigned char)*lexer->next++;
		if (byte < 0)
			return string_fail(lexer, hex ? "x\"\" holds pairs of hex digits"
						      : "an escape must be one of \\n \\t \\r \\0 \\\" \\\\ \\xHH");
		if (len == max)
			return string_fail(lexer, "the strings are too long for an input");
		out[len++] = (uint8_t)byte;
	}
	lexer->next++;
	return (ssize_t)len;
}
