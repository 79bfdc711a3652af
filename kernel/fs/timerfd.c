/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * timerfd: a timer whose expirations are read as a number. It fires once; the intervals that have passed since are
 * counted when somebody looks, so that a timer nobody reads costs nothing.
 */
#include <kernel/timerfd.h>

#include <kernel/abi/poll.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/planted.h>
#include <kernel/process.h>
#include <kernel/spinlock.h>
#include <kernel/syscall.h>
#include <kernel/vfs.h>

#include "deadline.h"

#define CAP_WAKE_ALARM 35

struct timerfd {
	struct timer timer;
	struct spinlock lock;  /* guards what follows; never held while waking */
	int clock;
	bool armed, expired;  /* set; fired and not counted */
	bool absolute_realtime;  /* moves with the time of day */
	bool cancel_on_set, canceled;
	uint64_t target_ns;  /* next expiration, clock_ns() time */
	uint64_t wall_ns;  /* the same as time of day, when absolute_realtime */
	uint64_t interval_ns;
	uint64_t ticks;   /* counted and not read */
	struct wait_queue readable;
	struct list node;  /* on the list of all */
};

OBJECT_TYPE(timerfd);
static struct spinlock all_lock = SPINLOCK_INIT;
static struct list all = LIST_INIT(all);

static bool is_realtime(int clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM;
}

/* What clock_ns() will show at that time of day. */
static uint64_t from_wall(uint64_t wall_ns)
{
	uint64_t wall_now = clock_realtime_ns(), now = clock_ns();

	return wall_ns > wall_now ? now + (wall_ns - wall_now) : now;
}

static void fire(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);
	unsigned long flags = spin_lock(&t->lock);

	t->expired = true;
	spin_unlock(&t->lock, flags);
	wake_all(&t->readable);
}

/* Counts what has expired and arms the timer for the next interval. Lock. */
static void count_ticks(struct timerfd *t)
{
	uint64_t now = clock_ns(), passed;

	if (!t->expired)
		return;
	t->expired = false;
	t->ticks++;
	if (!t->interval_ns) {
		t->armed = false;
		return;
	}
	passed = now > t->target_ns ? (now - t->target_ns) / t->interval_ns : 0;
	t->ticks += passed;
	t->target_ns += (passed + 1) * t->interval_ns;
	timer_arm(&t->timer, t->target_ns);
}

/* ---- read and poll ---- */

static bool is_readable(void *arg)
{
	struct timerfd *t = arg;

	return atomic_load(&t->expired) || atomic_load(&t->ticks) || atomic_load(&t->canceled);
}

/* Takes the count. 0: there is none. -ECANCELED. */
static ssize_t take(struct timerfd *t, uint64_t *ticks)
{
	unsigned long flags = spin_lock(&t->lock);
	ssize_t n = 0;

	count_ticks(t);
	if (t->canceled) {
		t->canceled = false;
		t->ticks = 0;
		n = -ECANCELED;
	} else if (t->ticks) {
		*ticks = t->ticks;
		t->ticks = 0;
		n = sizeof(*ticks);
	}
	spin_unlock(&t->lock, flags);
	return n;
}

static ssize_t timerfd_read(struct file *file, struct io *io, off_t *position UNUSED)
{
	struct timerfd *t = file->data;
	uint64_t ticks;
	ssize_t n;

	if (io->remaining < sizeof(ticks))
		return -EINVAL;
	while (!(n = take(t, &ticks))) {
		int err = file->flags & O_NONBLOCK ? -EAGAIN : wait_until(&t->readable, is_readable, t, WAIT_FOREVER);

		if (err)
			return err;
	}
	if (n < 0)
		return n;
	return io_put(io, &ticks, sizeof(ticks)) == n ? n : -EFAULT;
}

static unsigned timerfd_poll(struct file *file, struct poll_table *table)
{
	struct timerfd *t = file->data;

	poll_wait_events(table, &t->readable, POLLIN);
	return is_readable(t) ? POLLIN : 0;
}

static void timerfd_release(struct file *file)
{
	struct timerfd *t = file->data;
	unsigned long flags = spin_lock(&all_lock);

	list_remove(&t->node);
	spin_unlock(&all_lock, flags);
	timer_cancel(&t->timer);
	object_count_add(&object_type_timerfd, -1);
	heap_free(t);
}

static const struct file_ops timerfd_fops = {
	.name = "anon_inode:[timerfd]",
	.read = timerfd_read,
	.poll = timerfd_poll,
	.release = timerfd_release,
};

/* ---- the clock is set ---- */

static void clock_was_set(struct timerfd *t)
{
	unsigned long flags = spin_lock(&t->lock);
	bool cancel = t->cancel_on_set;

	if (t->armed && t->absolute_realtime && !t->expired) {
		t->target_ns = from_wall(t->wall_ns);
		timer_arm(&t->timer, t->target_ns);
	}
	t->canceled |= cancel;
	spin_unlock(&t->lock, flags);
	if (cancel)
		wake_all(&t->readable);
}

