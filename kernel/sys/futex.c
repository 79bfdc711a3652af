/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Futexes: sleeping until a word of the program's memory is said to have changed. A waiter stands on one list with the
 * name of the word it waits for; one mutex makes "look at the word, then stand there" one step.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/list.h>
#include <kernel/mutex.h>
#include <kernel/time.h>
#include <kernel/wait.h>

#include "futex.h"
#include "sys_internal.h"

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP 5
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_CLOCK_REALTIME 256

struct mutex futex_lock = MUTEX_INIT(futex_lock);
struct list futex_waiters = LIST_INIT(futex_waiters);

int futex_check_address(user_ptr_t address)
{
	if (address % sizeof(uint32_t))
		return -EINVAL;
	return user_ok(address, sizeof(uint32_t)) ? 0 : -EFAULT;
}

struct futex_name futex_name_of(user_ptr_t address, bool private)
{
	struct aspace *aspace = process_current()->aspace;
	struct futex_name name = { (uintptr_t)aspace, address };

	if (!private)
		aspace_shared_name(aspace, address, &name.object, &name.offset);
	return name;
}

static bool name_is(const struct futex_name *a, const struct futex_name *b)
{
	return a->object == b->object && a->offset == b->offset;
}

static bool is_woken(void *arg)
{
	return atomic_load(&((struct futex_waiter *)arg)->woken);
}

static void waiter_wake(struct futex_waiter *waiter)
{
	list_remove(&waiter->node);
	atomic_store(&waiter->woken, true);
	wake_all(waiter->queue);
}

int futex_line_up(struct futex_waiter *waiter, uint32_t value)
{
	uint32_t now;

	if (user_read(&now, waiter->address))
		return -EFAULT;
	if (now != value)
		return -EAGAIN;
	list_append(&futex_waiters, &waiter->node);
	return 0;
}

static long futex_wait(user_ptr_t address, bool private, uint32_t value, uint32_t bits, uint64_t deadline_ns)
{
	struct wait_queue queue;
	struct futex_waiter waiter = {
		.name = futex_name_of(address, private),
		.address = address,
		.bits = bits,
		.queue = &queue,
	};
	uint64_t start;
	int err;

	if (!bits)
		return -EINVAL;
	wait_queue_init(&queue);
	mutex_lock(&futex_lock);
	err = futex_line_up(&waiter, value);
	mutex_unlock(&futex_lock);
	if (err)
		return err;
	start = TRACE_START(futex_wait);
	err = wait_until(&queue, is_woken, &waiter, deadline_ns);
	mutex_lock(&futex_lock);
	if (!waiter.woken)
		list_remove(&waiter.node);
	else
		err = 0;
	mutex_unlock(&futex_lock);
	TRACE(futex_wait, address, start, err);
	return err;
}

long futex_wake_some(const struct futex_name *name, uint32_t max, uint32_t bits)
{
	long count = 0;

	list_foreach_safe(&futex_waiters, struct futex_waiter, node, waiter) {
		if (count >= (long)max)
			break;
		if (!name_is(&waiter->name, name) || !(waiter->bits & bits))
			continue;
		waiter_wake(waiter);
		count++;
	}
	return count;
}

static long futex_wake(user_ptr_t address, bool private, uint32_t max, uint32_t bits)
{
	struct futex_name name = futex_name_of(address, private);
	long count;

	if (!bits)
		return -EINVAL;
	mutex_lock(&futex_lock);
	count = futex_wake_some(&name, max, bits);
	mutex_unlock(&futex_lock);
	return count;
}

void futex_wake_address(user_ptr_t address)
{
	if (!futex_check_address(address))
		futex_wake(address, false, 1, FUTEX_ANY_BIT);
}

struct requeue {
	struct futex_name from, to;
	user_ptr_t to_address;
	uint32_t wake_max, move_max;
};

/* Some are woken, some wait for another word from now on. The lock is held. */
static long requeue(const struct requeue *r)
{
	long woken = futex_wake_some(&r->from, r->wake_max, FUTEX_ANY_BIT), moved = 0;

	list_foreach(&futex_waiters, struct futex_waiter, node, waiter) {
		if (moved >= (long)r->move_max)
			break;
		if (!name_is(&waiter->name, &r->from))
			continue;
		waiter->name = r->to;
		waiter->address = r->to_address;
		moved++;
	}
	return woken + moved;
}

static long futex_requeue(user_ptr_t from, struct requeue *r, bool private, const uint32_t *expected)
{
	uint32_t now;
	long result;

	if ((int32_t)r->wake_max < 0 || (int32_t)r->move_max < 0)
		return -EINVAL;
	result = futex_check_address(r->to_address);
	if (result)
		return result;
	r->from = futex_name_of(from, private);
	r->to = futex_name_of(r->to_address, private);
	mutex_lock(&futex_lock);
	if (expected && user_read(&now, from))
		result = -EFAULT;
	else if (expected && now != *expected)
		result = -EAGAIN;
	else
		result = requeue(r);
	mutex_unlock(&futex_lock);
	return result;
}

