/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * epoll's lists: items come and go, wake-ups make them ready, epoll_wait collects. An item on the ready list may have
 * become unready since: its file is asked again whenever it matters.
 */
#include "epoll.h"

#include <kernel/atomic.h>
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/log.h>

#include "fs_internal.h"

#define PRIVATE_BITS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)

struct mutex epoll_mutex = MUTEX_INIT(epoll_mutex);
OBJECT_TYPE(epoll);
OBJECT_TYPE(epoll_item);

/* What a file has of what is wanted; nothing for an item that was switched off (EPOLLONESHOT). */
static unsigned item_poll(const struct epoll_item *item, struct poll_table *table)
{
	return file_poll(item->file, table) & item->events & ~PRIVATE_BITS;
}

bool epoll_is_ready(void *arg)
{
	struct epoll *epoll = arg;
	unsigned long flags;
	bool ready = false;

	if (list_empty(&epoll->ready))
		return false;
	flags = spin_lock(&epoll->lock);
	list_foreach(&epoll->ready, struct epoll_item, ready_node, item) {
		ready = item_poll(item, NULL);
		if (ready)
			break;
	}
	spin_unlock(&epoll->lock, flags);
	return ready;
}

/* ---- the ready list ---- */

static void set_ready(struct epoll_item *item)
{
	struct epoll *epoll = item->epoll;
	unsigned long flags = spin_lock(&epoll->lock);

	if (list_empty(&item->ready_node))
		list_append(&epoll->ready, &item->ready_node);
	spin_unlock(&epoll->lock, flags);
}

static void wake_epoll(struct epoll *epoll)
{
	wake_one(&epoll->waiters);
	wake_all(&epoll->watchers);
}

/* A queue of a watched file was woken. Its lock is held. */
static void notify(struct wait_entry *wait)
{
	struct epoll_entry *entry = container_of(wait, struct epoll_entry, wait);
	struct epoll_item *item = entry->item;

	if (!(atomic_load(&item->events) & entry->events & ~PRIVATE_BITS))
		return;
	set_ready(item);
	wake_epoll(item->epoll);
}

/* ---- items ---- */

struct join_table {
	struct poll_table table;
	struct epoll_item *item;
};

static void join(struct poll_table *table, struct wait_queue *queue, unsigned events)
{
	struct epoll_item *item = container_of(table, struct join_table, table)->item;
	struct epoll_entry *entry;

	assert(item->entry_count < EPOLL_ITEM_QUEUES);
	entry = &item->entries[item->entry_count++];
	entry->item = item;
	entry->events = events;
	entry->wait.thread = NULL;
	entry->wait.notify = notify;
	wait_add(queue, &entry->wait);
}

static struct epoll_item *find_item(struct epoll *epoll, int fd, struct file *file)
{
	list_foreach(&file->epoll_items, struct epoll_item, file_node, item)
		if (item->epoll == epoll && item->fd == fd)
			return item;
	return NULL;
}

static int add_item(struct epoll *epoll, int fd, struct file *file, const struct abi_epoll_event *event)
{
	struct epoll_item *item = heap_alloc(sizeof(*item));
	struct join_table table = { { join }, item };

	if (!item)
		return -ENOMEM;
	object_count_add(&object_type_epoll_item, 1);
	list_init(&item->ready_node);
	item->epoll = epoll;
	item->file = file;
	item->fd = fd;
	item->events = event->events | POLLERR | POLLHUP;
	item->data = event->data;
	item->entry_count = 0;
	list_append(&epoll->items, &item->epoll_node);
	list_append(&file->epoll_items, &item->file_node);
	if (item_poll(item, &table.table)) {
		set_ready(item);
		wake_epoll(epoll);
	}
	return 0;
}

static void remove_item(struct epoll_item *item)
{
	unsigned long flags;

	for (unsigned i = 0; i < item->entry_count; i++)
		wait_remove(&item->entries[i].wait);
	flags = spin_lock(&item->epoll->lock);
	list_remove(&item->ready_node);
	spin_unlock(&item->epoll->lock, flags);
	list_remove(&item->epoll_node);
	list_remove(&item->file_node);
	object_count_add(&object_type_epoll_item, -1);
	heap_free(item);
}

