/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tracepoints. TRACE(sched_switch, prev->id, state, next->id) is one instruction that does nothing until the event is
 * chosen on the command line; then it writes a record into the CPU's ring (trace_abi.h). Any context, NMIs included;
 * arguments are evaluated only when the event is on. What can be told is in events.tbl.
 *
 * What lasts is told at its end: uint64_t start = TRACE_START(lock_wait); ... TRACE(lock_wait, lock, owner,
 * start). TRACE_ON(lock_wait) is the instruction alone, for who goes another way then.
 *
 * Command line, words separated by commas: trace=EVENT,... where EVENT is NAME, GROUP:NAME, GROUP:* or *, perhaps with
 * "?ARGUMENT==N&ARGUMENT>N" behind it (also != < >= <=, and cpu and thread for arguments); trace.chain=EVENT,... these
 * carry call chains; trace.ring=BYTES of each CPU's ring; trace.overwrite: the newest records stay, for crash reports,
 * and nobody need read them.
 */
#pragma once

#include <arch/arch.h>

struct trace_calls;

#define TRACE_LAST_MAX 32
#define TRACE_LINE_MAX 200
/* Takes a line of text, see trace_put_last(). */
typedef void trace_put_t(const char *line, size_t len);

#if CONFIG_TRACE

#include <generated/trace_events.h>

#define TRACE(name, ...)                                                                                               \
	do {                                                                                                           \
		if (arch_branch(TRACE_##name))                                                                         \
			trace_##name(__VA_ARGS__);                                                                     \
	} while (0)
#define TRACE_START(name) (arch_branch(TRACE_##name) ? trace_start() : 0)
#define TRACE_ON(name) arch_branch(TRACE_##name)

/* Now, in the unit of the records. */
uint64_t trace_time(void);
/* ring.c: that is the CPU's counter, and there are rings. */
extern bool trace_by_cycles;
/* trace_time(), mostly without a call, which an emulated CPU pays for twice. */
static ALWAYS_INLINE uint64_t trace_start(void)
{
	return likely(trace_by_cycles) ? arch_cycles() : trace_time();
}
/* Nanoseconds since then; 0 when start is 0: the event is off. */
uint64_t trace_since(uint64_t start);

/*
 * Writes a record; text: NULL, or the last argument, cut where it is too long; frame: of the function whose caller a
 * call chain begins with. For the generated functions.
 */
void trace_emit(unsigned event, const uint64_t *words, size_t count, const char *text, uint64_t frame);
/* The same of what an interrupt has interrupted: the chain begins there. */
void trace_emit_at(unsigned event, const uint64_t *words, size_t count, const struct arch_regs *regs);

/*
 * What writes a call chain (struct trace_chain) to buf, at most max bytes, a multiple of eight: of what regs say, or
 * when that is NULL of who called the function that has this frame. @return its bytes, a multiple of eight. Any
 * context.
 */
typedef size_t trace_chain_t(void *buf, size_t max, const struct arch_regs *regs, uint64_t frame);
void trace_set_chain(trace_chain_t *write, size_t max);

/* Boot CPU, before the kernel's code becomes read-only: makes the tracepoints that are chosen. */
void trace_choose(void);
/* Makes the ring of another CPU, before that starts. 0, or -ENOMEM, which is logged. */
int trace_add_cpu(unsigned id);
/*
 * The newest records of all CPUs as text, the oldest of them first, but none before a trace_time(), or 0: at most
 * TRACE_LAST_MAX lines, each with its newline at most TRACE_LINE_MAX bytes long. For crash reports: no locks, no
 * memory.
 */
void trace_put_last(trace_put_t *put, uint64_t since);
/* Nothing is recorded any more; who reads the rings is told so. Any CPU. */
void trace_finish(void);
/* True when something is recorded. */
bool trace_is_on(void);

/* What a thread keeps of traced functions that have yet to return; NULL where that is not needed, or no memory. */
#if CONFIG_TRACE_FUNCTIONS
struct trace_calls *trace_calls_create(void);
void trace_calls_free(struct trace_calls *calls);
#else
static inline struct trace_calls *trace_calls_create(void)
{
	return NULL;
}
static inline void trace_calls_free(struct trace_calls *calls UNUSED)
{
}
#endif

#else

static inline struct trace_calls *trace_calls_create(void)
{
	return NULL;
}
static inline void trace_calls_free(struct trace_calls *calls UNUSED)
{
}

/* The arguments are looked at by the compiler, and never evaluated. */
static inline void trace_ignore(const char *name UNUSED, ...)
{
}
#define TRACE(name, ...)                                                                                               \
	do {                                                                                                           \
		if (0)                                                                                                 \
			trace_ignore(#name, __VA_ARGS__);                                                              \
	} while (0)
#define TRACE_START(name) UINT64_C(0)
#define TRACE_ON(name) false

static inline void trace_choose(void)
{
}
static inline int trace_add_cpu(unsigned id UNUSED)
{
	return 0;
}
static inline uint64_t trace_time(void)
{
	return 0;
}
static inline void trace_put_last(trace_put_t *put UNUSED, uint64_t since UNUSED)
{
}
static inline void trace_finish(void)
{
}
static inline bool trace_is_on(void)
{
	return false;
}

#endif
