/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts of devices: lines into the machine's interrupt controller, and messages, which a device writes to an
 * address. Handlers run on the CPU that the interrupt goes to, with interrupts off: they take note, and wake a thread.
 */
#pragma once

#include <kernel/compiler.h>

typedef void irq_handler_t(void *arg);

/* What a device has to write where, to be heard. */
struct irq_message {
	uint64_t address;
	uint32_t data;
};

/*
 * Has handler(arg) called for a line, by its number as the firmware counts (a global system interrupt), which is
 * active high and stays so until the device is served. Several may share one. The result names it to irq_release().
 * -ENODEV: no such line, or no controller; -ENOSPC: no vector left; -ENOMEM.
 */
int irq_line(unsigned line, irq_handler_t *handler, void *arg) MUST_CHECK;
/* The same for a message of its own. */
int irq_message(irq_handler_t *handler, void *arg, struct irq_message *message) MUST_CHECK;
/* The handler is called no more, and runs nowhere. Threads only. */
void irq_release(int irq);

/* ---- for platforms ---- */

/* Called by the platform, interrupts off, for the vector that plat->irq_route() or irq_message() was given. */
void irq_handle(unsigned irq);
