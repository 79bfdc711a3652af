/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers and patterns from text that nobody checked.
 */
#include <kernel/errno.h>
#include <kernel/parse.h>
#include <kernel/test.h>

TEST(parse_u64_reads_whole_numbers)
{
	uint64_t value = 7;

	CHECK_EQ(parse_u64("0", 10, &value), 0);
	CHECK_EQ(value, 0);
	CHECK_EQ(parse_u64("18446744073709551615", 10, &value), 0);
	CHECK(value == UINT64_MAX);
	CHECK_EQ(parse_u64("0xFFFFffffffffffff", 0, &value), 0);
	CHECK(value == UINT64_MAX);
	CHECK_EQ(parse_u64("ff", 16, &value), 0);
	CHECK_EQ(value, 255);
	CHECK_EQ(parse_u64("0755", 8, &value), 0);
	CHECK_EQ(value, 0755);
	CHECK_EQ(parse_u64_n("123456", 3, 10, &value), 0);
	CHECK_EQ(value, 123);
}

TEST(parse_u64_refuses_everything_else)
{
	static const char *const bad[] = { "", " 1", "1 ", "-1", "+1", "0x", "1x", "12a", "a", "8", "\xff" };
	uint64_t value = 7;

	for (size_t i = 0; i < array_size(bad); i++)
		CHECK_EQ(parse_u64(bad[i], i == 9 ? 8 : 0, &value), -EINVAL);
	CHECK_EQ(parse_u64("18446744073709551616", 10, &value), -ERANGE);
	CHECK_EQ(parse_u64("99999999999999999999999999999", 10, &value), -ERANGE);
	CHECK_EQ(parse_u64("0x10000000000000000", 0, &value), -ERANGE);
	CHECK_EQ(value, 7);
}

TEST(parse_size_knows_suffixes)
{
	uint64_t value = 7;

	CHECK_EQ(parse_size("64M", &value), 0);
	CHECK_EQ(value, 64 * MIB);
	CHECK_EQ(parse_size("0x10k", &value), 0);
	CHECK_EQ(value, 16 * KIB);
	CHECK_EQ(parse_size("1G", &value), 0);
	CHECK_EQ(value, GIB);
	CHECK_EQ(parse_size("5", &value), 0);
	CHECK_EQ(value, 5);
	CHECK_EQ(parse_size("M", &value), -EINVAL);
	CHECK_EQ(parse_size("1MM", &value), -EINVAL);
	CHECK_EQ(parse_size("", &value), -EINVAL);
	CHECK_EQ(parse_size("17179869184G", &value), -ERANGE);
	CHECK_EQ(parse_size("17179869183G", &value), 0);
}

TEST(glob_matches_whole_texts)
{
	CHECK(glob_match("", ""));
	CHECK(glob_match("*", ""));
	CHECK(glob_match("page_*", "page_alloc"));
	CHECK(glob_match("*_alloc", "page_alloc"));
	CHECK(glob_match("p?ge*l*c", "page_alloc"));
	CHECK(glob_match("**a", "aaa"));
	CHECK(!glob_match("", "x"));
	CHECK(!glob_match("page", "page_alloc"));
	CHECK(!glob_match("?", ""));
	CHECK(!glob_match("a*b", "a_c"));
	CHECK(!glob_match("*x", "page"));
}

/* A matcher that tries every way would not come back from this. */
TEST(glob_is_not_exponential)
{
	CHECK(!glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*b",
			  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}
