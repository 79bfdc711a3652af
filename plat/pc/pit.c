/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The 8254 interval timer: a known frequency to measure others against at boot. Its interrupt stays masked, but for
 * nmi.c.
 */
#include "pc_internal.h"

#include <arch/x86.h>

#define PIT_COUNTER0 0x40
#define PIT_CONTROL 0x43

void pit_start(uint16_t divisor)
{
	x86_out8(PIT_CONTROL, 0x34); /* counter 0, low then high byte, mode 2, binary */
	x86_out8(PIT_COUNTER0, (uint8_t)divisor);
	x86_out8(PIT_COUNTER0, (uint8_t)(divisor >> 8));
}

uint16_t pit_read(void)
{
	uint8_t low;

	x86_out8(PIT_CONTROL, 0x00); /* latch counter 0 */
	low = x86_in8(PIT_COUNTER0);
	return (uint16_t)(low | x86_in8(PIT_COUNTER0) << 8);
}

bool pit_is_there(void)
{
	uint16_t first = pit_read();

	for (int i = 0; i < 1000; i++)
		if (pit_read() != first)
			return true;
	return false;
}
