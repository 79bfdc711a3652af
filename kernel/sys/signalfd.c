/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * signalfd: reading takes the signals of a set that wait for the thread that reads, or for its process. As on Linux the
 * file belongs to nobody: after fork() each of the two sees its own signals in it. So all files share one queue.
 */
#include <kernel/abi/poll.h>
#include <kernel/atomic.h>
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/syscall.h>
#include <kernel/vfs.h>

#include "signal_internal.h"

struct signalfd {
	uint64_t set; /* atomic */
};

OBJECT_TYPE(signalfd);

static struct wait_queue watchers = WAIT_QUEUE_INIT(watchers);

void signalfd_tell(void)
{
	wake_all(&watchers);
}

/* Who reads, whoever it is that asks whether there is something to read. */
struct reader {
	const struct signalfd *s;
	const struct task *task;
};

static bool can_read(void *arg)
{
	const struct reader *reader = arg;

	return atomic_load(&reader->s->set) & signals_waiting(reader->task);
}

/* What is told depends on who sent it. The codes say which, the numbers where two share one. (signalfd(2)) */
static void describe(const struct signal_queued *taken, struct abi_signalfd_siginfo *told)
{
	struct abi_siginfo info;

	signal_info_fill(&info, taken);
	*told = (struct abi_signalfd_siginfo){ .signo = (uint32_t)info.signo, .code = info.code };
	if (info.code == SI_TIMER) {
		told->timer_id = (uint32_t)info.timer_id;
		told->overrun = (uint32_t)info.overrun;
		told->value = info.timer_value;
		told->value_int = (int32_t)info.timer_value;
		return;
	}
	told->pid = (uint32_t)info.pid;
	told->uid = info.uid;
	if (info.code == SI_QUEUE) {
		told->value = info.value;
		told->value_int = (int32_t)info.value;
	} else if (info.signo == SIGCHLD) {
		told->status = (int32_t)info.value;
	}
}

static bool take(const struct signalfd *s, struct signal_queued *taken)
{
	struct task *task = task_current();
	struct signals *signals = task->process->signals;
	unsigned long flags = spin_lock(&signals->lock);
	int signo = signal_take(task, atomic_load(&s->set), taken);

	signals_update(signals);
	spin_unlock(&signals->lock, flags);
	return signo != 0;
}

static int await(const struct signalfd *s, bool nonblocking)
{
	struct reader reader = { s, task_current() };

	if (can_read(&reader))
		return 0;
	return nonblocking ? -EAGAIN : wait_until(&watchers, can_read, &reader, WAIT_FOREVER);
}

static ssize_t signalfd_read(struct file *file, struct io *io, off_t *position UNUSED)
{
	const struct signalfd *s = file->data;
	struct abi_signalfd_siginfo told;
	struct signal_queued taken;
	ssize_t done = 0;

	if (io->remaining < sizeof(told))
		return -EINVAL;
	while (io->remaining >= sizeof(told)) {
		if (!take(s, &taken)) {
			int err = done ? -EAGAIN : await(s, file->flags & O_NONBLOCK);

			if (err)
				return done ? done : err;
			continue;
		}
		describe(&taken, &told);
		if (io_put(io, &told, sizeof(told)) != sizeof(told))
			return done ? done : -EFAULT;
		done += sizeof(told);
	}
	return done;
}

static unsigned signalfd_poll(struct file *file, struct poll_table *table)
{
	struct reader reader = { file->data, task_current() };

	poll_wait_events(table, &watchers, POLLIN);
	return can_read(&reader) ? POLLIN : 0;
}

static void signalfd_release(struct file *file)
{
	object_count_add(&object_type_signalfd, -1);
	heap_free(file->data);
}

static const struct file_ops signalfd_fops = {
	.name = "anon_inode:[signalfd]",
	.read = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
};

static long create(uint64_t set, unsigned flags)
{
	struct signalfd *s = heap_alloc(sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->set = set;
	object_count_add(&object_type_signalfd, 1);
	return fd_install_anonymous(&signalfd_fops, O_RDWR | (flags & SFD_NONBLOCK), s, flags & SFD_CLOEXEC);
}

static long change(int fd, uint64_t set)
{
	struct file *file = fd_get(fd);
	long result = -EINVAL;

	if (!file)
		return -EBADF;
	if (file->ops == &signalfd_fops) {
		struct signalfd *s = file->data;

		atomic_store(&s->set, set);
		signalfd_tell();
		result = fd;
	}
	file_put(file);
	return result;
}

static long create_or_change(int fd, user_ptr_t mask, size_t size, unsigned flags)
{
	uint64_t set;

	if (size != sizeof(set))
		return -EINVAL;
	if (user_read(&set, mask))
		return -EFAULT;
	if (flags & ~(SFD_NONBLOCK | SFD_CLOEXEC))
		return -EINVAL;
	set &= ~UNBLOCKABLE;
	return fd == -1 ? create(set, flags) : change(fd, set);
}

SYSCALL(signalfd, int fd, user_ptr_t mask, size_t size)
{
	return create_or_change(fd, mask, size, 0);
}

SYSCALL(signalfd4, int fd, user_ptr_t mask, size_t size, int flags)
{
	return create_or_change(fd, mask, size, (unsigned)flags);
}
