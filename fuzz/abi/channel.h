/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The channel: what the machine (guest) and the runner (host) share. All of it lies in the machine's memory file, so
 * the same structure serves every world. Plain little-endian data; *addresses* are physical, that is, offsets in that
 * file.
 *
 * Trust: the guest may be corrupted by the very input it runs. The host reads every field once, checks it against what
 * it knew when the snapshot was taken, and never follows a value out of the file. The guest trusts the host.
 *
 * Hand-over: the host writes input and request, then request_seq = n. The guest runs, writes its status, then done_seq
 * = n; it resets itself; then ready_seq = n. Coverage and status may be read from done_seq on, while the reset goes on;
 * the counters belong to the host until the next request_seq. Memory may be audited from ready_seq on. Both sides spin
 * for a while; then, in the host world, they may sleep on a futex on these words (*_sleeps says that the other side has
 * to be woken).
 *
 * Reset: what an input wrote is found by the guest's tracker. Where runner_restores is set, the guest only names the
 * frames (dirty_frames), and the host writes them back from its own copy of the snapshot between ready_seq and the next
 * request: an emulated CPU takes 5 us to copy a page, the host 0.1. From ready_seq on such a guest touches nothing
 * that is live. Else the guest writes them back itself, before ready_seq. A host that can do without the guest (it sees
 * by itself what was written, and knows the CPU's registers) asks for RESET_OUTSIDE, and the guest leaves everything as
 * it is. RESET_NEVER is for measuring what a reset costs: the next input finds what the last one has left.
 *
 * Batch: inputs that nobody has to look at one by one can be handed over together (REQUEST_BATCH), which saves all but
 * one hand-over. The guest runs one after the other and resets itself in between, all by itself, and keeps of each what
 * the host would have read then (struct channel_batch). The batch is over early after an input that did not end well,
 * whose status is where it always is, and after one whose counters do not fit any more: that one is not among those
 * that are done. A machine has room for batches, and the copies that it needs to do without the host, where "batch" is
 * among the words of its command line.
 *
 * Profile: where profile_on is set, the guest says how many of its CPU's cycles went where (struct channel_profile),
 * in all from the moment it saw the request to the one before it wrote done_seq. The host knows how long it waited,
 * and takes nothing that does not fit into that.
 */
#pragma once

#include <kernel/crash_abi.h>
#include <kernel/harness_profile_abi.h>

#define CHANNEL_ALIGNED(n) __attribute__((aligned(n)))

#define CHANNEL_MAGIC UINT64_C(0x314e4843494b4153)	/* "SAKICHN1" */
#define CHANNEL_VERSION 8u

/* Where the guest says that it has a channel: the first bytes of this physical page (never RAM that is handed out). */
#define CHANNEL_BEACON 0x7000u
struct channel_beacon {
	uint64_t magic;		/* CHANNEL_MAGIC, written last */
	uint64_t channel;	/* address of struct channel, page aligned */
};

#define CHANNEL_INPUT_MAX (64u * 1024)
#define CHANNEL_RESULTS 64
#define CHANNEL_NO_RESULT (UINT64_C(1) << 63) /* of a call that did not return: no system call says that */
#define CHANNEL_COMPARES 1024	/* a power of two */
#define CHANNEL_FRAMES_MAX (256u * 1024)	/* frames a live bitmap can hold: 1 GiB of memory */
#define CHANNEL_CONSOLE 4096
#define CHANNEL_EVENTS 8192
#define CHANNEL_HISTORY 16
#define CHANNEL_DIRTY_FRAMES 16384
#define CHANNEL_PROFILE_CALLS 64
#define CHANNEL_BATCH_MAX 32	/* inputs */
#define CHANNEL_BATCH_ALIGN 64	/* where each begins */
#define CHANNEL_BATCH_HITS 32768
#define CHANNEL_HITS_COUNTERS 8	/* counters in one struct channel_hits */

enum channel_state {
	CHANNEL_BOOTING,
	CHANNEL_READY,		/* snapshot taken, waits for inputs */
};

/* What the host asks for. */
enum channel_request {
	REQUEST_RUN,		/* run the input, reset */
	REQUEST_NOP,		/* only answer; for measuring the hand-over */
	REQUEST_BATCH,		/* run several inputs; see "Batch" above */
	REQUEST_DIRTY,		/* write to input_size pages of the bench area, then reset; for measuring the reset */
	REQUEST_STOP,		/* power off */
};

/* Who puts back what the request changes; see "Reset" above. */
enum channel_reset {
	RESET_INSIDE,		/* the guest */
	RESET_OUTSIDE,		/* the host */
	RESET_NEVER,		/* nobody */
};

enum channel_status {
	STATUS_OK,		/* ran to its end */
	STATUS_CRASH,		/* crash holds the record; also leak, hang, lost wake-up, by its kind */
};

/* One comparison, as the compiler's hooks see it. */
struct channel_compare {
	uint64_t pc;
	uint64_t a, b;		/* in a comparison with a constant, a is the constant */
	uint32_t size;		/* bytes: 1 2 4 8 */
	uint32_t is_const;
};

struct channel_call {
	uint32_t number;
	uint32_t reserved;
	int64_t result;
};

/* Of one request. Cycles are arch_cycles()'s; what a unit is, the host measures. */
struct channel_profile {
	uint64_t since;			/* when the state changed last; from done_seq on, when the guest was done */
	uint64_t cycles[HARNESS_PHASES];
	uint64_t reset_cycles;		/* of its part of the reset; valid from ready_seq on */
	uint32_t state;			/* the guest's own */
	uint32_t call_count;		/* of calls[]; further ones are not told */
	struct {
		uint64_t cycles;	/* with its faults, without what other threads did meanwhile */
		uint32_t number;	/* x86_64's */
		uint32_t reserved;
	} calls[CHANNEL_PROFILE_CALLS];
};

/* Counters that lie side by side and are not all zero. */
struct channel_hits {
	uint64_t counters;		/* one in each byte, the first in the lowest */
	uint32_t at;			/* the first one's number, in units of CHANNEL_HITS_COUNTERS */
	uint32_t reserved;
};

/* What the host would have read after an input that ended well. */
struct channel_batch_answer {
	uint64_t results_hash;
	uint64_t virtual_ns;
	int32_t run_result;
	uint32_t dirty_pages;		/* not of the batch's last one: the channel has that, with its reset */
	uint32_t blocked_calls;
	uint32_t canary_reached, canary_fired;
	uint32_t hit_count;		/* of hits[]: of this input, behind those of the inputs before it */
};

struct channel_batch {
	/* ---- host to guest ---- */
	uint32_t count;			/* inputs in channel.input, each at the next multiple of CHANNEL_BATCH_ALIGN */
	uint32_t sizes[CHANNEL_BATCH_MAX];

	/* ---- guest to host ---- */
	uint32_t done;
	struct channel_batch_answer answers[CHANNEL_BATCH_MAX];
	struct channel_hits hits[CHANNEL_BATCH_HITS];
};

struct channel {
	/* ---- fixed when the snapshot is taken ---- */
	uint64_t magic;
	uint32_t version;
	uint32_t size;			/* of this structure */
	uint32_t state;			/* enum channel_state */
	uint32_t counter_count;		/* coverage counters, one byte each */
	uint64_t counters;		/* their address, page aligned */
	uint64_t pcs;			/* the PC table: counter_count pairs of u64 {pc, flags}; its address */
	uint64_t live_count;		/* number of set bits in live[] */
	uint64_t frame_limit;		/* frames of machine memory */
	uint64_t bench_area;		/* address of live pages that REQUEST_DIRTY writes to */
	uint64_t bench_pages;
	uint64_t max_size;		/* of an input, bytes */
	uint64_t source_counters;	/* option SRCCOV: where its counters are, and their bytes; else 0 */
	uint64_t source_size;
	char harness[32];
	uint64_t batch;			/* address of a struct channel_batch, page aligned; 0: there will be none */
	uint32_t runner_restores;	/* see "Reset" above */

	/* ---- host to guest ---- */
	uint32_t request_seq CHANNEL_ALIGNED(64);
	uint32_t request;		/* enum channel_request */
	uint32_t input_size;
	uint32_t input_at;		/* where in input[] it begins; the guest's while it runs a batch, else 0 */
	uint32_t compare_on;		/* record comparisons for this input */
	uint64_t deadline_ns;		/* real time until the guest calls an input a hang; 0: it is told */
	uint32_t host_sleeps;
	uint32_t reset;			/* enum channel_reset */
	uint32_t crowded;		/* other machines want this CPU: who waits for a request is to sleep */
	uint32_t profile_on;		/* fill profile; constant while a request is served */

	/* ---- guest to host ---- */
	uint32_t done_seq CHANNEL_ALIGNED(64);
	uint32_t status;		/* enum channel_status */
	uint32_t guest_sleeps;
	int32_t run_result;
	uint32_t result_count;		/* of results[]; those past CHANNEL_RESULTS only go into the hash */
	uint32_t compare_count;		/* comparisons seen; the ring holds the last CHANNEL_COMPARES */
	uint64_t results_hash;		/* over all results in order */
	uint64_t virtual_ns;		/* virtual time that passed */
	uint32_t dirty_pages;		/* of the last reset; the first CHANNEL_DIRTY_FRAMES are named */
	uint32_t blocked_calls;
	uint32_t canary_reached, canary_fired;	/* bit n: planted bug n */
	uint32_t console_len;		/* bytes written by this input; the first CHANNEL_CONSOLE are kept */
	uint32_t history_count;
	uint32_t events_len;		/* of events[] */
	uint32_t ready_seq CHANNEL_ALIGNED(64);

	uint32_t dirty_frames[CHANNEL_DIRTY_FRAMES];
	uint64_t results[CHANNEL_RESULTS];
	struct crash_record crash;
	struct channel_call history[CHANNEL_HISTORY];
	struct channel_compare compares[CHANNEL_COMPARES];
	char console[CHANNEL_CONSOLE];
	char events[CHANNEL_EVENTS];	/* the input's last trace events, a line each; none where they are off */
	struct channel_profile profile;
	uint8_t live[CHANNEL_FRAMES_MAX / 8];	/* bit f: frame f is restored and audited; fixed at the snapshot */
	uint8_t input[CHANNEL_INPUT_MAX];
};
