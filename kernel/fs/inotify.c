/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inotify: descriptors that tell what happens to files. Events wait in the instance's queue, each but once when it
 * follows one that says the same; where there is no room or no memory for one more, a last event says so
 * (IN_Q_OVERFLOW).
 */
#include "inotify.h"

#include <kernel/abi/tty.h>
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/syscall.h>

#include "user_path.h"

#define RECORD sizeof(struct abi_inotify_event)
#define HOW (IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_CREATE | IN_MASK_ADD | IN_ONESHOT)
#define MASK_VALID (IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ISDIR | HOW)

OBJECT_TYPE(inotify);

/* ---- the queue ---- */

/* A name has its NUL and as many more as make the next record aligned. */
static size_t name_size(const struct notice *notice)
{
	return notice->name_len ? align_up(notice->name_len + 1, RECORD) : 0;
}

static bool repeats_last(const struct inotify *instance, int wd, const struct notice *notice)
{
	const struct inotify_event *last;

	if (list_empty(&instance->events))
		return false;
	last = list_last(&instance->events, struct inotify_event, node);
	return last->wd == wd && last->notice.mask == notice->mask && last->notice.name_len == notice->name_len &&
	       (!notice->name_len || !memcmp(last->notice.name, notice->name, notice->name_len));
}

static struct inotify_event *event_create(int wd, const struct notice *notice)
{
	struct inotify_event *event = heap_alloc(sizeof(*event) + notice->name_len);

	if (!event)
		return NULL;
	event->wd = wd;
	event->notice = *notice;
	event->notice.name = (const char *)(event + 1);
	if (notice->name_len)
		memcpy(event + 1, notice->name, notice->name_len);
	return event;
}

static void event_free(struct inotify *instance, struct inotify_event *event)
{
	if (event != &instance->overflow)
		heap_free(event);
}

void inotify_queue(struct inotify *instance, int wd, const struct notice *notice)
{
	struct inotify_event *event = NULL;

	if (repeats_last(instance, wd, notice))
		return;
	if (instance->event_count < INOTIFY_EVENTS_MAX)
		event = event_create(wd, notice);
	if (!event) {
		if (instance->overflowed)
			return;
		instance->overflowed = true;
		event = &instance->overflow;
	}
	list_append(&instance->events, &event->node);
	instance->bytes += (unsigned)(RECORD + name_size(&event->notice));
	atomic_store(&instance->event_count, instance->event_count + 1);
	wake_all(&instance->readable);
}

/* The oldest event. -EAGAIN: there is none; -EINVAL: its record does not fit. */
static int take(struct inotify *instance, size_t room, struct inotify_event **out)
{
	unsigned long flags = spin_lock(&inotify_lock);
	struct inotify_event *event;
	int err = -EAGAIN;
	size_t size;

	if (!list_empty(&instance->events)) {
		event = list_first(&instance->events, struct inotify_event, node);
		size = RECORD + name_size(&event->notice);
		err = size > room ? -EINVAL : 0;
	}
	if (!err) {
		list_remove(&event->node);
		instance->bytes -= (unsigned)size;
		atomic_store(&instance->event_count, instance->event_count - 1);
		if (event == &instance->overflow)
			instance->overflowed = false;
		*out = event;
	}
	spin_unlock(&inotify_lock, flags);
	return err;
}

/* ---- the file ---- */

static bool can_read(void *arg)
{
	const struct inotify *instance = arg;

	return atomic_load(&instance->event_count) > 0;
}

/* The bytes of the record, or -EFAULT. */
static ssize_t give(struct io *io, const struct inotify_event *event)
{
	const struct notice *notice = &event->notice;
	size_t len = notice->name_len, size = name_size(notice);
	struct abi_inotify_event record = { event->wd, notice->mask, notice->cookie, (uint32_t)size };

	if (io_put(io, &record, sizeof(record)) != sizeof(record))
		return -EFAULT;
	if (len &&
	    (io_put(io, notice->name, len) != (ssize_t)len || io_put_zero(io, size - len) != (ssize_t)(size - len)))
		return -EFAULT;
	return (ssize_t)(sizeof(record) + size);
}

/* Whole records, as many as there are and fit. As on Linux, one that cannot be stored is lost and the call fails. */
static ssize_t inotify_read(struct file *file, struct io *io, off_t *position UNUSED)
{
	struct inotify *instance = file->data;
	struct inotify_event *event;
	ssize_t done = 0, n;

	for (;;) {
		n = take(instance, io->remaining, &event);
		if (!n) {
			n = give(io, event);
			event_free(instance, event);
			if (n < 0)
				return n;
			done += n;
			continue;
		}
		if (done)
			return done;
		if (n == -EAGAIN && !(file->flags & O_NONBLOCK))
			n = wait_until(&instance->readable, can_read, instance, WAIT_FOREVER);
		if (n)
			return n;
	}
}

