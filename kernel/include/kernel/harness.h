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
#include <kernel/types.h>

struct thread;

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

/**
 * For setup: memory for what each input writes before it reads it. It is neither restored nor compared, so it costs a
 * reset nothing, however large it is. Lives for ever; in page units. NULL when there is no memory.
 */
void *harness_room(size_t size) MUST_CHECK;

/* ---- for harness code, while an input runs ---- */

/*
 * A result word for the runner, at a place of its own: compared between worlds and runs. Those beyond what the channel
 * holds are only hashed. What has no word yet when a later one is given counts as
 * CHANNEL_NO_RESULT (fuzz/abi/channel.h).
 */
void harness_result(uint32_t place, uint64_t value);
/* The same for bytes: a hash of them is recorded. */
void harness_result_bytes(uint32_t place, const void *data, size_t len);
/* Says which call of the input the running thread makes, for crash reports. */
void harness_call_begin(uint32_t index);
/* True when its last sleep ended because nothing could ever have woken it; cleared by reading. */
bool harness_call_blocked(void);
/**
 * The input's program has ended, as if run() had returned: for exit calls. Only while an input runs. Does not return on
 * the input's first thread; another one goes on to its end, and the first makes no more calls.
 */
void harness_end(void);
/* True while an input runs. */
bool harness_active(void);
/* ---- inputs that are calls, made by several threads ---- */

#define HARNESS_THREADS_MAX 16

struct harness_calls {
	uint32_t count;
	/* The thread that is to make a call: 0 the first, or what makes() says of another call. */
	unsigned (*thread)(uint32_t call);
	/* The number, below HARNESS_THREADS_MAX, of the thread that a call makes; 0: none. */
	unsigned (*makes)(uint32_t call);
	/* Makes it: on that thread, or on the first when there is no such thread any more. May sleep, or not return. */
	void (*make)(uint32_t call, unsigned thread);
};

/* Makes them all; returns when the last has returned, or the program has ended. Those must outlive the input. */
void harness_make_calls(const struct harness_calls *those);

/* For clone: 0; -ENOSYS: the running thread makes no calls of an input; -EAGAIN: this one cannot make a thread. */
int harness_thread_room(void) MUST_CHECK;
/* A thread that runs harness_thread_run() is about to be started. */
void harness_thread_started(struct thread *thread);
/* Makes the calls of the running thread; returns when there are no more for it, or it was killed. */
void harness_thread_run(void);
/* For teardown: kills all threads but the first, and waits until they have gone. */
void harness_threads_end(void);

/* A canary of option PLANTED: the planted bug number n was reached (fired == false) or has done its harm. */
void harness_canary(unsigned n, bool fired);
