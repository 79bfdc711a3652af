/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entry and exit of functions. Where exits are told, each thread keeps what its traced functions really return to, last
 * in first out: interrupts on its stack return before what they have interrupted does. A call deeper than that table,
 * or of a thread that was there before there was memory for one, is told as an entry only.
 */
#include "function.h"
#include "trace_internal.h"

#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/thread.h>

#define ENTRY_SIZE 5 /* bytes of the call */
#define DIGIT_BITS 6

struct call {
	uint64_t function, return_to, start;
	const uint64_t *place;	/* of the address it returns by, on a stack */
};

#define CALLS_MAX ((PAGE_SIZE - sizeof(uint64_t)) / sizeof(struct call))

struct trace_calls {
	uint64_t count;
	struct call calls[CALLS_MAX];
};

uint64_t function_count;

/* Neither has conditions or call chains, which go the general way. */
static bool is_plain;

/* The general way, for what is not plain or does not fit. */
static __attribute__((noinline)) uint64_t tell_slowly(unsigned event, uint64_t a, uint64_t b, uint64_t c, size_t count)
{
	trace_emit(event, (const uint64_t[]){ a, b, c }, count, NULL, (uint64_t)__builtin_frame_address(0));
	return trace_time();
}

/* Interrupts off. @return when; 0: nobody is told */
static inline __attribute__((always_inline)) uint64_t tell(unsigned event, uint64_t a, uint64_t b, uint64_t c,
							   size_t count)
{
	struct trace_ring *ring = trace_ring_here();
	struct trace_place place;

	/* What writing a record calls is not told of. */
	if (!trace_ready || !ring || ring->depth)
		return 0;
	if (!is_plain || !trace_short_begin(&place, event, count))
		return tell_slowly(event, a, b, c, count);
	place.record->args[0] = a;
	place.record->args[1] = b;
	if (count > 2)
		place.record->args[2] = c;
	trace_publish(ring, place.start);
	return place.record->time;
}

void function_entered(uint64_t at, uint64_t caller)
{
	unsigned long flags = arch_irq_save();

	tell(TRACE_function_enter, at - ENTRY_SIZE, caller, 0, 2);
	arch_irq_restore(flags);
}

/* The running thread's table, made at its first call; NULL when there is none yet. Interrupts off. */
static struct trace_calls *calls_here(void)
{
	struct thread *thread = arch_thread();

	return thread ? thread->calls : NULL;
}

void function_entered_exits(uint64_t at, uint64_t *return_to)
{
	unsigned long flags = arch_irq_save();
	uint64_t start = tell(TRACE_function_enter, at - ENTRY_SIZE, *return_to, 0, 2);
	struct trace_calls *calls = start ? calls_here() : NULL;

	if (calls && calls->count < CALLS_MAX) {
		calls->calls[calls->count++] = (struct call){ at - ENTRY_SIZE, *return_to, start, return_to };
		*return_to = arch_function_return();
	}
	arch_irq_restore(flags);
}

/* Functions that did not return, because a jump led past them, are above it. */
static const struct call *take(struct trace_calls *calls, const uint64_t *place)
{
	while (calls->count && calls->calls[--calls->count].place != place)
		;
	return &calls->calls[calls->count];
}

uint64_t function_left(const uint64_t *place)
{
	unsigned long flags = arch_irq_save();
	struct trace_calls *calls = calls_here();
	const struct call *call = take(calls, place);
	uint64_t return_to = call->return_to;

	tell(TRACE_function_exit, call->function, trace_since(call->start), calls->count, 3);
	arch_irq_restore(flags);
	return return_to;
}

void function_repair(uint64_t *pcs, size_t count)
{
	const struct trace_calls *calls = calls_here();
	size_t left = calls ? calls->count : 0;

	for (size_t i = 0; i < count && left; i++)
		if (pcs[i] == arch_function_return())
			pcs[i] = calls->calls[--left].return_to;
}

/* ---- a thread's table ---- */

struct trace_calls *trace_calls_create(void)
{
	struct page *page = function_count && trace_events[TRACE_function_exit].on ? page_alloc(0) : NULL;
	struct trace_calls *calls = page ? page_virt(page) : NULL;

	if (calls)
		calls->count = 0;
	return calls;
}

void trace_calls_free(struct trace_calls *calls)
{
	if (calls)
		page_free(page_from_virt(calls), 0);
}

/* ---- choosing ---- */

static int digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

void function_choose(void)
{
	static char bitmap[4096];
	char word[8];
	ssize_t len = boot_option("trace.functions", bitmap, sizeof(bitmap));
	bool exits = boot_option("trace.exits", word, sizeof(word)) >= 0;
	size_t all = arch_functions();

	for (size_t n = 0; len > 0 && n < all && n / DIGIT_BITS < (size_t)len; n++) {
		int bits = digit(bitmap[n / DIGIT_BITS]);

		if (bits < 0)
			break;
		if (bits >> n % DIGIT_BITS & 1) {
			arch_function_patch(n, exits);
			function_count++;
		}
	}
	if (!function_count)
		return;
	trace_events[TRACE_function_enter].on = true;
	trace_events[TRACE_function_exit].on = exits;
	is_plain = trace_is_plain(TRACE_function_enter) && trace_is_plain(TRACE_function_exit);
}
