/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One input: what surrounds a harness's run(). Virtual time and fixed entropy, the answer to "everybody sleeps",
 * results, the crash handler and the deadline, the leak check. All of its state is ordinary memory under the snapshot,
 * so each input finds it as it was.
 */
#include <fuzz/guest/guest_internal.h>
#include <instrumentation/coverage/coverage.h>
#include <instrumentation/trace/trace.h>
#include <kernel/clock.h>
#include <kernel/console.h>
#include <kernel/cpu.h>
#include <kernel/crash.h>
#include <kernel/errno.h>
#include <kernel/harness_profile.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/random.h>
#include <kernel/string.h>
#include <kernel/syscall.h>
#include <kernel/thread.h>
#include <kernel/wait.h>
#include <plat/plat.h>

#define VIRTUAL_START_NS (1000 * NSEC_PER_SEC)
#define VIRTUAL_LIMIT_NS (3600 * NSEC_PER_SEC)	/* an input that waits longer waits forever */
#define IDLE_STEPS_MAX 100 /* nor longer by a timer of a nanosecond's interval */
#define ENTROPY_SEED UINT64_C(0x53616b69)
#define CRASH_STATUS 125

/* arch_jump() values that end an input. */
enum { END_CRASH = 1, END_EXIT = 2 };

static struct arch_jump input_jump;
static bool active;
static bool in_teardown;
static unsigned idle_steps;
static uint64_t events_since;	/* trace_time() when the input began */

LINKSET_DECLARE(object_type);

/* Live objects of each type that an input must leave behind; exempt memory. */
static long *expected_live;

/* ---- everybody sleeps ---- */

static int check_sleeper(struct thread *thread, wait_condition_t *condition, void *arg, void *context UNUSED)
{
	if (!condition(arg))
		return 0;
	crash_raise(CRASH_LOST_WAKEUP, NULL, 0, "%s sleeps, and what it waits for is true", thread->name);
}

static int idle(void)
{
	uint64_t now = clock_ns(), next = timer_next_ns();

	wait_foreach_sleeper(check_sleeper, NULL);
	if (calls_go_on())
		return 0;
	if (next != UINT64_MAX && next < VIRTUAL_START_NS + VIRTUAL_LIMIT_NS && idle_steps++ < IDLE_STEPS_MAX) {
		clock_virtual_advance(next > now ? next - now : 0);
		return 0;
	}
	channel->blocked_calls++;
	return calls_give_up() ? 0 : -EINTR;
}

/* ---- what the harness reports ---- */

/* A sum, as calls that sleep give their results when others have given theirs. */
void harness_result(uint32_t place, uint64_t value)
{
	uint64_t hash = (place + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ value;

	for (; channel->result_count <= place; channel->result_count++)
		if (channel->result_count < CHANNEL_RESULTS)
			channel->results[channel->result_count] = CHANNEL_NO_RESULT;
	if (place < CHANNEL_RESULTS)
		channel->results[place] = value;
	hash = (hash ^ hash >> 32) * UINT64_C(0xff51afd7ed558ccd);
	channel->results_hash += hash ^ hash >> 29;
}

void harness_result_bytes(uint32_t place, const void *data, size_t len)
{
	const uint8_t *byte = data;
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ len, word;

	for (; len >= sizeof(word); len -= sizeof(word), byte += sizeof(word)) {
		memcpy(&word, byte, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x100000001b3);
		hash ^= hash >> 29;
	}
	for (; len; len--, byte++)
		hash = (hash ^ *byte) * UINT64_C(0x100000001b3);
	harness_result(place, hash);
}

void harness_canary(unsigned n, bool fired)
{
	if (!active)
		return;
	channel->canary_reached |= 1u << n;
	if (fired)
		channel->canary_fired |= 1u << n;
}

bool harness_active(void)
{
	return active;
}

void harness_end(void)
{
	assert(active);
	if (calls_on_first_thread())
		arch_jump(&input_jump, END_EXIT);
}

/* ---- crashes ---- */

static void record_history(void)
{
	struct syscall_record records[SYSCALL_HISTORY];
	size_t n = syscall_history(records);

	channel->history_count = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		channel->history[i].number = records[i].number;
		channel->history[i].result = records[i].result;
	}
}

/* Where the machine was told to trace; of this input alone. */
static void record_events(void)
{
	channel->events_len = 0;
	trace_put_last(channel_event, events_since);
}

static void record_crash(const struct crash_record *record)
{
	channel->crash = *record;
	channel->crash.call_index = in_teardown ? NO_CALL : calls_current();
	channel->status = STATUS_CRASH;
	record_history();
	record_events();
}

