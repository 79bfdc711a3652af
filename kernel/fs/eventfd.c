/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eventfd: a counter that a write adds to and a read takes, all of it or (semaphore) one at a time.
 */
#include <kernel/abi/poll.h>
#include <kernel/atomic.h>
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/planted.h>
#include <kernel/spinlock.h>
#include <kernel/syscall.h>
#include <kernel/vfs.h>

struct eventfd {
	struct spinlock lock; /* guards count; never held while waking */
	uint64_t count;
	bool semaphore;
	struct wait_queue readable, writable;
};

OBJECT_TYPE(eventfd);

static bool can_read(void *arg)
{
	struct eventfd *e = arg;

	return atomic_load(&e->count) > 0;
}

/* Takes the counter, or one of it. False when it is zero. */
static bool take(struct eventfd *e, uint64_t *value)
{
	unsigned long flags = spin_lock(&e->lock);
	bool taken = e->count > 0;

	*value = e->semaphore ? 1 : e->count;
	if (taken)
		atomic_store(&e->count, e->count - *value);
	spin_unlock(&e->lock, flags);
	return taken;
}

static ssize_t eventfd_read(struct file *file, struct io *io, off_t *position UNUSED)
{
	struct eventfd *e = file->data;
	uint64_t value;

	if (io->remaining < sizeof(value))
		return -EINVAL;
	while (!take(e, &value)) {
		int err = file->flags & O_NONBLOCK ? -EAGAIN : wait_until(&e->readable, can_read, e, WAIT_FOREVER);

		if (err)
			return err;
	}
	wake_all(&e->writable);
	return io_put(io, &value, sizeof(value)) == sizeof(value) ? (ssize_t)sizeof(value) : -EFAULT;
}

struct addition {
	struct eventfd *e;
	uint64_t value;
};

/* UINT64_MAX itself is never reached by writes: it stands for an overflow. */
static bool can_add(void *arg)
{
	struct addition *a = arg;

	return UINT64_MAX - atomic_load(&a->e->count) > a->value;
}

static bool add(struct addition *a)
{
	unsigned long flags = spin_lock(&a->e->lock);
	bool fits = can_add(a);

	if (fits)
		atomic_store(&a->e->count, a->e->count + a->value);
	spin_unlock(&a->e->lock, flags);
	return fits;
}

static ssize_t eventfd_write(struct file *file, struct io *io, off_t *position UNUSED)
{
	struct addition a = { file->data, 0 };

	if (io->remaining != sizeof(a.value))
		return -EINVAL;
	if (io_get(io, &a.value, sizeof(a.value)) != sizeof(a.value))
		return -EFAULT;
	if (a.value == UINT64_MAX)
		return -EINVAL;
	while (!add(&a)) {
		int err = file->flags & O_NONBLOCK ? -EAGAIN : wait_until(&a.e->writable, can_add, &a, WAIT_FOREVER);

		if (err)
			return err;
	}
	wake_all(&a.e->readable);
	return sizeof(a.value);
}

static unsigned eventfd_poll(struct file *file, struct poll_table *table)
{
	struct eventfd *e = file->data;
	uint64_t count;

	poll_wait_events(table, &e->readable, POLLIN | POLLERR);
	poll_wait_events(table, &e->writable, POLLOUT);
	count = atomic_load(&e->count);
	return (count ? POLLIN : 0) | (count == UINT64_MAX ? POLLERR : 0) | (count < UINT64_MAX - 1 ? POLLOUT : 0);
}

static void eventfd_release(struct file *file)
{
	object_count_add(&object_type_eventfd, -1);
	heap_free(file->data);
}

static const struct file_ops eventfd_fops = {
	.name = "anon_inode:[eventfd]",
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
};

static long create(unsigned count, unsigned flags)
{
	struct eventfd *e = heap_zalloc(sizeof(*e));

	if (!e)
		return -ENOMEM;
	spin_init(&e->lock);
	wait_queue_init(&e->readable);
	wait_queue_init(&e->writable);
	e->count = count;
	e->semaphore = flags & EFD_SEMAPHORE;
	object_count_add(&object_type_eventfd, 1);
	return fd_install_anonymous(&eventfd_fops, O_RDWR | (flags & EFD_NONBLOCK), e, flags & EFD_CLOEXEC);
}

SYSCALL(eventfd, unsigned count)
{
	return create(count, 0);
}

SYSCALL(eventfd2, unsigned count, int flags)
{
	if ((unsigned)flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return -EINVAL;
	planted_use_after_free(count, (unsigned)flags & EFD_SEMAPHORE);
	return create(count, (unsigned)flags);
}
