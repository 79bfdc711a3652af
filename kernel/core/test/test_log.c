/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log's lines, as they reach a sink.
 */
#include <kernel/boot.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/test.h>

static char seen[1024];
static size_t seen_len;

static void remember(const char *text, size_t len)
{
	len = min(len, sizeof(seen) - 1 - seen_len);
	memcpy(seen + seen_len, text, len);
	seen_len += len;
	seen[seen_len] = 0;
}

static void listen(void)
{
	seen_len = 0;
	seen[0] = 0;
	log_set_sink(remember);
}

TEST(log_lines_end_with_a_newline)
{
	listen();
	log_error("no %s in %d", "room", 5);
	log_set_sink(NULL);
	CHECK_STR(seen, "saki: no room in 5\n");
}

TEST(log_raw_is_untouched)
{
	listen();
	log_raw("a\0b", 3);
	log_printf("%c", 'c');
	log_set_sink(NULL);
	CHECK_EQ(seen_len, 4);
	CHECK(!memcmp(seen, "a\0bc", 4));
}

TEST(log_level_filters)
{
	enum log_level level = (enum log_level)boot_option_number("loglevel", LOG_WARNING);

	listen();
	log_set_level(LOG_ERROR);
	log_warning("not this");
	log_set_level(LOG_DEBUG);
	log_debug("but this");
	log_set_level(level);
	log_set_sink(NULL);
	CHECK(!strstr(seen, "not this"));
	CHECK(strstr(seen, "] but this\n"));
}

TEST(log_cuts_long_lines_and_keeps_their_newline)
{
	listen();
	log_error("%900d", 1);
	log_set_sink(NULL);
	CHECK(seen_len < 600);
	CHECK_EQ(seen[seen_len - 1], '\n');
	CHECK_EQ(strlen(seen), seen_len);
}
