/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stopping the machine and going on, perhaps as a copy: see kernel/suspend.h.
 */
#include <kernel/suspend.h>

#include <arch/arch.h>
#include <kernel/atomic.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/random.h>
#include <kernel/smp.h>
#include <kernel/string.h>
#include <plat/plat.h>

#include "core_internal.h"

LINKSET_DECLARE(suspend_call);

static bool comes_before(const struct suspend_call *a, const struct suspend_call *b)
{
	return a->level != b->level ? a->level < b->level : strcmp(a->name, b->name) < 0;
}

/* The call behind this one in the order; backwards: the one before it. NULL: from the start; there is none. */
static const struct suspend_call *next_call(const struct suspend_call *last, bool backwards)
{
	const struct suspend_call *next = NULL;

	LINKSET_FOREACH(suspend_call, const struct suspend_call, call) {
		if (last && !(backwards ? comes_before(call, last) : comes_before(last, call)))
			continue;
		if (!next || (backwards ? comes_before(next, call) : comes_before(call, next)))
			next = call;
	}
	return next;
}

void suspend_calls_before(void)
{
	for (const struct suspend_call *call = NULL; (call = next_call(call, true));)
		if (call->before)
			call->before();
}

void suspend_calls_copied(void)
{
	for (const struct suspend_call *call = NULL; (call = next_call(call, false));)
		if (call->copied)
			call->copied();
}

void suspend_calls_after(bool copied)
{
	for (const struct suspend_call *call = NULL; (call = next_call(call, false));)
		if (call->after)
			call->after(copied);
}

static bool is_possible(void)
{
	return plat->suspend && cpu_count == 1;
}

/* What whoever made the copy has left in it goes into the generator before anybody asks for a secret. */
static int suspend_here(void)
{
	uint64_t words[PLAT_SUSPEND_WORDS] = { 0 };

	if (!plat->suspend(words))
		return 0;
	random_mix(words, sizeof(words));
	memset(words, 0, sizeof(words));
	suspend_calls_copied();
	return 1;
}

int machine_suspend_alone(void)
{
	return is_possible() ? suspend_here() : -EOPNOTSUPP;
}

int machine_suspend(void)
{
	unsigned long flags;
	int copied;

	if (!is_possible())
		return -EOPNOTSUPP;
	suspend_calls_before();
	flags = arch_irq_save();
	copied = suspend_here();
	arch_irq_restore(flags);
	suspend_calls_after(copied);
	return copied;
}
