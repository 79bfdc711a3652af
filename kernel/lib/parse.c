/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers and patterns from unchecked text.
 */
#include <kernel/errno.h>
#include <kernel/parse.h>
#include <kernel/string.h>

/* The value of a digit in any base up to 36; 36 for what is none. */
static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 36;
}

static bool has_hex_prefix(const char *text, size_t len)
{
	return len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

int parse_u64_n(const char *text, size_t len, unsigned base, uint64_t *value)
{
	uint64_t result = 0;
	size_t i = 0;

	if ((base == 0 || base == 16) && has_hex_prefix(text, len)) {
		base = 16;
		i = 2;
	}
	if (base == 0)
		base = 10;
	if (i == len)
		return -EINVAL;
	for (; i < len; i++) {
		unsigned digit = digit_value(text[i]);

		if (digit >= base)
			return -EINVAL;
		if (__builtin_mul_overflow(result, base, &result) || __builtin_add_overflow(result, digit, &result))
			return -ERANGE;
	}
	*value = result;
	return 0;
}

int parse_u64(const char *text, unsigned base, uint64_t *value)
{
	return parse_u64_n(text, strlen(text), base, value);
}

static unsigned suffix_shift(char c)
{
	switch (c) {
	case 'k':
	case 'K': return 10;
	case 'm':
	case 'M': return 20;
	case 'g':
	case 'G': return 30;
	default: return 0;
	}
}

int parse_size(const char *text, uint64_t *value)
{
	size_t len = strlen(text);
	unsigned shift = len ? suffix_shift(text[len - 1]) : 0;
	uint64_t number;
	int err;

	err = parse_u64_n(text, shift ? len - 1 : len, 0, &number);
	if (err)
		return err;
	if (number > UINT64_MAX >> shift)
		return -ERANGE;
	*value = number << shift;
	return 0;
}

/* Without recursion: on a mismatch only the last '*' has to swallow one character more. */
bool glob_match(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			resume = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
