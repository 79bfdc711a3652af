/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many CPUs: calls between them, where threads run, and memory that one takes from under another.
 */
#include <kernel/abi/mman.h>
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/smp.h>
#include <kernel/test.h>
#include <kernel/thread.h>
#include <kernel/user.h>
#include <plat/plat.h>

#define PATIENCE_NS (20 * NSEC_PER_SEC)

static bool is_alone(void)
{
	if (cpu_count == 1)
		test_skip("there is one CPU");
	return cpu_count == 1;
}

static unsigned here(void)
{
	unsigned long irq = arch_irq_save();
	unsigned id = arch_cpu()->id;

	arch_irq_restore(irq);
	return id;
}

static void note_cpu(void *arg)
{
	atomic_fetch_or((uint64_t *)arg, cpu_bit(arch_cpu()));
}

TEST(cpus_call_reaches_all_others)
{
	uint64_t called = 0, self;

	if (is_alone())
		return;
	test_one_cpu();
	self = UINT64_C(1) << here();
	for (int i = 0; i < 1000; i++) {
		atomic_store(&called, 0);
		cpus_call(UINT64_MAX, note_cpu, &called);
		CHECK_EQ(atomic_load(&called), cpus_online & ~self);
	}
	called = 0;
	cpus_call(self, note_cpu, &called);
	CHECK_EQ(called, 0);
}

/* Starts one on each of the first CPUs, and waits for their ends; arg is the n-th of an array. False: it failed. */
static bool run_on_each(unsigned count, void (*fn)(void *arg), void *args, size_t arg_size)
{
	struct thread *threads[8];
	bool fine = true;

	for (unsigned i = 0; i < count; i++) {
		threads[i] = thread_create("each", fn, (char *)args + i * arg_size);
		if (!threads[i])
			panic("no memory for a test's thread");
		fine &= !thread_set_affinity(threads[i], UINT64_C(1) << i);
		thread_start(threads[i]);
	}
	for (unsigned i = 0; i < count; i++) {
		fine &= !thread_join(threads[i]);
		thread_put(threads[i]);
	}
	return fine;
}

struct caller {
	uint64_t called;
	unsigned calls;
};

static void call_all(void *arg)
{
	struct caller *caller = arg;

	for (unsigned i = 0; i < 300; i++) {
		atomic_store(&caller->called, 0);
		preempt_disable();
		cpus_call(UINT64_MAX, note_cpu, &caller->called);
		caller->calls += atomic_load(&caller->called) == (cpus_online & ~cpu_bit(arch_cpu()));
		preempt_enable();
	}
}

/* Each waits for the others, which wait for it. */
TEST(cpus_call_each_other_at_once)
{
	struct caller callers[8] = { { 0 } };
	unsigned count = min(cpu_count, 8u);

	if (is_alone())
		return;
	CHECK(run_on_each(count, call_all, callers, sizeof(callers[0])));
	for (unsigned i = 0; i < count; i++)
		CHECK_EQ(callers[i].calls, 300);
}

TEST(affinity_moves_the_running_thread)
{
	uint64_t before = thread_current()->affinity;

	if (is_alone())
		return;
	for (unsigned i = 0; i < 4 * cpu_count; i++) {
		CHECK_EQ(thread_set_affinity(thread_current(), UINT64_C(1) << i % cpu_count), 0);
		CHECK_EQ(here(), i % cpu_count);
		thread_yield();
		CHECK_EQ(here(), i % cpu_count);
	}
	CHECK_EQ(thread_set_affinity(thread_current(), UINT64_C(1) << 63), cpu_count == 64 ? 0 : -EINVAL);
	CHECK_EQ(thread_set_affinity(thread_current(), before), 0);
}

struct spinner {
	bool over;
	uint64_t rounds;
	unsigned cpu;
};

static void spin(void *arg)
{
	struct spinner *spinner = arg;

	while (!atomic_load(&spinner->over)) {
		atomic_store(&spinner->cpu, here());
		atomic_fetch_add(&spinner->rounds, 1);
		arch_relax();
	}
}

static bool comes_to(const struct spinner *spinner, unsigned cpu)
{
	uint64_t until = clock_ns() + PATIENCE_NS;

	while (atomic_load(&spinner->cpu) != cpu && clock_ns() < until)
		thread_yield();
	return atomic_load(&spinner->cpu) == cpu;
}

