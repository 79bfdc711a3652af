/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Taking the command line apart.
 */
#include <kernel/compiler.h>
#include <kernel/errno.h>
#include <kernel/parse.h>
#include <kernel/string.h>

#include "cmdline.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool cmdline_next_word(const char **cursor, struct cmdline_word *word)
{
	const char *p = *cursor;

	while (is_space(*p))
		p++;
	word->text = p;
	while (*p && !is_space(*p))
		p++;
	word->len = p - word->text;
	*cursor = p;
	return word->len != 0;
}

/* The byte that an escape at text stands for; -1 for what is none. */
static int escape_value(const char *text, size_t len)
{
	uint64_t value;

	if (len < 3 || text[0] != '%' || parse_u64_n(text + 1, 2, 16, &value) || !value)
		return -1;
	return (int)value;
}

static bool is_empty_word(const struct cmdline_word *word)
{
	return word->len == 1 && word->text[0] == '%';
}

bool cmdline_word_is_malformed(const struct cmdline_word *word)
{
	if (is_empty_word(word))
		return false;
	for (size_t i = 0; i < word->len; i++) {
		if (word->text[i] == '%' && escape_value(word->text + i, word->len - i) < 0)
			return true;
	}
	return false;
}

ssize_t cmdline_decode(const struct cmdline_word *word, char *buf, size_t size)
{
	size_t n = 0, i = is_empty_word(word) ? 1 : 0;

	while (i < word->len) {
		int value = escape_value(word->text + i, word->len - i);

		if (n + 1 >= size)
			return -ENAMETOOLONG;
		buf[n++] = value < 0 ? word->text[i] : (char)value;
		i += value < 0 ? 1 : 3;
	}
	if (!size)
		return -ENAMETOOLONG;
	buf[n] = 0;
	return (ssize_t)n;
}

static bool is_separator(const struct cmdline_word *word)
{
	return word->len == 2 && word->text[0] == '-' && word->text[1] == '-';
}

/* The next word of the options part; its value, when it is the option of that name. */
static bool next_option(const char **cursor, const char *name, bool *matches, struct cmdline_word *value)
{
	size_t len = strlen(name);
	struct cmdline_word word;

	if (!cmdline_next_word(cursor, &word) || is_separator(&word))
		return false;
	*matches = word.len >= len && !memcmp(word.text, name, len) && (word.len == len || word.text[len] == '=');
	if (*matches) {
		size_t skip = min(len + 1, word.len);

		*value = (struct cmdline_word){ word.text + skip, word.len - skip };
	}
	return true;
}

size_t cmdline_option_count(const char *line, const char *name)
{
	struct cmdline_word value;
	size_t count = 0;
	bool matches;

	while (next_option(&line, name, &matches, &value))
		count += matches;
	return count;
}

ssize_t cmdline_option(const char *line, const char *name, size_t index, char *buf, size_t size)
{
	struct cmdline_word value;
	bool matches;

	while (next_option(&line, name, &matches, &value)) {
		if (matches && !index--)
			return cmdline_decode(&value, buf, size);
	}
	return -ENOENT;
}

ssize_t cmdline_argument(const char *line, size_t index, char *buf, size_t size)
{
	struct cmdline_word word;
	bool separated = false;

	while (cmdline_next_word(&line, &word)) {
		if (separated && !index--)
			return cmdline_decode(&word, buf, size);
		if (!separated)
			separated = is_separator(&word);
	}
	return -ENOENT;
}
