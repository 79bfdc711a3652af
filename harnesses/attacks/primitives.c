/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies that believe what they are told of addresses: what is missing is user_ok(). And the contexts that attacks and
 * their benign twins run in.
 */
#include "attacks.h"

#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/systest.h>
#include <kernel/thread.h>

static NOINLINE void copy_out(uint64_t to, const void *from, size_t len)
{
	memcpy((void *)attack_opaque(to), from, len);
}

static NOINLINE void copy_in(void *to, uint64_t from, size_t len)
{
	memcpy(to, (const void *)attack_opaque(from), len);
}

void attack_write(uintptr_t to, const void *bytes, size_t len)
{
	copy_out(to, bytes, len);
}

void attack_write64(uintptr_t to, uint64_t value)
{
	copy_out(to, &value, sizeof(value));
}

void attack_read(void *bytes, uintptr_t from, size_t len)
{
	copy_in(bytes, from, len);
}

uint64_t attack_read64(uintptr_t from)
{
	uint64_t value = 0;

	copy_in(&value, from, sizeof(value));
	return value;
}

/* ---- contexts ---- */

static void (*in_interrupt)(void);
static bool interrupted;

static void fire(struct timer *timer)
{
	in_interrupt();
	atomic_store(&interrupted, true);
}

void attack_in_interrupt(void (*fn)(void))
{
	static struct timer timer;

	in_interrupt = fn;
	atomic_store(&interrupted, false);
	timer_init(&timer, fire);
	timer_arm(&timer, clock_ns() + NSEC_PER_MSEC);
	while (!atomic_load(&interrupted))
		arch_relax();
}

bool attack_in_thread(void (*fn)(void *), void *arg)
{
	struct thread *thread = thread_create("victim", fn, arg);
	int err;

	if (!thread)
		return false;
	thread_start(thread);
	err = thread_join(thread);
	thread_put(thread);
	return !err;
}

struct program {
	struct process *process;
	void (*fn)(void *);
	void *arg;
};

static void run_program(void *arg)
{
	struct program *program = arg;

	process_enter(program->process);
	program->fn(program->arg);
	process_exit(0);
}

bool attack_in_process(void (*fn)(void *), void *arg)
{
	struct program program = { .fn = fn, .arg = arg };
	bool ran;

	if (systest_process("attacker", &program.process))
		return false;
	ran = attack_in_thread(run_program, &program);
	process_teardown(program.process, 0);
	process_put(program.process);
	return ran;
}
