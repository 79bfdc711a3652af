/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts of devices: which number of the platform's stands for which line or message, and who is called for it.
 */
#include <kernel/irq.h>

#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/list.h>
#include <kernel/metrics.h>
#include <kernel/spinlock.h>
#include <plat/plat.h>

#define NO_LINE UINT32_MAX

METRIC_COUNTER(device_interrupts, "Interrupts of devices");

struct action {
	struct list node;
	irq_handler_t *handler;
	void *arg;
	int name;		/* for irq_release() */
};

static struct irq {
	struct list actions;	/* next NULL: never used */
	uint32_t line;
	bool used;
} irqs[PLAT_IRQS];

/*
 * Held while handlers run, so that none runs after its release. All interrupts of devices go to one CPU: nobody waits
 * for it there.
 */
static struct spinlock lock = SPINLOCK_INIT;
static int next_name = 1;

void irq_handle(unsigned number)
{
	unsigned long flags = spin_lock(&lock);

	metric_inc(device_interrupts);
	if (number < PLAT_IRQS && irqs[number].used)
		list_foreach(&irqs[number].actions, struct action, node, action)
			action->handler(action->arg);
	spin_unlock(&lock, flags);
}

/* One that is used for that line already, or a free one; PLAT_IRQS: none. Lock. */
static unsigned find(uint32_t line)
{
	unsigned free = PLAT_IRQS;

	for (unsigned i = 0; i < PLAT_IRQS; i++) {
		if (irqs[i].used && line != NO_LINE && irqs[i].line == line)
			return i;
		if (!irqs[i].used && free == PLAT_IRQS)
			free = i;
	}
	return free;
}

/* The action is in place before the platform lets the first interrupt through. */
static int add(uint32_t line, struct irq_message *message, irq_handler_t *handler, void *arg)
{
	struct action *action = heap_zalloc(sizeof(*action));
	unsigned long flags;
	unsigned number;
	bool first;
	int err = 0;

	if (!action)
		return -ENOMEM;
	action->handler = handler;
	action->arg = arg;
	flags = spin_lock(&lock);
	number = find(line);
	if (number == PLAT_IRQS) {
		spin_unlock(&lock, flags);
		heap_free(action);
		return -ENOSPC;
	}
	first = !irqs[number].used;
	if (first) {
		list_init(&irqs[number].actions);
		irqs[number].line = line;
		irqs[number].used = true;
	}
	action->name = next_name++;
	list_append(&irqs[number].actions, &action->node);
	spin_unlock(&lock, flags);
	if (message)
		err = plat->irq_message(number, message);
	else if (first)
		err = plat->irq_line(number, line);
	if (!err)
		return action->name;
	irq_release(action->name);
	return err;
}

int irq_line(unsigned line, irq_handler_t *handler, void *arg)
{
	return plat->irq_line ? add(line, NULL, handler, arg) : -ENODEV;
}

int irq_message(irq_handler_t *handler, void *arg, struct irq_message *message)
{
	return plat->irq_message ? add(NO_LINE, message, handler, arg) : -ENODEV;
}

/* The action of that name, taken off. *line: to be masked, as nobody listens to it any more. Lock. */
static struct action *take_off(int name, uint32_t *line)
{
	for (unsigned i = 0; i < PLAT_IRQS; i++) {
		if (!irqs[i].used)
			continue;
		list_foreach(&irqs[i].actions, struct action, node, action) {
			if (action->name != name)
				continue;
			list_remove(&action->node);
			irqs[i].used = !list_empty(&irqs[i].actions);
			*line = irqs[i].used ? NO_LINE : irqs[i].line;
			return action;
		}
	}
	return NULL;
}

void irq_release(int name)
{
	uint32_t line = NO_LINE;
	unsigned long flags = spin_lock(&lock);
	struct action *action = take_off(name, &line);

	if (line != NO_LINE && plat->irq_line_off)
		plat->irq_line_off(line);
	spin_unlock(&lock, flags);
	heap_free(action);
}
