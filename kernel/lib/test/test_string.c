/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory and string functions, at every small length and misalignment. In the host image these are libc's.
 */
#include <kernel/compiler.h>
#include <kernel/string.h>
#include <kernel/test.h>

#define ROOM 128

static uint8_t area[ROOM], expected[ROOM];

static void fill_both(void)
{
	for (unsigned i = 0; i < ROOM; i++)
		area[i] = expected[i] = (uint8_t)(i * 7 + 1);
}

/* Byte by byte, in the order that overlap needs; volatile, so that it stays this and no call of what is under test. */
static void slow_move(volatile uint8_t *dst, const volatile uint8_t *src, size_t n)
{
	uint8_t copy[ROOM];

	for (size_t i = 0; i < n; i++)
		((volatile uint8_t *)copy)[i] = src[i];
	for (size_t i = 0; i < n; i++)
		dst[i] = ((volatile uint8_t *)copy)[i];
}

static bool same(void)
{
	for (unsigned i = 0; i < ROOM; i++) {
		if (area[i] != expected[i])
			return false;
	}
	return true;
}

TEST(memmove_handles_every_overlap)
{
	for (unsigned n = 0; n <= 70; n++) {
		for (unsigned to = 0; to < 40; to += 3) {
			fill_both();
			CHECK(memmove(area + to, area + 20, n) == area + to);
			slow_move(expected + to, expected + 20, n);
			CHECK(same());
		}
	}
}

TEST(memcpy_copies_every_length_and_misalignment)
{
	static uint8_t source[ROOM];

	for (unsigned i = 0; i < ROOM; i++)
		source[i] = (uint8_t)~i;
	for (unsigned n = 0; n <= 80; n++) {
		for (unsigned skew = 0; skew < 9; skew++) {
			fill_both();
			CHECK(memcpy(area + skew, source + 8 - skew, n) == area + skew);
			slow_move(expected + skew, source + 8 - skew, n);
			CHECK(same());
		}
	}
}

TEST(memset_fills_exactly)
{
	for (unsigned n = 0; n <= 80; n++) {
		fill_both();
		CHECK(memset(area + 3, 0x1a5, n) == area + 3);
		for (unsigned i = 0; i < n; i++)
			((volatile uint8_t *)expected)[3 + i] = 0xa5;
		CHECK(same());
	}
}

TEST(memcmp_finds_the_first_difference)
{
	for (unsigned n = 1; n <= 40; n++) {
		fill_both();
		CHECK_EQ(memcmp(area + 1, expected + 1, n), 0);
		area[n] = 0;
		expected[n] = 0x80;
		area[n + 1] = 0xff;
		CHECK(memcmp(area + 1, expected + 1, n) < 0);
		CHECK(memcmp(expected + 1, area + 1, n) > 0);
		CHECK_EQ(memcmp(area + 1, expected + 1, n - 1), 0);
	}
}

TEST(string_lengths)
{
	CHECK_EQ(strlen(""), 0);
	CHECK_EQ(strlen("abc"), 3);
	CHECK_EQ(strnlen("abc", 2), 2);
	CHECK_EQ(strnlen("abc", 9), 3);
	CHECK_EQ(strnlen("abc", 0), 0);
}

TEST(string_comparisons_are_unsigned)
{
	CHECK_EQ(strcmp("abc", "abc"), 0);
	CHECK(strcmp("ab", "abc") < 0);
	CHECK(strcmp("\xff", "a") > 0);
	CHECK(strcmp("", "a") < 0);
	CHECK_EQ(strncmp("abcd", "abxx", 2), 0);
	CHECK(strncmp("abcd", "abxx", 3) < 0);
	CHECK_EQ(strncmp("ab", "ab", 9), 0);
	CHECK_EQ(strncmp("a", "b", 0), 0);
}

TEST(string_searches)
{
	const char *s = "abcabc";

	CHECK(strchr(s, 'b') == s + 1);
	CHECK(strchr(s, 0) == s + 6);
	CHECK(!strchr(s, 'x'));
	CHECK(strrchr(s, 'b') == s + 4);
	CHECK(strrchr(s, 0) == s + 6);
	CHECK(!strrchr(s, 'x'));
	CHECK(strstr(s, "ca") == s + 2);
	CHECK(strstr(s, "") == s);
	CHECK(!strstr(s, "cc"));
	CHECK(!strstr("ab", "abc"));
	CHECK(memchr(s, 'c', 6) == s + 2);
	CHECK(!memchr(s, 'c', 2));
}
