/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing records the long way: arguments, filters, call chains. Runs with interrupts off, in any context; calls
 * nothing that could be traced itself.
 */
#include "trace_internal.h"

#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include <plat/plat.h>

static trace_chain_t *write_chain;
static size_t chain_max;

void trace_set_chain(trace_chain_t *write, size_t max)
{
	chain_max = max;
	atomic_store(&write_chain, write);
}

uint64_t trace_time(void)
{
	return trace_area ? trace_now() : arch_cycles();
}

uint64_t trace_since(uint64_t start)
{
	uint64_t now = trace_time();

	if (trace_area && !(trace_area->flags & TRACE_TIME_NS))
		return trace_passed(start, now);
	return start && start < now ? now - start : 0;
}

static uint64_t operand(const struct trace_filter *filter, const uint64_t *words, size_t count)
{
	if (filter->argument == FILTER_CPU)
		return arch_cpu()->id;
	if (filter->argument == FILTER_THREAD)
		return (uint64_t)arch_thread()->id;
	return filter->argument < count ? words[filter->argument] : 0;
}

static bool holds(const struct trace_filter *filter, uint64_t a)
{
	uint64_t b = filter->value;
	bool less = filter->is_signed ? (int64_t)a < (int64_t)b : a < b;

	switch ((enum filter_op)filter->op) {
	case FILTER_EQUAL:
		return a == b;
	case FILTER_UNEQUAL:
		return a != b;
	case FILTER_LESS:
		return less;
	case FILTER_LESS_EQUAL:
		return less || a == b;
	case FILTER_GREATER:
		return !less && a != b;
	case FILTER_GREATER_EQUAL:
		return !less;
	}
	return false;
}

static bool is_wanted(const struct trace_event_state *state, const uint64_t *words, size_t count)
{
	for (unsigned i = 0; i < state->filter_count; i++)
		if (!holds(&state->filters[i], operand(&state->filters[i], words, count)))
			return false;
	return true;
}

static size_t text_len(const char *text)
{
	size_t len = 0;

	while (len < TRACE_STRING_MAX && text[len])
		len++;
	return len;
}

/* A length and its bytes, in whole words. */
static size_t text_words(size_t len)
{
	return 1 + (len + sizeof(uint64_t) - 1) / sizeof(uint64_t);
}

static uint64_t *put_text(uint64_t *at, const char *text, size_t len)
{
	size_t words = text_words(len);

	at[words - 1] = 0;
	at[0] = len;
	memcpy(at + 1, text, len);
	return at + words;
}

static void emit(unsigned event, const uint64_t *words, size_t count, const char *text, const struct arch_regs *regs,
		 uint64_t frame)
{
	const struct trace_event_state *state = &trace_events[event];
	size_t len = text ? text_len(text) : 0, chain = state->has_chain && write_chain ? chain_max : 0;
	size_t max = sizeof(struct trace_record) + (count + (text ? text_words(len) : 0) + 1) * sizeof(uint64_t) +
		     chain;
	struct trace_ring *ring = trace_ring_here();
	struct trace_record *record;
	struct trace_place place;
	uint64_t *at;

	if (!ring || !is_wanted(state, words, count) || !trace_reserve(ring, max, &place))
		return;
	record = place.record;
	record->event = (uint16_t)event;
	record->thread = arch_cpu()->thread == arch_cpu()->idle ? 0 : (uint32_t)arch_thread()->id;
	record->time = trace_time();
	at = record->args;
	for (size_t i = 0; i < count; i++)
		*at++ = words[i];
	if (text)
		at = put_text(at, text, len);
	if (chain) {
		size_t size = write_chain(at, chain, regs, frame);

		record->event |= size ? TRACE_HAS_CHAIN : 0;
		at += size / sizeof(uint64_t);
	}
	trace_commit(&place, max, (size_t)((char *)(at + 1) - (char *)record));
}

void trace_emit(unsigned event, const uint64_t *words, size_t count, const char *text, uint64_t frame)
{
	unsigned long flags;

	if (!trace_ready)
		return;
	flags = arch_irq_save();
	emit(event, words, count, text, NULL, frame);
	arch_irq_restore(flags);
	/* Not where nothing could come of it: what this calls may be traced, and come here again. */
	if (flags)
		trace_reschedule();
}

void trace_emit_at(unsigned event, const uint64_t *words, size_t count, const struct arch_regs *regs)
{
	unsigned long flags;

	if (!trace_ready)
		return;
	flags = arch_irq_save();
	emit(event, words, count, NULL, regs, 0);
	arch_irq_restore(flags);
}
