/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ending the machine because somebody outside asks for it: see kernel/power.h.
 */
#include <kernel/power.h>

#include <kernel/abi/signal.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/process.h>
#include <kernel/signal.h>
#include <plat/plat.h>

static bool wants_again; /* atomic */

/* False: it has ended, or there is none. */
static bool signal_first(int signo)
{
	struct process *first = process_find(1);
	bool lives = first && process_hold(first);

	if (lives) {
		signal_send(first, signo, NULL);
		process_unhold();
	}
	if (first)
		process_put(first);
	return lives;
}

void power_ask(bool again)
{
	atomic_store(&wants_again, again);
	if (signal_first(SIGTERM) && !clock_sleep_until(clock_ns() + POWER_PATIENCE_NS))
		signal_first(SIGKILL);
}

bool power_is_again(void)
{
	return atomic_load(&wants_again);
}

void power_off(int status)
{
	plat->stop(PLAT_POWER_OFF, status);
}
