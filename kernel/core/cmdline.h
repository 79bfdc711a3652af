/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line as a text: words, escapes, options. Nothing here trusts it.
 */
#pragma once

#include <kernel/types.h>

/* One word of it, still with its escapes. */
struct cmdline_word {
	const char *text;
	size_t len;
};

/* The word at or after *cursor, which moves behind it. False at the end. */
bool cmdline_next_word(const char **cursor, struct cmdline_word *word);
/* Decodes %XX; a lone "%" is the empty word. Length, or -ENAMETOOLONG. */
ssize_t cmdline_decode(const struct cmdline_word *word, char *buf, size_t size);
/* True when the word holds a '%' that starts no escape (or one for NUL, which no string can hold). */
bool cmdline_word_is_malformed(const struct cmdline_word *word);

/* The n-th value of name=... before "--"; count: how many there are. -ENOENT, -ENAMETOOLONG, or its length. */
ssize_t cmdline_option(const char *line, const char *name, size_t index, char *buf, size_t size);
size_t cmdline_option_count(const char *line, const char *name);
/* The n-th word after "--". */
ssize_t cmdline_argument(const char *line, size_t index, char *buf, size_t size);
