/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Helpers of the memory tests (mm_test.h).
 */
#include <arch/arch.h>
#include "mm_test.h"

static struct arch_jump crash_jump;
static enum crash_kind crash_caught;

uint64_t test_random(uint64_t *state)
{
	/* xorshift64 */
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void catch_crash(const struct crash_record *record)
{
	crash_caught = record->kind;
	crash_clear();
	arch_jump(&crash_jump, 1);
}

enum crash_kind test_crash_of(void (*fn)(void *arg), void *arg)
{
	unsigned long irq = arch_irq_save();

	arch_irq_restore(irq);
	crash_caught = CRASH_NONE;
	crash_set_handler(catch_crash);
	if (arch_jump_set(&crash_jump) == 0)
		fn(arg);
	crash_set_handler(NULL);
	arch_irq_restore(irq);
	return crash_caught;
}
