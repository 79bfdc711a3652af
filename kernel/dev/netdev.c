/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between network devices and the one who takes their frames: the stack in kernel/net/, or a harness. See
 * kernel/netdev.h.
 */
#include <kernel/netdev.h>

#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/linkset.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>

OBJECT_TYPE(net_buffer);

/*
 * Buffers of small frames, which are copied at once: no pointer to them went anywhere, so they need not be given back
 * as pages, which are drawn and cleared each time. As many as a device is asked for before it gets others. Not with
 * ASan, which is to see whoever keeps one.
 */
#define SPARES (IS_ENABLED(CONFIG_ASAN) ? 0 : 64)

static struct net_buffer *spares[SPARES + 1];
static unsigned spare_count;
static struct spinlock spares_lock = SPINLOCK_INIT;

static SEALED const struct netdev_stack *stack;

void netdev_set_stack(const struct netdev_stack *wanted)
{
	stack = wanted;
}

static struct net_buffer *spare_take(void)
{
	unsigned long flags = spin_lock(&spares_lock);
	struct net_buffer *buffer = spare_count ? spares[--spare_count] : NULL;

	spin_unlock(&spares_lock, flags);
	return buffer;
}

static struct net_buffer *page_take(void)
{
	struct page *page = page_alloc(0);

	return page ? page_virt(page) : NULL;
}

struct net_buffer *net_buffer_alloc(void)
{
	struct net_buffer *buffer = spare_take();

	if (!buffer)
		buffer = page_take();
	if (!buffer)
		return NULL;
	*buffer = (struct net_buffer){ .data = net_buffer_start(buffer) };
	object_count_add(&object_type_net_buffer, 1);
	return buffer;
}

void net_buffer_free(struct net_buffer *buffer)
{
	object_count_add(&object_type_net_buffer, -1);
	page_free(page_from_virt(buffer), 0);
}

void net_buffer_copied(struct net_buffer *buffer)
{
	bool kept = false;
	unsigned long flags;

	assert(buffer->data); /* it is not one that was given back */
	if (IS_ENABLED(CONFIG_INIT_ON_FREE))
		memset(net_buffer_start(buffer), 0, (size_t)(buffer->data + buffer->len - net_buffer_start(buffer)));
	flags = spin_lock(&spares_lock);
	if (spare_count < SPARES) {
		buffer->data = NULL;
		spares[spare_count++] = buffer;
		kept = true;
	}
	spin_unlock(&spares_lock, flags);
	if (kept)
		object_count_add(&object_type_net_buffer, -1);
	else
		net_buffer_free(buffer);
}

void net_frame_free(struct net_buffer *frame)
{
	while (frame) {
		struct net_buffer *next = frame->next;

		net_buffer_free(frame);
		frame = next;
	}
}

int netdev_add(struct netdev *dev)
{
	return stack ? stack->add(dev) : -ENODEV;
}

void netdev_remove(struct netdev *dev)
{
	stack->remove(dev);
}

void netdev_schedule(struct netdev *dev)
{
	if (stack)
		stack->schedule(dev);
}

void netdev_receive(struct netdev *dev, struct net_buffer *frame, unsigned flags)
{
	stack->receive(dev, frame, flags);
}

void netdev_sent(struct netdev *dev, void *cookie)
{
	stack->sent(dev, cookie);
}

void netdev_writable(struct netdev *dev)
{
	stack->writable(dev);
}

void netdev_changed(struct netdev *dev)
{
	stack->changed(dev);
}

void netdev_renewed(struct netdev *dev)
{
	stack->renewed(dev);
}

void netdev_lock(void)
{
	stack->lock();
}

void netdev_unlock(void)
{
	stack->unlock();
}
