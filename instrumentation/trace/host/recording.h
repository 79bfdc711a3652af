/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A recording as its writers see it: records in the order of time, which of them mean something to a writer, the
 * threads' names, and the kernel's symbols.
 */
#pragma once

#include <stdio.h>

#include "kernel_symbols.h"
#include "stream.h"
#include "threads.h"

/* Events that a writer knows, and whose arguments are those given here, in this order. All others are KIND_OTHER. */
enum event_kind {
	KIND_OTHER,
	KIND_THREAD_START,	/* thread parent process name */
	KIND_THREAD_NAME,	/* thread name */
	KIND_PROCESS_EXEC,	/* process path */
	KIND_SCHED_SWITCH,	/* prev prev_state next */
	KIND_SCHED_WAKEUP,	/* thread cpu */
	KIND_SCHED_MIGRATE,	/* thread from to */
	KIND_IRQ_ENTER,		/* vector */
	KIND_IRQ_EXIT,		/* vector duration */
	KIND_SYSCALL_ENTER,	/* call arg0 ... arg5 */
	KIND_SYSCALL_EXIT,	/* call result duration */
	KIND_BLOCK_DONE,	/* sector bytes op duration result device */
	KIND_FUNCTION_ENTER,	/* function caller */
	KIND_FUNCTION_EXIT,	/* function duration depth */
};

struct recording {
	struct stream *stream;
	struct kernel_symbols symbols;
	struct threads threads;		/* as of the last record */
	enum event_kind kinds[TRACE_EVENT_MASK + 1];
	uint64_t count;			/* records so far */
	uint64_t last_ns;
};

/*
 * Opens a recording's folder. @return 0, or -1 after an error line. What does not keep it from being read is said in a
 * line too: a kernel that is not there or another one, a file that ends early.
 */
int recording_open(struct recording *recording, const char *folder);
void recording_close(struct recording *recording);
bool recording_next(struct recording *recording, struct stream_record *record, enum event_kind *kind);
void recording_rewind(struct recording *recording);
/* Says what could not be read, in one line on standard error, where there is such. */
void recording_conclude(const struct recording *recording);
/* True when any of its records is such an event; rewinds. */
bool recording_has(struct recording *recording, enum event_kind kind);
/* The name of a thread, such as "busybox", "idle" for 0 and "thread" where it is not known. */
const char *recording_thread_name(struct recording *recording, uint32_t id);
uint64_t recording_thread_process(struct recording *recording, uint32_t id);

/* A system call's plain name, NULL: there is none. */
const char *call_name(uint64_t number);
unsigned call_arg_count(uint64_t number);

#define SYMBOL_MAX 256
/* "name+0x12", or the address when it has no name. @return buf */
const char *symbol_text(const struct recording *recording, uint64_t address, char buf[SYMBOL_MAX]);
/* An argument as people read it; texts as they are, without quotes. */
void arg_print(FILE *out, struct recording *recording, const struct stream_record *record, size_t arg);
/* Copies as much of a text as size bytes hold, whole characters only. @return to */
char *text_cut(char *to, size_t size, const char *text);
/* A time such as "12.3us". */
void duration_print(FILE *out, uint64_t ns);