static int modify_item(struct epoll_item *item, const struct abi_epoll_event *event)
{
	if (item->events & EPOLLEXCLUSIVE)
		return -EINVAL;
	item->data = event->data;
	atomic_store(&item->events, event->events | POLLERR | POLLHUP);
	memory_barrier();
	if (item_poll(item, NULL)) {
		set_ready(item);
		wake_epoll(item->epoll);
	}
	return 0;
}

/* ---- epolls that watch epolls ---- */

/* How many epolls are below each other from here; above the limit it may be a cycle. */
static unsigned depth_below(struct epoll *epoll, unsigned level)
{
	unsigned deepest = 0;

	if (level > EPOLL_NESTS_MAX)
		return 0;
	list_foreach(&epoll->items, struct epoll_item, epoll_node, item) {
		struct epoll *inner = epoll_of(item->file);

		if (inner)
			deepest = max(deepest, 1 + depth_below(inner, level + 1));
	}
	return deepest;
}

static unsigned depth_above(struct epoll *epoll, unsigned level)
{
	unsigned highest = 0;

	if (level > EPOLL_NESTS_MAX)
		return 0;
	list_foreach(&epoll->file->epoll_items, struct epoll_item, file_node, item)
		highest = max(highest, 1 + depth_above(item->epoll, level + 1));
	return highest;
}

static bool reaches(struct epoll *from, const struct epoll *to, unsigned level)
{
	if (from == to)
		return true;
	if (level > EPOLL_NESTS_MAX)
		return false;
	list_foreach(&from->items, struct epoll_item, epoll_node, item) {
		struct epoll *inner = epoll_of(item->file);

		if (inner && reaches(inner, to, level + 1))
			return true;
	}
	return false;
}

static int check_nesting(struct epoll *epoll, struct file *target)
{
	struct epoll *inner = epoll_of(target);

	if (!inner)
		return 0;
	if (reaches(inner, epoll, 0) || depth_below(inner, 0) + 1 + depth_above(epoll, 0) > EPOLL_NESTS_MAX)
		return -ELOOP;
	return 0;
}

int epoll_control(struct epoll *epoll, int op, int fd, struct file *target, const struct abi_epoll_event *event)
{
	struct epoll_item *item;
	int err = -EINVAL;

	mutex_lock(&epoll_mutex);
	item = find_item(epoll, fd, target);
	if (op == EPOLL_CTL_ADD) {
		err = check_nesting(epoll, target);
		if (!err)
			err = item ? -EEXIST : add_item(epoll, fd, target, event);
	} else if (op == EPOLL_CTL_DEL || op == EPOLL_CTL_MOD) {
		err = -ENOENT;
		if (item && op == EPOLL_CTL_MOD)
			err = modify_item(item, event);
		else if (item)
			err = 0;
		if (item && op == EPOLL_CTL_DEL)
			remove_item(item);
	}
	mutex_unlock(&epoll_mutex);
	return err;
}

/* ---- events ---- */

static struct epoll_item *take_ready(struct epoll *epoll, struct list *from)
{
	struct epoll_item *item = NULL;
	unsigned long flags = spin_lock(&epoll->lock);

	if (!list_empty(from)) {
		item = list_first(from, struct epoll_item, ready_node);
		list_remove(&item->ready_node);
	}
	spin_unlock(&epoll->lock, flags);
	return item;
}

/* Splices one list in front of another. */
static void move_list(struct list *from, struct list *to)
{
	while (!list_empty(from)) {
		struct list *node = from->prev;

		list_remove(node);
		list_push(to, node);
	}
}

