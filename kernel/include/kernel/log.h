/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel log, formatted output and the end of the line: assert and panic.
 *
 * Formats: %d %i %u %x %X %o %c %s %p %% with the flags "-0+# ", width, precision, '*' and hh h l ll z t j.
 * All may be called from any context, interrupts included.
 */
#pragma once

#include <kernel/compiler.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/*
 * One line on the kernel log; a newline is added. Shown when level <= the command line's "loglevel" (default:
 * warning).
 */
void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_write_va(enum log_level level, const char *fmt, va_list args);
/* Raw text to the kernel log's sink, whatever the level: for reports and test output. No newline is added. */
void log_raw(const char *text, size_t len);
void log_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_set_level(enum log_level level);
/* False: a message of that level would not be written. Any context. */
bool log_shows(enum log_level level);
/* Where the log goes instead of the platform's log_write (harness mode: the channel); NULL: there again. */
void log_set_sink(void (*sink)(const char *text, size_t len));

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

/* Writes at most size bytes with the final NUL (none when size is 0); returns the length the whole text has. */
size_t format(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);
size_t format_va(char *buf, size_t size, const char *fmt, va_list args);

/* Our own bug: reports the call chain and ends the run (in harness mode: ends the input, as a crash). */
void panic(const char *fmt, ...) PRINTF_LIKE(1, 2) NORETURN;
void assert_failed(const char *file, int line, const char *condition) NORETURN;

#define assert(condition)                                                                                              \
	do {                                                                                                           \
		if (unlikely(!(condition)))                                                                            \
			assert_failed(__FILE__, __LINE__, #condition);                                                 \
	} while (0)