/* One that never gives way is taken off its CPU. */
TEST(affinity_moves_a_thread_that_spins)
{
	struct spinner spinner = { .cpu = UINT32_MAX };
	struct thread *thread;
	bool came = true;

	if (is_alone())
		return;
	thread = thread_create("spinner", spin, &spinner);
	CHECK(thread);
	thread_start(thread);
	for (unsigned i = 0; i < 4 * cpu_count && came; i++)
		came = !thread_set_affinity(thread, UINT64_C(1) << i % cpu_count) && comes_to(&spinner, i % cpu_count);
	atomic_store(&spinner.over, true);
	CHECK_EQ(thread_join(thread), 0);
	thread_put(thread);
	CHECK(came);
}

/* As many spinners as CPUs, all started on one: they spread, and none waits for another's slice. */
TEST(spinning_threads_use_all_cpus)
{
	struct spinner spinners[8] = { { 0 } };
	struct thread *threads[8];
	unsigned count = min(cpu_count, 8u);
	uint64_t until = clock_ns() + PATIENCE_NS, used = 0;

	if (is_alone())
		return;
	for (unsigned i = 0; i < count; i++) {
		threads[i] = thread_create("spinner", spin, &spinners[i]);
		CHECK(threads[i]);
		CHECK_EQ(thread_set_affinity(threads[i], 1), 0);
		thread_start(threads[i]);
		CHECK_EQ(thread_set_affinity(threads[i], UINT64_MAX), 0);
	}
	while (used != cpus_online && clock_ns() < until) {
		CHECK_EQ(clock_sleep_until(clock_ns() + 10 * NSEC_PER_MSEC), 0);
		used = 0;
		for (unsigned i = 0; i < count; i++)
			used |= UINT64_C(1) << atomic_load(&spinners[i].cpu);
	}
	for (unsigned i = 0; i < count; i++) {
		atomic_store(&spinners[i].over, true);
		CHECK_EQ(thread_join(threads[i]), 0);
		thread_put(threads[i]);
	}
	CHECK_EQ(used, cpus_online);
}

/* ---- memory ---- */

#define PLACE UINT64_C(0x10000000)
#define PAGES 8

struct reader {
	struct aspace *aspace;
	bool over, wrong;
	uint64_t reads;
};

/* Each page holds its own number or is gone; what it must not hold is what its frame holds in a later life. */
static void read_pages(void *arg)
{
	struct reader *reader = arg;

	aspace_activate(reader->aspace);
	while (!atomic_load(&reader->over)) {
		for (uint64_t i = 0; i < PAGES; i++) {
			uint64_t word = 0;

			/* A page that is not mapped is an error, one that was not written yet reads as 0. */
			if (!user_read(&word, PLACE + i * PAGE_SIZE) && word && word != i + 1)
				atomic_store(&reader->wrong, true);
			atomic_fetch_add(&reader->reads, 1);
		}
	}
	aspace_activate(NULL);
}

static void spoil_free_frames(void)
{
	struct page *pages[PAGES];

	for (size_t i = 0; i < PAGES; i++) {
		pages[i] = page_alloc(0);
		if (pages[i])
			*(volatile uint64_t *)page_virt(pages[i]) = 0x5a5a5a5a5a5a5a5a;
	}
	for (size_t i = 0; i < PAGES; i++)
		if (pages[i])
			page_put(pages[i]);
}

/* Maps, fills and unmaps while another CPU reads, whose translations would lead to frames that are others' by then. */
TEST(unmapped_pages_are_gone_on_every_cpu)
{
	struct reader reader = { 0 };
	struct thread *thread;
	bool failed = false;

	if (is_alone())
		return;
	CHECK_EQ(aspace_create(&reader.aspace), 0);
	thread = thread_create("reader", read_pages, &reader);
	CHECK(thread);
	test_one_cpu();
	CHECK_EQ(thread_set_affinity(thread, UINT64_MAX & ~thread_current()->affinity), 0);
	thread_start(thread);
	while (!atomic_load(&reader.reads))
		thread_yield();
	for (unsigned round = 0; round < 200 && !failed; round++) {
		failed = aspace_mmap(reader.aspace, PLACE, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0) < 0;
		for (uint64_t i = 1; i <= PAGES && !failed; i++)
			failed = aspace_write(reader.aspace, PLACE + (i - 1) * PAGE_SIZE, &i, sizeof(i));
		for (uint64_t reads = atomic_load(&reader.reads); atomic_load(&reader.reads) < reads + 2 * PAGES;)
			arch_relax();
		failed |= aspace_munmap(reader.aspace, PLACE, PAGES * PAGE_SIZE) < 0;
		spoil_free_frames();
	}
	atomic_store(&reader.over, true);
	CHECK_EQ(thread_join(thread), 0);
	thread_put(thread);
	aspace_put(reader.aspace);
	CHECK(!failed);
	CHECK(!reader.wrong);
}

static void run_on_space(void *arg)
{
	aspace_activate(arg);
}

