/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spinlocks where there is one CPU: see kernel/spinlock.h. Those of many are in ticket.c.
 */
#include <kernel/spinlock.h>

bool spin_needs_no_irq_off;

void spin_no_more_interrupts(void)
{
	spin_needs_no_irq_off = true;
}
