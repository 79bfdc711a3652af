/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Harness mode: sets the harness up, takes the snapshot, then runs inputs forever. The loop lives on a stack of its own
 * that is exempt from the snapshot; inputs run on the boot thread's stack, which is not.
 */
#include <fuzz/guest/guest_internal.h>
#include <instrumentation/coverage/coverage.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>
#include <kernel/suspend.h>
#include <kernel/thread.h>
#include <plat/plat.h>

#define LOOP_STACK_SIZE (16 * KIB)
#define BENCH_ORDER 8
#define BENCH_PAGES (1u << BENCH_ORDER)
#define STACK_MARGIN 1024	/* of harness_main()'s own frames, never returned to */

#define SETTLE_YIELDS 64

#define STATUS_NO_HARNESS 127
#define STATUS_ENVIRONMENT 123

LINKSET_DECLARE(harness);

static const struct harness *chosen;
static void *input_stack;
static size_t input_stack_size;

static const struct harness *find(const char *name)
{
	LINKSET_FOREACH(harness, const struct harness, h) {
		if (!strcmp(h->name, name))
			return h;
	}
	return NULL;
}

void *harness_room(size_t size)
{
	return snapshot_alloc_exempt(size);
}

/* Live pages that REQUEST_DIRTY writes to, for measuring the reset. */
static int make_bench_area(void)
{
	struct page *page = page_alloc(BENCH_ORDER);

	if (!page)
		return -ENOMEM;
	channel->bench_area = page_phys(page);
	channel->bench_pages = BENCH_PAGES;
	snapshot_mark_area(page_virt(page), BENCH_PAGES * PAGE_SIZE);
	return 0;
}

static void dirty_bench_pages(uint32_t count)
{
	uint8_t *area = arch_phys_to_virt(channel->bench_area);

	for (uint32_t i = 0; i < min(count, BENCH_PAGES); i++)
		*(volatile uint32_t *)(area + i * PAGE_SIZE) += 1;
	snapshot_mark(area, count * PAGE_SIZE);
}

static void reset(void)
{
	uint64_t start = channel->profile_on ? arch_cycles() : 0;

	snapshot_reset();
	if (start)
		profile_reset_end(start);
}

static void run_input(void)
{
	input_run(chosen, input_stack, input_stack_size);
}

static bool needs_reset(uint32_t request)
{
	return request == REQUEST_RUN || request == REQUEST_BATCH || request == REQUEST_DIRTY;
}

static void serve(uint32_t seq)
{
	if (channel->profile_on)
		profile_begin();
	switch (channel->request) {
	case REQUEST_RUN:
		run_input();
		break;
	case REQUEST_BATCH:
		if (batch_possible())
			batch_run(run_input);
		break;
	case REQUEST_DIRTY:
		dirty_bench_pages(channel->input_size);
		break;
	case REQUEST_STOP:
		plat->stop(PLAT_POWER_OFF, 0);
	default:
		break;
	}
	if (channel->profile_on)
		profile_end();
	channel_signal(&channel->done_seq, seq);
	if (channel->reset == RESET_INSIDE && needs_reset(channel->request))
		reset();
	channel_signal(&channel->ready_seq, seq);
}

/* The channel, where the log went, is not the host's to read yet. */
static void give_up(const char *what, int err) NORETURN;
static void give_up(const char *what, int err)
{
	log_set_sink(NULL);
	log_error("harness %s: %s failed (error %d)", chosen->name, what, -err);
	plat->stop(PLAT_POWER_OFF, STATUS_ENVIRONMENT);
}

static long loop(void *arg UNUSED)
{
	uint32_t seq = 0;
	int err;

	arch_irq_disable();
	err = snapshot_take();
	if (err)
		give_up("the snapshot", err);
	input_calibrate(chosen, input_stack, input_stack_size);
	snapshot_reset();
	snapshot_leave_to_runner();
	/*
	 * As late as can be: copies have it all behind them. All that was fixed stays so, secrets too: two machines
	 * with the same input are to do the same.
	 */
	machine_suspend_alone();
	/* What that has changed stays, but for page tables, which are the tracker's. */
	snapshot_reset();
	channel_publish(CHANNEL_READY);
	for (;;) {
		seq = channel_wait(seq);
		serve(seq);
	}
	return 0;
}

/* Counters are the host's to clear; those of source coverage add up over all inputs. */
static void exempt_counters(void)
{
	size_t source_size;
	void *source = coverage_source_counters(&source_size);

	if (channel->counter_count)
		snapshot_exempt(coverage_counters(), align_up(channel->counter_count, PAGE_SIZE));
	if (source_size)
		snapshot_exempt(source, align_up(source_size, PAGE_SIZE));
}

/* The kernel's own threads run until they sleep: what they have left to do they would do in each input. */
static void settle(void)
{
	for (int i = 0; i < SETTLE_YIELDS; i++)
		thread_yield();
}

static int prepare(void)
{
	struct thread *self = thread_current();
	uint8_t here;
	int err;

	settle();
	err = channel_create(chosen);
	if (err)
		return err;
	err = batch_init();
	if (!err)
		err = input_init();
	if (!err)
		err = calls_init();
	if (!err && chosen->setup)
		err = chosen->setup();
	if (err)
		return err;
	err = make_bench_area();
	if (err)
		return err;
	exempt_counters();
	input_stack = self->stack_base;
	input_stack_size = (size_t)((uintptr_t)&here - (uintptr_t)self->stack_base - STACK_MARGIN) & ~(size_t)63;
	return 0;
}

/* For people: each harness with its one line, on the console. */
static void list(void)
{
	char line[160];

	LINKSET_FOREACH(harness, const struct harness, h) {
		size_t len = format(line, sizeof(line), "%-16s %s\n", h->name, h->about ? h->about : "");

		plat->console_write(line, min(len, sizeof(line) - 1));
	}
}

void harness_main(const char *name)
{
	void *stack;
	int err;

	if (!strcmp(name, "list")) {
		list();
		plat->stop(PLAT_POWER_OFF, 0);
	}
	chosen = find(name);
	if (!chosen) {
		log_error("there is no harness %s", name);
		plat->stop(PLAT_POWER_OFF, STATUS_NO_HARNESS);
	}
	err = prepare();
	stack = err ? NULL : snapshot_alloc_exempt(LOOP_STACK_SIZE);
	if (!stack)
		give_up("set-up", err ? err : -ENOMEM);
	spin_no_more_interrupts();
	arch_call_on_stack(stack, LOOP_STACK_SIZE, loop, NULL);
	__builtin_unreachable();
}