/* The first report of an input counts; the jump leaves the broken stack behind, the reset repairs the rest. */
static void on_crash(const struct crash_record *record)
{
	if (!active)
		return;
	record_crash(record);
	active = false;
	if (tracker_crash_is_final) {
		harness_phase_enter(PHASE_TEARDOWN);
		channel_signal(&channel->done_seq, channel->request_seq);
		plat->stop(PLAT_POWER_OFF, CRASH_STATUS);
	}
	arch_jump(&input_jump, END_CRASH);
}

static void on_deadline(void)
{
	if (active)
		crash_raise(CRASH_HANG, arch_cpu()->irq_regs, 0, "the input did not end within its time");
}

/* ---- leaks ---- */

/*
 * What lives after an input: what lived at the snapshot less what the teardown gives up. An empty input, run once,
 * tells.
 */
static void note_live(void)
{
	size_t i = 0;

	LINKSET_FOREACH(object_type, struct object_type, type)
		expected_live[i++] = type->live;
}

static void check_leaks(void)
{
	struct crash_record record = { .kind = CRASH_LEAK };
	size_t i = 0;

	LINKSET_FOREACH(object_type, struct object_type, type) {
		long more = type->live - expected_live[i++];

		if (!more)
			continue;
		format(record.text, sizeof(record.text), "%ld %s%s outlived the input", more, type->name,
		       more == 1 ? "" : "s");
		record_crash(&record);
		return;
	}
}

/* ---- the input ---- */

int input_init(void)
{
	expected_live = snapshot_alloc_exempt((size_t)(__stop_object_type_set - __start_object_type_set + 1) *
					      sizeof(long));
	if (!expected_live)
		return -ENOMEM;
	clock_virtual_start(VIRTUAL_START_NS);
	random_seed_fixed(ENTROPY_SEED);
	wait_set_idle(idle);
	console_set_sink(channel_console);
	log_set_sink(channel_console);
	crash_set_handler(on_crash);
	return 0;
}

static void clear_outputs(void)
{
	channel->status = STATUS_OK;
	channel->run_result = 0;
	channel->result_count = 0;
	channel->compare_count = 0;
	channel->results_hash = 0;
	channel->blocked_calls = 0;
	channel->canary_reached = channel->canary_fired = 0;
	channel->console_len = 0;
	channel->history_count = 0;
	channel->events_len = 0;
	channel->crash.kind = CRASH_NONE;
}

/* A teardown leaves nothing that another input could go on with. */
static void finish(const struct harness *harness)
{
	if (channel->reset == RESET_NEVER)
		calls_again();
	else if (harness->teardown)
		harness->teardown();
}

static long run(void *arg)
{
	const struct harness *harness = arg;
	size_t size = min((size_t)channel->input_size, (size_t)channel->max_size);
	const uint8_t *data = channel->input + channel->input_at;

	if (!arch_jump_set(&input_jump)) {
		active = true;
		harness_phase_enter(PHASE_CALLS);
		events_since = trace_time();
		channel->run_result = harness->run(data, size);
	}
	harness_phase_enter(PHASE_TEARDOWN);
	if (channel->status == STATUS_CRASH)
		return 0;
	record_events();
	/* A second crash, in the teardown, comes back here with the status set. */
	if (!arch_jump_set(&input_jump)) {
		in_teardown = true;
		finish(harness);
		heap_check_all();
	}
	active = false;
	return 0;
}

void input_run(const struct harness *harness, void *stack_base, size_t stack_size)
{
	clear_outputs();
	if (channel->compare_on)
		coverage_set_compare_log(channel->compares, CHANNEL_COMPARES, &channel->compare_count);
	timer_set_deadline(channel->deadline_ns, on_deadline);
	arch_irq_enable();
	arch_call_on_stack(stack_base, stack_size, run, (void *)harness);
	arch_irq_disable();
	if (channel->compare_on)
		coverage_set_compare_log(NULL, 0, NULL);
	channel->virtual_ns = clock_ns() - VIRTUAL_START_NS;
	if (channel->reset == RESET_NEVER) {
		in_teardown = false;
		idle_steps = 0;
	} else if (channel->status == STATUS_OK) {
		check_leaks();
	}
}

void input_calibrate(const struct harness *harness, void *stack_base, size_t stack_size)
{
	channel->input_size = 0;
	channel->compare_on = 0;
	channel->deadline_ns = 0;
	input_run(harness, stack_base, stack_size);
	note_live();
}
