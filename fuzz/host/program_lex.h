/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Characters, words, numbers and strings of the text form, with the place for error messages.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lexer {
	const char *name; /* of the text, for errors */
	const char *next, *end;
	unsigned line;
	char *error;  /* PROGRAM_ERROR_MAX bytes; the first error stays */
	bool failed;
};

/* Notes what is wrong at the present line. @return false, always. */
bool lex_fail(struct lexer *lexer, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Passes over blanks; also over ends of lines and comments when lines is set. */
void lex_skip(struct lexer *lexer, bool lines);
/* Passes over blanks, lines and comments, then tells the next character; 0 at the end. */
char lex_peek(struct lexer *lexer);
/* Takes c if it is next. */
bool lex_take(struct lexer *lexer, char c);
/* The same, and an error if it is not. */
bool lex_expect(struct lexer *lexer, char c);
/* A name: letters, digits, _ and $. Its length; 0: none is next. */
size_t lex_word(struct lexer *lexer, const char **word);
/* Decimal, 0x..., 0..., with a sign. */
bool lex_number(struct lexer *lexer, uint64_t *value);
/* "..." or x"..." into at most max bytes of out. Its length; -1: an error was noted. */
ssize_t lex_string(struct lexer *lexer, uint8_t *out, size_t max);
