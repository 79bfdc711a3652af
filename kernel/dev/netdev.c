/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between network devices and the one who takes their frames: the stack in kernel/net/, or a harness. See
 * kernel/netdev.h.
 */
#include <kernel/netdev.h>

#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/linkset.h>
#include <kernel/page.h>

OBJECT_TYPE(net_buffer);

static SEALED const struct netdev_stack *stack;

void netdev_set_stack(const struct netdev_stack *wanted)
{
	stack = wanted;
}

struct net_buffer *net_buffer_alloc(void)
{
	struct page *page = page_alloc(0);
	struct net_buffer *buffer = page ? page_virt(page) : NULL;

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