static unsigned inotify_poll(struct file *file, struct poll_table *table)
{
	struct inotify *instance = file->data;

	poll_wait_events(table, &instance->readable, POLLIN | POLLRDNORM);
	return can_read(instance) ? POLLIN | POLLRDNORM : 0;
}

static long inotify_ioctl(struct file *file, unsigned command, user_ptr_t argument)
{
	const struct inotify *instance = file->data;
	unsigned long flags;
	int bytes;

	if (command != FIONREAD)
		return -ENOTTY;
	flags = spin_lock(&inotify_lock);
	bytes = (int)instance->bytes;
	spin_unlock(&inotify_lock, flags);
	return user_write(argument, &bytes);
}

static void inotify_release(struct file *file)
{
	struct inotify *instance = file->data;

	watches_leave(instance);
	list_foreach_safe(&instance->events, struct inotify_event, node, event)
		event_free(instance, event);
	object_count_add(&object_type_inotify, -1);
	heap_free(instance);
}

static const struct file_ops inotify_fops = {
	.name = "anon_inode:inotify",
	.read = inotify_read,
	.poll = inotify_poll,
	.ioctl = inotify_ioctl,
	.release = inotify_release,
};

/* ---- the calls ---- */

/* Puts it on the list of all, where its user has room for one more. */
static bool enter(struct inotify *instance)
{
	unsigned long flags = spin_lock(&inotify_lock);
	unsigned count = 0;
	bool room;

	list_foreach(&inotify_instances, struct inotify, node, other)
		count += other->uid == instance->uid;
	room = count < INOTIFY_INSTANCES_MAX;
	if (room)
		list_append(&inotify_instances, &instance->node);
	spin_unlock(&inotify_lock, flags);
	return room;
}

static long create(unsigned flags)
{
	struct inotify *instance = heap_zalloc(sizeof(*instance));

	if (!instance)
		return -ENOMEM;
	instance->uid = credentials_current()->euid;
	list_init(&instance->watches);
	list_init(&instance->events);
	wait_queue_init(&instance->readable);
	instance->overflow.wd = -1;
	instance->overflow.notice.mask = IN_Q_OVERFLOW;
	if (!enter(instance)) {
		heap_free(instance);
		return -EMFILE;
	}
	object_count_add(&object_type_inotify, 1);
	return fd_install_anonymous(&inotify_fops, O_RDONLY | (flags & IN_NONBLOCK), instance, flags & IN_CLOEXEC);
}

SYSCALL(inotify_init, void)
{
	return create(0);
}

SYSCALL(inotify_init1, int flags)
{
	return (unsigned)flags & ~(IN_CLOEXEC | IN_NONBLOCK) ? -EINVAL : create((unsigned)flags);
}

static long watch_path(struct inotify *instance, user_ptr_t path, unsigned mask)
{
	struct target target;
	int wd = target_from_path(AT_FDCWD, path, mask & IN_DONT_FOLLOW ? AT_SYMLINK_NOFOLLOW : 0, &target);

	if (wd)
		return wd;
	if ((mask & IN_ONLYDIR) && !S_ISDIR(target.inode->mode))
		wd = -ENOTDIR;
	else
		wd = inode_permission(target.inode, MAY_READ, credentials_current());
	if (!wd)
		wd = watch_set(instance, target.dentry, mask);
	target_put(&target);
	return wd;
}

SYSCALL(inotify_add_watch, int fd, user_ptr_t path, uint32_t mask)
{
	struct file *file;
	long wd = -EINVAL;

	if (!mask || (mask & ~MASK_VALID))
		return -EINVAL;
	file = fd_get(fd);
	if (!file)
		return -EBADF;
	if (file->ops == &inotify_fops && (mask & (IN_MASK_ADD | IN_MASK_CREATE)) != (IN_MASK_ADD | IN_MASK_CREATE))
		wd = watch_path(file->data, path, mask);
	file_put(file);
	return wd;
}

SYSCALL(inotify_rm_watch, int fd, int watch)
{
	struct file *file = fd_get(fd);
	int err = -EINVAL;

	if (!file)
		return -EBADF;
	if (file->ops == &inotify_fops)
		err = watch_remove(file->data, watch);
	file_put(file);
	return err;
}
