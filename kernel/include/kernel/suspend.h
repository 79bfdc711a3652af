/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine that stops and goes on: as itself, or as a copy, of which there may be many. A copy has the memory and the
 * registers of the one that stopped, but is another machine to everybody outside: what it has in common with others,
 * it may not keep (secrets, addresses), and what it had agreed upon with others is gone (interrupts, rings).
 * Who has any of that says what is to be done about it:
 *
 *	SUSPEND_CALL(SUSPEND_CORE, secrets, NULL, draw_secrets_anew, NULL);
 */
#pragma once

#include <kernel/linkset.h>

/* Lower ones hold up higher ones. */
enum suspend_level { SUSPEND_CORE, SUSPEND_BUS, SUSPEND_NETWORK };

struct suspend_call {
	enum suspend_level level;
	const char *name;
	/* The machine is about to stop: finishes what must not be cut in two. Higher levels first; a thread. */
	void (*before)(void);
	/* This is a copy: nobody else has run yet. Lower levels first; interrupts off. */
	void (*copied)(void);
	/* It goes on, copied or not, and so do all other threads. Lower levels first; the thread of before(). */
	void (*after)(bool copied);
};

/* Functions may be NULL. */
#define SUSPEND_CALL(suspend_level, what, before_call, copied_call, after_call)                                        \
	static const struct suspend_call suspend_call_##what = { suspend_level, #what, before_call, copied_call,       \
								 after_call };                                         \
	LINKSET_ADD(suspend_call, &suspend_call_##what)

/**
 * Stops the machine until somebody outside goes on with it or with copies of it. A thread without locks.
 * @return 0; 1: this is a copy; -EOPNOTSUPP: the machine cannot, or has more than one CPU.
 */
int machine_suspend(void);
/*
 * The same where nobody else runs, interrupts are off and no device is live: a harness. Only copied() is called; what
 * is fixed for the harness's sake (random_seed_fixed(), the virtual clock) stays so in each copy, on purpose.
 */
int machine_suspend_alone(void);
