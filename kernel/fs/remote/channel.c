/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Channels to file servers, by their kinds and tags. See kernel/remote.h.
 */
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/remote.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>

/* Guards the list, and who uses what. A driver's lock is taken under it. */
static struct spinlock lock = SPINLOCK_INIT;
static struct list channels = LIST_INIT(channels);

int remote_channel_create(struct remote_channel **out)
{
	struct remote_channel *channel = heap_zalloc(sizeof(*channel));

	if (!channel)
		return -ENOMEM;
	channel->refs = 1;
	list_init(&channel->node);
	*out = channel;
	return 0;
}

void remote_channel_put(struct remote_channel *channel)
{
	if (atomic_fetch_sub(&channel->refs, 1) == 1)
		heap_free(channel);
}

static struct remote_channel *find(const char *kind, const char *tag)
{
	list_foreach(&channels, struct remote_channel, node, channel)
		if (!strcmp(channel->kind, kind) && !strcmp(channel->tag, tag))
			return channel;
	return NULL;
}

int remote_channel_publish(struct remote_channel *channel)
{
	unsigned long flags = spin_lock(&lock);
	int err = find(channel->kind, channel->tag) ? -EEXIST : 0;

	if (!err)
		list_append(&channels, &channel->node);
	spin_unlock(&lock, flags);
	return err;
}

void remote_channel_withdraw(struct remote_channel *channel)
{
	unsigned long flags = spin_lock(&lock);

	list_remove(&channel->node);
	channel->ops = NULL;
	spin_unlock(&lock, flags);
}

int remote_channel_take(const char *kind, const char *tag, struct remote_channel **out)
{
	unsigned long flags = spin_lock(&lock);
	struct remote_channel *channel = find(kind, tag);
	int err = !channel ? -ENOENT : channel->taken ? -EBUSY : 0;

	if (!err) {
		atomic_fetch_add(&channel->refs, 1);
		channel->taken = true;
		*out = channel;
	}
	spin_unlock(&lock, flags);
	return err;
}

void remote_channel_release(struct remote_channel *channel)
{
	unsigned long flags = spin_lock(&lock);

	channel->taken = false;
	spin_unlock(&lock, flags);
	remote_channel_put(channel);
}

/* The driver cannot go while it is called: it withdraws its channel first. */
static const struct remote_channel_ops *ops_begin(struct remote_channel *channel, unsigned long *flags)
{
	*flags = spin_lock(&lock);
	return channel->ops;
}

int remote_channel_submit(struct remote_channel *channel, struct remote_request *request)
{
	unsigned long flags;
	const struct remote_channel_ops *ops = ops_begin(channel, &flags);
	int err = ops ? ops->submit(channel, request) : -EIO;

	spin_unlock(&lock, flags);
	return err;
}

void remote_channel_poll(struct remote_channel *channel)
{
	unsigned long flags;
	const struct remote_channel_ops *ops = ops_begin(channel, &flags);

	if (ops)
		ops->poll(channel);
	spin_unlock(&lock, flags);
}

void remote_channel_offence(struct remote_channel *channel, const char *what)
{
	unsigned long flags;
	const struct remote_channel_ops *ops = ops_begin(channel, &flags);

	if (ops)
		ops->offence(channel, what);
	spin_unlock(&lock, flags);
}
