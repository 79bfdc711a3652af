/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Channels to 9P servers, by their tags. See kernel/p9.h.
 */
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/p9.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>

/* Guards the list, and who uses what. A driver's lock is taken under it. */
static struct spinlock lock = SPINLOCK_INIT;
static struct list channels = LIST_INIT(channels);

int p9_channel_create(struct p9_channel **out)
{
	struct p9_channel *channel = heap_zalloc(sizeof(*channel));

	if (!channel)
		return -ENOMEM;
	channel->refs = 1;
	list_init(&channel->node);
	*out = channel;
	return 0;
}

void p9_channel_put(struct p9_channel *channel)
{
	if (atomic_fetch_sub(&channel->refs, 1) == 1)
		heap_free(channel);
}

static struct p9_channel *find(const char *tag)
{
	list_foreach(&channels, struct p9_channel, node, channel)
		if (!strcmp(channel->tag, tag))
			return channel;
	return NULL;
}

int p9_channel_publish(struct p9_channel *channel)
{
	unsigned long flags = spin_lock(&lock);
	int err = find(channel->tag) ? -EEXIST : 0;

	if (!err)
		list_append(&channels, &channel->node);
	spin_unlock(&lock, flags);
	return err;
}

void p9_channel_withdraw(struct p9_channel *channel)
{
	unsigned long flags = spin_lock(&lock);

	list_remove(&channel->node);
	channel->ops = NULL;
	spin_unlock(&lock, flags);
}

int p9_channel_take(const char *tag, struct p9_channel **out)
{
	unsigned long flags = spin_lock(&lock);
	struct p9_channel *channel = find(tag);
	int err = !channel ? -ENOENT : channel->taken ? -EBUSY : 0;

	if (!err) {
		atomic_fetch_add(&channel->refs, 1);
		channel->taken = true;
		*out = channel;
	}
	spin_unlock(&lock, flags);
	return err;
}

void p9_channel_release(struct p9_channel *channel)
{
	unsigned long flags = spin_lock(&lock);

	channel->taken = false;
	spin_unlock(&lock, flags);
	p9_channel_put(channel);
}

/* The driver cannot go while it is called: it withdraws its channel first. */
static const struct p9_channel_ops *ops_begin(struct p9_channel *channel, unsigned long *flags)
{
	*flags = spin_lock(&lock);
	return channel->ops;
}

int p9_channel_submit(struct p9_channel *channel, struct p9_request *request)
{
	unsigned long flags;
	const struct p9_channel_ops *ops = ops_begin(channel, &flags);
	int err = ops ? ops->submit(channel, request) : -EIO;

	spin_unlock(&lock, flags);
	return err;
}

void p9_channel_poll(struct p9_channel *channel)
{
	unsigned long flags;
	const struct p9_channel_ops *ops = ops_begin(channel, &flags);

	if (ops)
		ops->poll(channel);
	spin_unlock(&lock, flags);
}

void p9_channel_offence(struct p9_channel *channel, const char *what)
{
	unsigned long flags;
	const struct p9_channel_ops *ops = ops_begin(channel, &flags);

	if (ops)
		ops->offence(channel, what);
	spin_unlock(&lock, flags);
}
