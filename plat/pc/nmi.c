/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A clock that interrupts where interrupts are off: the interval timer's line as a non-maskable interrupt of every CPU.
 */
#include "pc_internal.h"

#include <kernel/errno.h>

/* Wired to the I/O APIC's third line, as the first is for the old controllers (ACPI 6.5, 5.2.12.5: overrides). */
#define NMI_LINE 2
#define DIVISOR_MAX 65536u
#define DIVISOR_LEAST 64u

int nmi_start(uint64_t *hz)
{
	uint64_t divisor = *hz ? min((PIT_HZ + *hz / 2) / *hz, (uint64_t)DIVISOR_MAX) : DIVISOR_MAX;
	int err;

	if (!pit_is_there())
		return -ENODEV;
	divisor = max(divisor, (uint64_t)DIVISOR_LEAST);
	err = irq_line_nmi(NMI_LINE);
	if (err)
		return err;
	*hz = (PIT_HZ + divisor / 2) / divisor;
	pit_start((uint16_t)divisor);
	return 0;
}
