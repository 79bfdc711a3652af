/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line, friendly and hostile.
 */
#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/linkset.h>
#include <kernel/string.h>
#include <kernel/test.h>

#include "../cmdline.h"

#define CHECK_OPTION(line, name, index, value)                                                                         \
	do {                                                                                                           \
		char text[64];                                                                                         \
		CHECK_EQ(cmdline_option(line, name, index, text, sizeof(text)), strlen(value));                        \
		CHECK_STR(text, value);                                                                                \
	} while (0)

#define CHECK_ARGUMENT(line, index, value)                                                                             \
	do {                                                                                                           \
		char text[64];                                                                                         \
		CHECK_EQ(cmdline_argument(line, index, text, sizeof(text)), strlen(value));                            \
		CHECK_STR(text, value);                                                                                \
	} while (0)

TEST(cmdline_finds_options)
{
	const char *line = "  loglevel=3 test\tinit=/bin/sh env=A=1 env=B=2 -- init=no";

	CHECK_OPTION(line, "loglevel", 0, "3");
	CHECK_OPTION(line, "test", 0, "");
	CHECK_OPTION(line, "init", 0, "/bin/sh");
	CHECK_OPTION(line, "env", 0, "A=1");
	CHECK_OPTION(line, "env", 1, "B=2");
	CHECK_EQ(cmdline_option(line, "env", 2, NULL, 0), -ENOENT);
	CHECK_EQ(cmdline_option(line, "lo", 0, NULL, 0), -ENOENT);
	CHECK_EQ(cmdline_option(line, "loglevels", 0, NULL, 0), -ENOENT);
	CHECK_EQ(cmdline_option_count(line, "env"), 2);
	CHECK_EQ(cmdline_option_count(line, "init"), 1);
	CHECK_EQ(cmdline_option_count("", "init"), 0);
}

TEST(cmdline_finds_arguments)
{
	const char *line = "test -- sh -c a%20b % --";

	CHECK_ARGUMENT(line, 0, "sh");
	CHECK_ARGUMENT(line, 1, "-c");
	CHECK_ARGUMENT(line, 2, "a b");
	CHECK_ARGUMENT(line, 3, "");
	CHECK_ARGUMENT(line, 4, "--");
	CHECK_EQ(cmdline_argument(line, 5, NULL, 0), -ENOENT);
	CHECK_EQ(cmdline_argument("test", 0, NULL, 0), -ENOENT);
	CHECK_EQ(cmdline_argument("test --", 0, NULL, 0), -ENOENT);
}

TEST(cmdline_decodes_escapes)
{
	CHECK_OPTION("a=%41%2542%0a", "a", 0, "A%42\n");
	CHECK_OPTION("a=100%", "a", 0, "100%");
	CHECK_OPTION("a=%4", "a", 0, "%4");
	CHECK_OPTION("a=%zz%%41", "a", 0, "%zz%A");
	CHECK_OPTION("a=x%00y", "a", 0, "x%00y");
	CHECK_OPTION("a=%ff", "a", 0, "\xff");
}

TEST(cmdline_says_what_is_malformed)
{
	static const char *const good[] = { "a", "a=b", "%41", "%", "%ff%01" };
	static const char *const bad[] = { "a%", "%4", "%%", "%00", "%gg", "a=%+1", "%0x" };

	for (size_t i = 0; i < array_size(good); i++) {
		struct cmdline_word word = { good[i], strlen(good[i]) };

		CHECK(!cmdline_word_is_malformed(&word));
	}
	for (size_t i = 0; i < array_size(bad); i++) {
		struct cmdline_word word = { bad[i], strlen(bad[i]) };

		CHECK(cmdline_word_is_malformed(&word));
	}
}

TEST(cmdline_refuses_small_buffers)
{
	char text[4];

	CHECK_EQ(cmdline_option("a=abc", "a", 0, text, 4), 3);
	CHECK_EQ(cmdline_option("a=abcd", "a", 0, text, 4), -ENAMETOOLONG);
	CHECK_EQ(cmdline_option("a=", "a", 0, text, 1), 0);
	CHECK_EQ(cmdline_option("a=", "a", 0, text, 0), -ENAMETOOLONG);
	CHECK_EQ(cmdline_option("a=%41%41%41", "a", 0, text, 4), 3);
}

/* Lines of the characters that mean something, in every order a generator comes up with. */
TEST(cmdline_survives_anything)
{
	static const char alphabet[] = "a=%-4 \t\nz\x80\xff";
	uint32_t seed = 1;
	char line[41], text[8];

	for (unsigned round = 0; round < 2000; round++) {
		size_t len = round % sizeof(line);

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			line[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		line[len] = 0;
		for (size_t i = 0; i <= len; i++) {
			ssize_t n = cmdline_argument(line, i, text, i % sizeof(text));

			CHECK(n < (ssize_t)sizeof(text));
			n = cmdline_option(line, "a", i, text, sizeof(text));
			CHECK(n < (ssize_t)sizeof(text));
			CHECK(n != -ENOENT || i >= cmdline_option_count(line, "a"));
		}
	}
}

static char order[8];

static int note(char letter)
{
	order[strlen(order)] = letter;
	return 0;
}

static int note_late_b(void)
{
	return note('d');
}
INIT_CALL(INIT_LATE, note_late_b);

static int note_late_a(void)
{
	return note('c');
}
INIT_CALL(INIT_LATE, note_late_a);

static int note_memory(void)
{
	return note('a');
}
INIT_CALL(INIT_MEMORY, note_memory);

static int note_bus(void)
{
	return note('b');
}
INIT_CALL(INIT_BUS, note_bus);

TEST(init_calls_ran_by_level_and_name)
{
	CHECK_STR(order, "abcd");
}
