/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time of check, time of use, of what a system call is given: a length in the program's memory is read once to be
 * checked, and once more to be used. In between the call waits for a lock, and another thread of the program writes.
 */
#include "attacks.h"

#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/mutex.h>
#include <kernel/systest.h>
#include <kernel/thread.h>

struct request {
	uint64_t len;
	uint8_t answer[128];
};

static struct {
	uint8_t name[64];
	uint64_t key;
} device = { .name = "device" };
static struct mutex lock = MUTEX_INIT(lock);

/* The mistake: the request is read twice. */
static NOINLINE int describe(user_ptr_t at)
{
	const uint8_t *name = attack_opaque(&device.name[0]);
	uint64_t len;
	int err;

	if (user_read(&len, at))
		return -EFAULT;
	if (len > sizeof(device.name))
		return -EINVAL;
	mutex_lock(&lock);
	err = user_read(&len, at);
	if (!err)
		err = user_copy_out(at + offsetof(struct request, answer), name, len);
	mutex_unlock(&lock);
	return err;
}

static void honest(void *result)
{
	struct request request = { .len = 65 };
	bool right = describe(systest_value(0, &request)) == -EINVAL;

	request.len = 64;
	right &= !describe(systest_value(0, &request));
	systest_read(SYSTEST_MEM, &request);
	*(bool *)result = right && !strcmp((const char *)request.answer, "device");
}

static bool benign(const struct attack *attack)
{
	bool right = false;

	return attack_in_process(honest, &right) && right;
}

/* The other thread: it has the lock already, and the same memory, which it sees by the frame. */
struct other {
	volatile uint64_t *len;
	struct thread *caller;
	bool has_lock;
};

static void change(void *arg)
{
	struct other *other = arg;

	mutex_lock(&lock);
	atomic_store(&other->has_lock, true);
	while (other->caller->state != THREAD_SLEEPING)
		thread_yield();
	*other->len = sizeof(device.name) + sizeof(device.key);
	mutex_unlock(&lock);
}

static void hostile(void *arg)
{
	struct request request = { .len = sizeof(device.name) };
	struct other other = { .caller = thread_current() };
	struct thread *thread = thread_create("other", change, &other);
	phys_t frame;

	systest_value(0, &request);
	if (!thread || arch_pagetable_lookup(aspace_tables(), SYSTEST_MEM, &frame, NULL))
		attack_failed(arg, "no memory");
	other.len = arch_phys_to_virt(frame);
	thread_start(thread);
	while (!atomic_load(&other.has_lock))
		thread_yield();
	attack_primitive(arg);
	describe(SYSTEST_MEM);
	systest_read(SYSTEST_MEM, &request);
	attack_won(*(const uint64_t *)attack_opaque(request.answer + sizeof(device.name)));
}

static void run(const struct attack *attack)
{
	device.key = attack_secret();
	attack_in_process(hostile, (void *)(uintptr_t)attack);
}

ATTACK(toctou_arguments, .family = "time of check", .primitive = LOGIC, .knowledge = BLIND, .stopped_by = "",
       .about = "a length changes between its check and its use: a negative control", .run = run, .benign = benign);
