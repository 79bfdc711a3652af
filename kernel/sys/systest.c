/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The process in which a unit test of system calls runs.
 */
#include <kernel/abi/poll.h>
#include <kernel/abi/signal.h>
#include <kernel/abi/time.h>
#include <kernel/aspace.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/systest.h>
#include <kernel/thread.h>

#define PROT_READ 1u
#define PROT_WRITE 2u
#define MAP_PRIVATE 0x02u
#define MAP_FIXED 0x10u
#define MAP_ANONYMOUS 0x20u
#define INTERRUPT_AFTER_US 5000
#define INTERRUPT_AGAIN_US 50000 /* the first may come before the wait */
#define HANDLER 0x400000 /* a signal's arrival is recorded, the handler never run */

static int map_scratch(struct aspace *aspace)
{
	const unsigned flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS;
	long at;

	at = aspace_mmap(aspace, SYSTEST_MEM, SYSTEST_MEM_SIZE, PROT_READ | PROT_WRITE, flags, NULL, 0);
	if (at < 0)
		return (int)at;
	at = aspace_mmap(aspace, SYSTEST_READONLY, PAGE_SIZE, PROT_READ, flags, NULL, 0);
	return at < 0 ? (int)at : 0;
}

int systest_process(const char *name, struct process **process)
{
	int err = process_create(name, process);

	if (err)
		return err;
	err = map_scratch((*process)->aspace);
	if (err) {
		process_teardown(*process, 0);
		process_put(*process);
	}
	return err;
}

static struct process *test_process(void)
{
	struct process *process;
	int err = systest_process("test", &process);

	if (!err)
		return process;
	test_fail(__FILE__, __LINE__, "no process to test in: %s", errno_name(-err));
	return NULL;
}

void systest_run(void (*body)(void))
{
	struct process *process = test_process();

	if (!process)
		return;
	process_enter(process);
	body();
	process_enter(NULL);
	process_teardown(process, 0);
	process_put(process);
}

void systest_become(uint32_t uid)
{
	if (sys(SYS_setgroups, 0, 0) || sys(SYS_setresgid, uid, uid, uid) || sys(SYS_setresuid, uid, uid, uid))
		test_fail(__FILE__, __LINE__, "cannot become user %u", uid);
}

void systest_interrupt_soon(void)
{
	const uint64_t action[4] = { HANDLER };
	const struct abi_itimerval timer = { { 0, INTERRUPT_AGAIN_US }, { 0, INTERRUPT_AFTER_US } };
	uint8_t saved[sizeof(action) + sizeof(timer)]; /* what the test has where the arguments go */

	systest_get(SYSTEST_MEM, saved, sizeof(saved));
	if (sys(SYS_rt_sigaction, SIGALRM, systest_value(0, &action), 0, 8) ||
	    sys(SYS_setitimer, ITIMER_REAL, systest_value(0, &timer), 0))
		test_fail(__FILE__, __LINE__, "no timer to be interrupted by");
	systest_put(0, saved, sizeof(saved));
}

struct program {
	struct process *process;
	void (*body)(void);
};

static void run_program(void *arg)
{
	struct program *program = arg;

	process_enter(program->process);
	program->body();
	process_exit(0);
}

int systest_program(void (*body)(void))
{
	struct program program = { test_process(), body };
	struct thread *thread;
	int status = -1;

	if (!program.process)
		return -1;
	thread = thread_create("program", run_program, &program);
	if (thread) {
		thread_start(thread);
		if (!thread_join(thread))
			status = program.process->status;
		thread_put(thread);
	}
	process_teardown(program.process, status);
	process_put(program.process);
	return status;
}

/* ---- without memory ---- */

struct hoard {
	struct hoard *next;
};

static struct hoard *pages, *objects;
static size_t objects_before;

static bool hoard_add(struct hoard **hoard, void *memory)
{
	struct hoard *h = memory;

	if (!h)
		return false;
	h->next = *hoard;
	*hoard = h;
	return true;
}

static void *hoard_take(struct hoard **hoard)
{
	struct hoard *h = *hoard;

	if (h)
		*hoard = h->next;
	return h;
}

void systest_starve(void)
{
	struct heap_stats stats;
	struct page *page;
	uint8_t byte;

	for (user_ptr_t at = SYSTEST_MEM; at < SYSTEST_EDGE; at += PAGE_SIZE)
		if (user_read(&byte, at) || user_write(at, &byte))
			test_fail(__FILE__, __LINE__, "no memory to test with");
	heap_stats(&stats);
	objects_before = stats.live_objects;
	while ((page = page_alloc(0)))
		hoard_add(&pages, page_virt(page));
	for (size_t size = PAGE_SIZE / 2; size; size -= 16)
		while (hoard_add(&objects, heap_alloc(size)))
			continue;
}

void systest_feed(void)
{
	struct heap_stats stats;
	void *memory;

	while ((memory = hoard_take(&objects)))
		heap_free(memory);
	while ((memory = hoard_take(&pages)))
		page_free(page_from_virt(memory), 0);
	heap_stats(&stats);
	if (stats.live_objects != objects_before)
		test_fail(__FILE__, __LINE__, "%ld objects are left over from calls without memory",
			  (long)(stats.live_objects - objects_before));
}

/* ---- memory ---- */

user_ptr_t systest_put(size_t offset, const void *bytes, size_t len)
{
	if (user_copy_out(SYSTEST_MEM + offset, bytes, len))
		test_fail(__FILE__, __LINE__, "cannot put %zu bytes at %zu", len, offset);
	return SYSTEST_MEM + offset;
}

user_ptr_t systest_string(size_t offset, const char *text)
{
	return systest_put(offset, text, strlen(text) + 1);
}

void systest_get(user_ptr_t address, void *bytes, size_t len)
{
	if (!user_copy_in(bytes, address, len))
		return;
	test_fail(__FILE__, __LINE__, "cannot read %zu bytes at %lx", len, (unsigned long)address);
	memset(bytes, 0, len);
}

bool systest_equal(user_ptr_t address, const void *expected, size_t len)
{
	const uint8_t *bytes = expected;
	uint8_t byte;

	for (size_t i = 0; i < len; i++)
		if (user_copy_in(&byte, address + i, 1) || byte != bytes[i])
			return false;
	return true;
}

int16_t systest_events(int fd)
{
	struct abi_pollfd p = { fd, POLLIN | POLLOUT, 0 };

	sys(SYS_poll, systest_value(512, &p), 1, 0);
	systest_read(SYSTEST_MEM + 512, &p);
	return p.revents;
}
