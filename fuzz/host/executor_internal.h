/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the executor share: its state, its machine's requests (executor.c), and the inputs since the last
 * clean audit (executor_audit.c). All runs on the caller's thread.
 */
#pragma once

#include "audit.h"
#include "executor.h"
#include "novelty.h"

#define EXECUTOR_RECENT_BYTES (4u << 20) /* inputs kept since the last clean audit; older ones force an audit */
#define EXECUTOR_RECENT_ROOM (CHANNEL_INPUT_MAX + CHANNEL_BATCH_MAX * 4u) /* that what is handed over at once takes */

/* Inputs since the last clean audit, one after the other: u32 size, bytes. */
struct recent {
	uint8_t *bytes;
	size_t used;
	unsigned count;
	unsigned news;		/* those that brought new coverage */
};

struct executor {
	struct executor_options options;
	struct machine machine;
	struct audit audit;
	struct novelty novelty;
	struct recent recent;
	struct executor_stats stats;
	struct profile *profile;	/* the caller's; NULL: nobody asked */
	bool resetting;			/* the last request's reset has not been seen to end */
	bool nothing_ran;		/* the last request was none that ends in a reset */
	void (*on_rerun)(const void *data, size_t size, const struct verdict *, void *);
	void *on_rerun_context;
	char error[MACHINE_ERROR];
};

static inline uint32_t executor_at_most(uint32_t value, uint32_t limit)
{
	return value < limit ? value : limit;
}

/* ---- executor.c ---- */

/* True where memory after an input is to be the snapshot's. */
bool executor_is_audited(const struct executor *executor);
/* Another machine. 0; -1 with executor->error. */
int executor_replace_machine(struct executor *executor);
/* Waits for the end of the last reset, and does our part of it. 0, or -1 when the machine has to be replaced. */
int executor_finish_reset(struct executor *executor);
/* The machine takes requests: there is one, and its last reset is over. */
bool executor_machine_usable(struct executor *executor);
/* Before an input: the same, with another machine if need be, which has run again what the last may have got wrong. */
int executor_make_usable(struct executor *executor);
/* Kills the machine; its memory can still be read. */
void executor_machine_end(struct executor *executor);
/* Waits for done_seq, inputs times as long as for one. */
enum machine_wait executor_wait_done(struct executor *executor, unsigned inputs);
/* One request on a machine that takes them. Its reset goes on when this returns. */
void executor_run_once(struct executor *executor, const void *data, size_t size, struct verdict *verdict);

/* ---- executor_audit.c ---- */

/* Keeps an input that runs, or has run, on this machine; there is room where recent is not full. */
void executor_remember(struct executor *executor, const void *data, size_t size);
bool executor_recent_is_full(const struct executor *executor);
void executor_forget_recent(struct executor *executor, bool audited);
/* A machine went wrong at some point since the last clean audit: runs all of that again, each input audited. */
int executor_rerun_recent(struct executor *executor);
/*
 * After an input that ran: where it matters, does it do the same again; and where it is a finding, or there are enough
 * others, is the machine still what it was? Else its verdict is made anew, and those of all recent ones
 * (executor_on_rerun()). 0; -1 with executor->error.
 */
int executor_check(struct executor *executor, const void *data, size_t size, struct verdict *verdict);