/* ---- FUTEX_WAKE_OP: change a second word, and wake there too when its old value compares so (futex(2)) ---- */

static int wake_op_apply(unsigned op, uint32_t old, uint32_t operand, uint32_t *new)
{
	if (op & 8)
		operand = 1u << (operand & 31);
	switch (op & 7) {
	case 0:
		*new = operand;
		return 0;
	case 1:
		*new = old + operand;
		return 0;
	case 2:
		*new = old | operand;
		return 0;
	case 3:
		*new = old & ~operand;
		return 0;
	case 4:
		*new = old ^ operand;
		return 0;
	default:
		return -ENOSYS;
	}
}

static int wake_op_compare(unsigned compare, int32_t old, int32_t operand)
{
	switch (compare) {
	case 0:
		return old == operand;
	case 1:
		return old != operand;
	case 2:
		return old < operand;
	case 3:
		return old <= operand;
	case 4:
		return old > operand;
	case 5:
		return old >= operand;
	default:
		return -ENOSYS;
	}
}

/* Signed fields of 12 bits. */
static int32_t field12(uint32_t word, unsigned shift)
{
	return (int32_t)(word >> shift << 20) >> 20;
}

struct wake_op {
	struct futex_name name, second_name;
	user_ptr_t second;
	uint32_t max, max2, word;
};

static long wake_op(const struct wake_op *op)
{
	user_ptr_t second = op->second;
	uint32_t word = op->word, old, new;
	long count;
	int err;

	if (user_read(&old, second))
		return -EFAULT;
	err = wake_op_apply(word >> 28, old, (uint32_t)field12(word, 12), &new);
	if (err)
		return err;
	if (user_write(second, &new))
		return -EFAULT;
	err = wake_op_compare(word >> 24 & 15, (int32_t)old, field12(word, 0));
	if (err < 0)
		return err;
	count = futex_wake_some(&op->name, op->max, FUTEX_ANY_BIT);
	return err ? count + futex_wake_some(&op->second_name, op->max2, FUTEX_ANY_BIT) : count;
}

static long futex_wake_op(user_ptr_t address, struct wake_op *op, bool private)
{
	long result = futex_check_address(op->second);

	if (result)
		return result;
	op->name = futex_name_of(address, private);
	op->second_name = futex_name_of(op->second, private);
	mutex_lock(&futex_lock);
	result = wake_op(op);
	mutex_unlock(&futex_lock);
	return result;
}

/* ---- the call ---- */

int futex_read_deadline(user_ptr_t timeout, bool from_now, bool realtime, uint64_t *deadline_ns)
{
	struct abi_timespec spec;
	uint64_t ns, now = clock_ns();

	*deadline_ns = WAIT_FOREVER;
	if (!timeout)
		return 0;
	if (user_read(&spec, timeout))
		return -EFAULT;
	if (time_from_timespec(&spec, &ns))
		return -EINVAL;
	if (from_now)
		*deadline_ns = time_add(now, ns);
	else if (realtime)
		*deadline_ns = ns > clock_realtime_ns() ? time_add(now, ns - clock_realtime_ns()) : now;
	else
		*deadline_ns = ns;
	return 0;
}

static long wait_command(user_ptr_t address, int op, uint32_t value, user_ptr_t timeout, uint32_t bits)
{
	int command = op & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
	uint64_t deadline_ns;
	/* FUTEX_WAIT counts from now, FUTEX_WAIT_BITSET until a time of the chosen clock. */
	int err = futex_read_deadline(timeout, command == FUTEX_WAIT, op & FUTEX_CLOCK_REALTIME, &deadline_ns);

	if (err)
		return err;
	return futex_wait(address, op & FUTEX_PRIVATE_FLAG, value, command == FUTEX_WAIT ? FUTEX_ANY_BIT : bits,
			  deadline_ns);
}

SYSCALL(futex, user_ptr_t uaddr, int op, uint32_t value, user_ptr_t timeout, user_ptr_t uaddr2, uint32_t value3)
{
	int command = op & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
	bool private = op & FUTEX_PRIVATE_FLAG;
	struct requeue requeue = { .to_address = uaddr2, .wake_max = value, .move_max = (uint32_t)timeout };
	struct wake_op wake_op = { .second = uaddr2, .max = value, .max2 = (uint32_t)timeout, .word = value3 };
	int err = futex_check_address(uaddr);

	if ((op & FUTEX_CLOCK_REALTIME) && command != FUTEX_WAIT_BITSET && command != FUTEX_WAIT)
		return -ENOSYS;
	if (err)
		return err;
	switch (command) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		return wait_command(uaddr, op, value, timeout, value3);
	case FUTEX_WAKE:
		return futex_wake(uaddr, private, value, FUTEX_ANY_BIT);
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, private, value, value3);
	case FUTEX_REQUEUE:
		return futex_requeue(uaddr, &requeue, private, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(uaddr, &requeue, private, &value3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(uaddr, &wake_op, private);
	default:
		return -ENOSYS;
	}
}
