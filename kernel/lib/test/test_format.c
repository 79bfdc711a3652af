/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Formatted output, against what ISO C says printf writes.
 */
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/test.h>

/* The formats under test are not all ones that the compiler would let pass. */
#pragma clang diagnostic ignored "-Wformat"
#pragma clang diagnostic ignored "-Wformat-extra-args"

#define CHECK_FORMAT(expected, ...)                                                                                    \
	do {                                                                                                           \
		char text[128];                                                                                        \
		CHECK_EQ(format(text, sizeof(text), __VA_ARGS__), strlen(expected));                                   \
		CHECK_STR(text, expected);                                                                             \
	} while (0)

TEST(format_writes_integers)
{
	CHECK_FORMAT("0 -1 42", "%d %d %i", 0, -1, 42);
	CHECK_FORMAT("-2147483648", "%d", INT32_MIN);
	CHECK_FORMAT("-9223372036854775808", "%ld", INT64_MIN);
	CHECK_FORMAT("18446744073709551615", "%lu", UINT64_MAX);
	CHECK_FORMAT("4294967295 ffffffff FFFFFFFF 37777777777", "%u %x %X %o", -1, -1, -1, -1);
}

TEST(format_cuts_arguments_to_their_length)
{
	CHECK_FORMAT("-1 255 -1 65535", "%hhd %hhu %hd %hu", 0x1ff, 0x1ff, 0x1ffff, 0x1ffff);
	CHECK_FORMAT("1 2 3 4", "%zu %td %jd %lld", (size_t)1, (ptrdiff_t)2, (intmax_t)3, 4LL);
}

TEST(format_pads_and_signs)
{
	CHECK_FORMAT("   42|42   |00042", "%5d|%-5d|%05d", 42, 42, 42);
	CHECK_FORMAT("-0042|+42| 42", "%05d|%+d|% d", -42, 42, 42);
	CHECK_FORMAT("  007", "%5.3d", 7);
	CHECK_FORMAT("  042", "%05.3d", 42);
	CHECK_FORMAT("   42|42   ", "%*d|%*d", 5, 42, -5, 42);
	CHECK_FORMAT("", "%.0d", 0);
}

TEST(format_marks_bases)
{
	CHECK_FORMAT("0x2a 0X2A 052 0", "%#x %#X %#o %#x", 42, 42, 42, 0);
	CHECK_FORMAT("0x0000002a", "%#010x", 42);
	CHECK_FORMAT("0x1234", "%p", (void *)0x1234);
}

TEST(format_writes_text)
{
	CHECK_FORMAT("[abc] [  abc] [abc  ] [ab]", "[%s] [%5s] [%-5s] [%.2s]", "abc", "abc", "abc", "abc");
	CHECK_FORMAT("(null) x %", "%s %c %%", NULL, 'x');
	CHECK_FORMAT("ab", "%.*s", 2, "abc");
	CHECK_FORMAT("abc", "%.*s", -1, "abc");
}

TEST(format_reads_no_further_than_the_precision)
{
	char unterminated[4] = { 'a', 'b', 'c', 'd' };

	CHECK_FORMAT("abcd", "%.4s", unterminated);
}

TEST(format_keeps_what_it_does_not_know)
{
	CHECK_FORMAT("%k %", "%k %");
}

TEST(format_never_writes_past_the_buffer)
{
	char text[8];

	memset(text, '#', sizeof(text));
	CHECK_EQ(format(text, 4, "abcdef"), 6);
	CHECK(!memcmp(text, "abc\0####", 8));
	memset(text, '#', sizeof(text));
	CHECK_EQ(format(text, 0, "abcdef"), 6);
	CHECK_EQ(text[0], '#');
	CHECK_EQ(format(text, 1, "x"), 1);
	CHECK_EQ(text[0], 0);
	CHECK_EQ(format(text, 3, "%9000d", 1), 9000);
	CHECK_STR(text, "  ");
}

TEST(errno_names_are_those_of_the_numbers)
{
	CHECK_STR(errno_name(EPERM), "EPERM");
	CHECK_STR(errno_name(EAGAIN), "EAGAIN");
	CHECK_STR(errno_name(EHWPOISON), "EHWPOISON");
	CHECK(!errno_name(0));
	CHECK(!errno_name(41));
	CHECK(!errno_name(EHWPOISON + 1));
	CHECK(!errno_name(-1));
}
