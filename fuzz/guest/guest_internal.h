/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of fuzz/guest share: the channel, the snapshot and its tracker, the state of the running input.
 */
#pragma once

#include <arch/arch.h>
#include <fuzz/abi/channel.h>
#include <kernel/harness.h>
#include <kernel/snapshot.h>

/* ---- channel.c ---- */

/* In machine memory, exempt from the snapshot. NULL until channel_create(). */
extern struct channel *channel;

/* Makes the channel and fills what is known before the snapshot. -ENOMEM. */
int channel_create(const struct harness *harness);
/* Shows the host where the channel is, in its present state. */
void channel_publish(enum channel_state state);
/* Waits for the next request; returns its sequence number. */
uint32_t channel_wait(uint32_t last_seq);
/* Stores a sequence number where the host waits for it, and wakes it. */
void channel_signal(uint32_t *word, uint32_t seq);
/* The program's console: kept in the channel. */
void channel_console(const char *text, size_t len);
/* A line of the last trace events: kept in the channel. */
void channel_event(const char *line, size_t len);

/* ---- snapshot.c ---- */

/* Whole pages that the reset needs while everything else is being put back. NULL when there is no memory. */
void *snapshot_alloc_exempt(size_t len);

/**
 * Takes the snapshot that every later snapshot_reset() returns to. Boot CPU, interrupts off, on an exempt stack.
 * @return 0; -ENOMEM when the pristine copy does not fit; -EBUSY when taken already.
 */
int snapshot_take(void);

/*
 * Returns all live memory to the snapshot, and tells the channel which pages that took; once there is a runner that
 * writes pages back (channel->runner_restores), only the second. Same conditions.
 */
void snapshot_reset(void);

/*
 * From here on resets leave it to a runner to write pages back, where the tracker is one for that and there will be no
 * batches. Copies that are not needed any more become blank: whoever makes clones of this machine need not copy them.
 */
void snapshot_leave_to_runner(void);

/* True when the frame is to be restored: neither free at the snapshot nor exempt. */
bool snapshot_frame_is_live(size_t frame);

/* ---- the tracker: tracker_dirty.c (page-table dirty bits) or tracker_marks.c (software marks); one is built ---- */

/* A live frame that can change, and where its content at the snapshot is kept. */
struct snapshot_page {
	void *page;		/* as tracker_view() shows it */
	void *pristine;
	size_t frame;
};

/* True where a crash leaves the machine beyond repair: it reports and ends, and the host starts another. */
extern const bool tracker_crash_is_final;

/* True where pages are better written back by the runner: see fuzz/abi/channel.h. */
extern const bool tracker_runner_restores;

/* True for frames that it puts back itself even then. */
bool tracker_restores(size_t frame);

/* Before the frames are chosen: memory that the tracker itself needs must be exempt by now. frames: an upper limit. */
int tracker_prepare(size_t frames);
/* Where the reset may write a frame without the tracker seeing it. */
void *tracker_view(phys_t phys);
/* True when some mapping, or anything else that this world can do, may write the frame behind the snapshot's back. */
bool tracker_frame_can_change(size_t frame);
/* The pages are chosen and copied: from here on changes are seen. */
void tracker_start(struct snapshot_page *pages, size_t count);
/*
 * Calls changed for each page that may have changed, and forgets that it did. Pages that only the tracker can put back
 * (page tables) are right already by then.
 */
void tracker_collect(struct snapshot_page *pages, size_t count, void (*changed)(struct snapshot_page *page));

/* ---- calls.c: what is made by several threads ---- */

#define NO_CALL UINT32_MAX
#define VIRTUAL_CALL_NS NSEC_PER_USEC /* what a call takes */

/* Before the snapshot: what threads of inputs will find ready. -ENOMEM. */
int calls_init(void);
/* Without a reset: the next input makes its calls from the first one on, and its threads. On the input's own thread. */
void calls_again(void);
/* Every thread sleeps. True: another call can begin, or all are over. */
bool calls_go_on(void);
/* Nor will a timer wake one: a call's sleep ends. False: the one that began last is to, whoever it is. */
bool calls_give_up(void);
/* The call that the running thread makes; NO_CALL. */
uint32_t calls_current(void);
/* True on the thread that run() is called on. */
bool calls_on_first_thread(void);

/* ---- batch.c ---- */

/* Before the snapshot: room for batches, where the command line asks for it. -ENOMEM. */
int batch_init(void);
/* True where there is that room: resets are the guest's own business then. */
bool batch_possible(void);
/*
 * Runs the inputs of a batch by run(), each from the snapshot, and keeps what they did. The reset after the last one is
 * the caller's. Touches nothing live.
 */
void batch_run(void (*run)(void));

/* ---- profile.c; see kernel/harness_profile.h ---- */

/* Around a request whose profile is wanted (channel->profile_on). */
void profile_begin(void);
void profile_end(void);
/* Its reset, which began then, is over. Touches nothing live. */
void profile_reset_end(uint64_t start_cycles);

/* ---- input.c ---- */

/* Installs clock, entropy, idle, console and crash hooks of harness mode. -ENOMEM. */
int input_init(void);
/*
 * Right after the snapshot was taken: runs an empty input to learn which objects remain after one. A reset must
 * follow.
 */
void input_calibrate(const struct harness *harness, void *stack_base, size_t stack_size);
/*
 * Runs one input on the harness's stack; returns when it ended, by itself, a crash or the deadline. Fills the
 * status.
 */
void input_run(const struct harness *harness, void *stack_base, size_t stack_size);