void timerfd_clock_was_set(void)
{
	unsigned long flags = spin_lock(&all_lock);

	list_foreach(&all, struct timerfd, node, t)
		clock_was_set(t);
	spin_unlock(&all_lock, flags);
}

/* ---- the calls ---- */

static bool clock_is_known(int clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME ||
	       clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

SYSCALL(timerfd_create, int clock, int flags)
{
	unsigned long irq;
	struct timerfd *t;

	if ((unsigned)flags & ~(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	if (!clock_is_known(clock))
		return -EINVAL;
	if ((clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) &&
	    !cred_capable(credentials_current(), CAP_WAKE_ALARM))
		return -EPERM;
	t = heap_zalloc(sizeof(*t));
	if (!t)
		return -ENOMEM;
	timer_init(&t->timer, fire);
	spin_init(&t->lock);
	t->clock = clock;
	wait_queue_init(&t->readable);
	irq = spin_lock(&all_lock);
	list_append(&all, &t->node);
	spin_unlock(&all_lock, irq);
	object_count_add(&object_type_timerfd, 1);
	return fd_install_anonymous(&timerfd_fops, O_RDWR | ((unsigned)flags & TFD_NONBLOCK), t,
				    (unsigned)flags & TFD_CLOEXEC);
}

/* What gettime tells. Lock. */
static void get_setting(struct timerfd *t, struct abi_itimerspec *value)
{
	uint64_t now, left = 0;

	if (t->expired && t->interval_ns)
		count_ticks(t);
	now = clock_ns();
	if (t->armed && !t->expired)
		left = t->target_ns > now ? t->target_ns - now : 1;
	value->value = timespec_from_ns(left);
	value->interval = timespec_from_ns(t->interval_ns);
}

/*
 * Sets the timer anew; it is not armed and its function does not run. -ECANCELED, with the timer set all the same, when
 * the clock was set and nobody has been told. Lock.
 */
static int set_timer(struct timerfd *t, unsigned flags, uint64_t value_ns, uint64_t interval_ns)
{
	bool absolute = flags & TFD_TIMER_ABSTIME, canceled = t->canceled;

	t->expired = false;
	t->ticks = 0;
	t->canceled = false;
	t->absolute_realtime = absolute && is_realtime(t->clock);
	t->cancel_on_set = t->absolute_realtime && (flags & TFD_TIMER_CANCEL_ON_SET);
	t->interval_ns = interval_ns;
	t->armed = value_ns != 0;
	if (!t->armed)
		return 0;
	t->wall_ns = value_ns;
	if (t->absolute_realtime)
		t->target_ns = from_wall(value_ns);
	else
		t->target_ns = absolute ? value_ns : deadline_after(value_ns);
	timer_arm(&t->timer, t->target_ns);
	return canceled && t->cancel_on_set ? -ECANCELED : 0;
}

static struct file *get_timerfd(int fd, int *err)
{
	struct file *file = fd_get(fd);

	*err = -EBADF;
	if (file && file->ops != &timerfd_fops) {
		file_put(file);
		file = NULL;
		*err = -EINVAL;
	}
	return file;
}

static int change_timer(struct timerfd *t, unsigned flags, uint64_t value_ns, uint64_t interval_ns,
			struct abi_itimerspec *old)
{
	unsigned long irq;
	int err;

	timer_cancel(&t->timer);
	irq = spin_lock(&t->lock);
	get_setting(t, old);
	spin_unlock(&t->lock, irq);
	timer_cancel(&t->timer);
	irq = spin_lock(&t->lock);
	err = set_timer(t, flags, value_ns, interval_ns);
	spin_unlock(&t->lock, irq);
	return err;
}

SYSCALL(timerfd_settime, int fd, int flags, user_ptr_t new, user_ptr_t old)
{
	struct abi_itimerspec setting, before;
	uint64_t value_ns, interval_ns;
	struct file *file;
	int err = user_read(&setting, new);

	if (err)
		return err;
	if ((unsigned)flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return -EINVAL;
	if (timespec_to_ns(&setting.value, &value_ns) || timespec_to_ns(&setting.interval, &interval_ns))
		return -EINVAL;
	file = get_timerfd(fd, &err);
	if (!file)
		return err;
	planted_endless_loop(interval_ns);
	err = change_timer(file->data, (unsigned)flags, value_ns, interval_ns, &before);
	file_put(file);
	if (err)
		return err;
	return old ? user_write(old, &before) : 0;
}

SYSCALL(timerfd_gettime, int fd, user_ptr_t value)
{
	struct abi_itimerspec setting;
	struct timerfd *t;
	unsigned long irq;
	int err;
	struct file *file = get_timerfd(fd, &err);

	if (!file)
		return err;
	t = file->data;
	irq = spin_lock(&t->lock);
	get_setting(t, &setting);
	spin_unlock(&t->lock, irq);
	file_put(file);
	return user_write(value, &setting);
}
