/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Harnesses: functions that drive the kernel with an input, the same in every world and under every engine.
 *
 *	static int cpio_run(const uint8_t *data, size_t size) { ... }
 *	HARNESS(cpio, .run = cpio_run, .max_size = 64 * KIB);
 *
 * Reset, leak check, coverage, time limit, virtual time and reports are not a harness's business.
 */
#pragma once

#include <kernel/linkset.h>

struct harness {
	const char *name;
	/* Once, before the snapshot: makes what every input starts from. 0 or -errno. May be NULL. */
	int (*setup)(void);
	/* One input. The result is told to the runner; by itself it is no finding. Called on a thread; may sleep. */
	int (*run)(const uint8_t *data, size_t size);
	/*
	 * After run, also when it was not completed by a block: gives up what the input made. Leaks are counted
	 * after it.
	 */
	void (*teardown)(void);
	size_t max_size;	/* of an input, bytes */
	const char *magic;	/* how an input starts, for engines' dictionaries; may be NULL */
	const char *about;	/* one line for "fuzz list" */
};

#define HARNESS(harness_name, ...)                                                                                     \
	static const struct harness harness_##harness_name = { .name = #harness_name, __VA_ARGS__ };                   \
	LINKSET_ADD(harness, &harness_##harness_name)

/**
 * Runs the named harness for the runner behind the channel, forever. Called by kernel_main() for "harness=NAME" instead
 * of starting a program; "list" lists them. Ends the machine with status 127 when there is none of that name, 123 when
 * there is no channel.
 */
void harness_main(const char *name) NORETURN;

/* ---- for harness code, while an input runs ---- */

/*
 * The harness's next result word for the runner: compared between worlds and runs. More than the channel holds
 * are hashed.
 */
void harness_result(uint64_t value);
/* The same for bytes: a hash of them is recorded. */
void harness_result_bytes(const void *data, size_t len);
/* Says which call of the input runs, for crash reports. */
void harness_call_begin(uint32_t index);
/* True when the last sleeping call ended because nothing could ever have woken it; cleared by reading. */
bool harness_call_blocked(void);
/**
 * Ends the input's program at once, as if run() had returned: for exit calls. Only while an input runs; does not
 * return.
 */
void harness_end(void) NORETURN;
/* True while an input runs. */
bool harness_active(void);
/* A canary of option PLANTED: the planted bug number n was reached (fired == false) or has done its harm. */
void harness_canary(unsigned n, bool fired);