/* 1: an event was given, 0: the item has none, -EFAULT. */
static int give_event(struct epoll_item *item, user_ptr_t to)
{
	struct abi_epoll_event event = { item_poll(item, NULL), item->data };

	if (!event.events)
		return 0;
	if (user_write(to, &event))
		return -EFAULT;
	if (item->events & EPOLLONESHOT)
		atomic_store(&item->events, item->events & PRIVATE_BITS);
	return 1;
}

int epoll_collect(struct epoll *epoll, user_ptr_t to, int max)
{
	struct list scan = LIST_INIT(scan);
	struct epoll_item *item;
	unsigned long flags;
	int count = 0, given = 0;

	mutex_lock(&epoll_mutex);
	flags = spin_lock(&epoll->lock);
	move_list(&epoll->ready, &scan);
	spin_unlock(&epoll->lock, flags);
	while (count < max && given >= 0 && (item = take_ready(epoll, &scan))) {
		given = give_event(item, to + (unsigned)count * sizeof(struct abi_epoll_event));
		count += given > 0;
		/* Level-triggered items are looked at again next time; so is what could not be delivered. */
		if (given < 0 || (given > 0 && !(item->events & (EPOLLET | EPOLLONESHOT))))
			set_ready(item);
	}
	flags = spin_lock(&epoll->lock);
	move_list(&scan, &epoll->ready);
	spin_unlock(&epoll->lock, flags);
	mutex_unlock(&epoll_mutex);
	return count ? count : given < 0 ? given : 0;
}

/* ---- the file ---- */

static unsigned epoll_poll(struct file *file, struct poll_table *table)
{
	struct epoll *epoll = file->data;

	poll_wait_events(table, &epoll->watchers, POLLIN | POLLRDNORM);
	return epoll_is_ready(epoll) ? POLLIN | POLLRDNORM : 0;
}

static void epoll_release(struct file *file)
{
	struct epoll *epoll = file->data;

	mutex_lock(&epoll_mutex);
	while (!list_empty(&epoll->items))
		remove_item(list_first(&epoll->items, struct epoll_item, epoll_node));
	mutex_unlock(&epoll_mutex);
	object_count_add(&object_type_epoll, -1);
	heap_free(epoll);
}

static const struct file_ops epoll_fops = {
	.name = "anon_inode:[eventpoll]",
	.poll = epoll_poll,
	.release = epoll_release,
};

struct epoll *epoll_of(struct file *file)
{
	return file->ops == &epoll_fops ? file->data : NULL;
}

int epoll_target(struct file *file, int fd, unsigned n, const struct file **out)
{
	struct epoll *epoll = epoll_of(file);
	int err = -ENOENT;

	if (!epoll)
		return -EINVAL;
	mutex_lock(&epoll_mutex);
	list_foreach(&epoll->items, struct epoll_item, epoll_node, item) {
		if (item->fd != fd || n--)
			continue;
		*out = item->file;
		err = 0;
		break;
	}
	mutex_unlock(&epoll_mutex);
	return err;
}

int epoll_create_file(unsigned flags)
{
	struct epoll *epoll = heap_zalloc(sizeof(*epoll));
	struct inode *inode = inode_anonymous();
	int fd;

	if (epoll)
		epoll->file = file_alloc(&epoll_fops, O_RDWR, inode, epoll);
	if (!epoll || !epoll->file) {
		heap_free(epoll);
		inode_put(inode);
		return -ENOMEM;
	}
	object_count_add(&object_type_epoll, 1);
	list_init(&epoll->items);
	list_init(&epoll->ready);
	spin_init(&epoll->lock);
	wait_queue_init(&epoll->waiters);
	wait_queue_init(&epoll->watchers);
	fd = fd_install(epoll->file, 0, flags & EPOLL_CLOEXEC);
	if (fd < 0)
		file_put(epoll->file);
	return fd;
}

void epoll_release_file(struct file *file)
{
	mutex_lock(&epoll_mutex);
	while (!list_empty(&file->epoll_items))
		remove_item(list_first(&file->epoll_items, struct epoll_item, file_node));
	mutex_unlock(&epoll_mutex);
}
