/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel log: lines with a level, to the platform's log or to the sink of harness mode. What is said before there
 * is a platform is kept and written once there is one.
 */
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/crash.h>
#include <kernel/log.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>
#include <plat/plat.h>

#include "core_internal.h"

#define LINE_MAX 512
#define EARLY_MAX 4096

static enum log_level shown = LOG_WARNING;
static void (*sink)(const char *text, size_t len);

/* Keeps lines whole. Not taken once the kernel has crashed: its holder may never come back. */
static struct spinlock lock = SPINLOCK_INIT;

static char early[EARLY_MAX];
static size_t early_len; /* what does not fit is lost */

static void write_early(const char *text, size_t len)
{
	len = min(len, EARLY_MAX - early_len);
	memcpy(early + early_len, text, len);
	early_len += len;
}

static void write_out(const char *text, size_t len)
{
	if (sink) {
		sink(text, len);
	} else if (plat) {
		if (early_len)
			plat->log_write(early, early_len);
		early_len = 0;
		plat->log_write(text, len);
	} else {
		write_early(text, len);
	}
}

void log_flush(void)
{
	log_raw("", 0);
}

void log_raw(const char *text, size_t len)
{
	unsigned long flags;

	if (crash_in_progress()) {
		write_out(text, len);
		return;
	}
	flags = spin_lock(&lock);
	write_out(text, len);
	spin_unlock(&lock, flags);
}

void log_printf(const char *fmt, ...)
{
	char text[LINE_MAX];
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = format_va(text, sizeof(text), fmt, args);
	va_end(args);
	log_raw(text, min(len, sizeof(text) - 1));
}

/* People read errors and warnings: they start with a name. Whoever asks for more wants to know when. */
static size_t format_prefix(char *line, size_t size, enum log_level level)
{
	uint64_t us = clock_ns() / NSEC_PER_USEC;

	if (level <= LOG_WARNING)
		return format(line, size, "saki: ");
	return format(line, size, "[%5lu.%06lu] ", us / 1000000, us % 1000000);
}

void log_write_va(enum log_level level, const char *fmt, va_list args)
{
	char line[LINE_MAX];
	size_t len;

	if (level > shown)
		return;
	len = format_prefix(line, sizeof(line), level);
	len += format_va(line + len, sizeof(line) - len, fmt, args);
	len = min(len, sizeof(line) - 2);
	line[len++] = '\n';
	log_raw(line, len);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_write_va(level, fmt, args);
	va_end(args);
}

void log_set_level(enum log_level level)
{
	shown = level;
}

bool log_shows(enum log_level level)
{
	return level <= shown;
}

void log_set_sink(void (*new_sink)(const char *text, size_t len))
{
	atomic_store(&sink, new_sink);
}