static unsigned loaded_on(const struct aspace *as)
{
	unsigned n = 0;

	for (unsigned i = 0; i < cpu_count; i++)
		n += atomic_load(&cpus[i]->aspace) == as;
	return n;
}

/* Threads without a space run on the tables that the last one with a space left, but not beyond its end. */
TEST(ended_space_is_loaded_nowhere)
{
	struct aspace *as;
	unsigned loaded;
	bool ran;

	CHECK_EQ(aspace_create(&as), 0);
	ran = run_on_each(min(cpu_count, 8u), run_on_space, as, 0);
	loaded = loaded_on(as);
	aspace_put(as);
	CHECK(ran);
	CHECK(loaded > 0);
	CHECK_EQ(loaded_on(as), 0);
}

/* Where nobody needs them any more, tables that change are let go of. */
TEST(changed_space_is_let_go_of)
{
	struct aspace *as;
	unsigned loaded, after;
	uint64_t value = 1;
	bool ran, failed;

	CHECK_EQ(aspace_create(&as), 0);
	failed = aspace_mmap(as, PLACE, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			     NULL, 0) < 0 ||
		 aspace_write(as, PLACE, &value, sizeof(value));
	ran = run_on_each(min(cpu_count, 8u), run_on_space, as, 0);
	loaded = loaded_on(as);
	failed |= aspace_munmap(as, PLACE, PAGE_SIZE) < 0;
	after = loaded_on(as);
	aspace_put(as);
	CHECK(ran && !failed);
	CHECK(loaded > 0);
	CHECK(cpu_count == 1 || after == 0);
}

/* ---- timers ---- */

struct arming {
	struct timer timer;
	unsigned fired;
};

static void count_firing(struct timer *timer)
{
	struct arming *arming = container_of(timer, struct arming, timer);

	/* As periodic ones do. */
	if (atomic_fetch_add(&arming->fired, 1) % 2)
		timer_arm(timer, clock_ns() + NSEC_PER_USEC);
}

static void arm_often(void *arg)
{
	struct arming *arming = arg;

	for (unsigned i = 0; i < 2000; i++) {
		timer_arm(&arming->timer, clock_ns() + i % 7 * NSEC_PER_USEC);
		if (i % 5 == 0)
			timer_cancel(&arming->timer);
	}
}

static void sleep_a_little(void *arg UNUSED)
{
	clock_sleep_until(clock_ns() + 2 * NSEC_PER_MSEC);
}

static void arm_on_this(void *arg)
{
	struct arming *arming = arg;

	timer_init(&arming->timer, count_firing);
	timer_arm(&arming->timer, clock_ns() + NSEC_PER_MSEC);
}

/* The machine's timers interrupt while the virtual clock goes by itself, and serve the real one again after it. */
TEST(virtual_time_leaves_every_timer_running)
{
	unsigned count = min(cpu_count, 8u);
	struct arming armings[8] = { { .fired = 0 } };
	uint64_t end_ns;

	if (is_alone())
		return;
	CHECK(run_on_each(count, arm_on_this, armings, sizeof(armings[0])));
	clock_virtual_start(0);
	for (end_ns = plat->clock_ns() + 5 * NSEC_PER_MSEC; plat->clock_ns() < end_ns;)
		arch_relax();
	clock_virtual_stop();
	CHECK(run_on_each(count, sleep_a_little, NULL, 0));
	for (unsigned i = 0; i < count; i++) {
		timer_cancel(&armings[i].timer);
		CHECK(armings[i].fired > 0);
	}
}

/* It is on one list at a time, and on none once it is cancelled. */
TEST(timer_is_armed_by_all_cpus_at_once)
{
	struct arming arming = { .fired = 0 };
	unsigned count = min(cpu_count, 8u), fired;

	if (is_alone())
		return;
	timer_init(&arming.timer, count_firing);
	CHECK(run_on_each(count, arm_often, &arming, 0));
	timer_arm(&arming.timer, 0);
	CHECK_EQ(clock_sleep_until(clock_ns() + NSEC_PER_MSEC), 0);
	timer_cancel(&arming.timer);
	fired = atomic_load(&arming.fired);
	CHECK(fired > 0);
	CHECK_EQ(clock_sleep_until(clock_ns() + 5 * NSEC_PER_MSEC), 0);
	CHECK_EQ(atomic_load(&arming.fired), fired);
	for (unsigned i = 0; i < cpu_count; i++) {
		unsigned long irq = spin_lock(&cpus[i]->timer_lock);
		bool agree = list_empty(&cpus[i]->timers) == (cpus[i]->timer_first_ns == UINT64_MAX);

		spin_unlock(&cpus[i]->timer_lock, irq);
		CHECK(agree);
	}
}
