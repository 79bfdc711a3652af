/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for the runner of inputs in a guest of Xen's. Never instrumented, as the loop that waits is not (fuzz/guest).
 */
#include "xen_internal.h"

#include <plat/plat.h>

#define NAP_NS (2 * NSEC_PER_MSEC)
#define NAPS_PER_STEP 4		/* of one length, before they are longer by NAP_NS */
#define NAP_STEPS_MAX 16

/*
 * For the runner of inputs, who may be waiting for this CPU. Nobody wakes us, so who waits for long looks now and then:
 * ever less often, as each look is two switches of the world, which is most of what a CPU can do where ten wait. How
 * often is no input's doing.
 *
 * While it waits the runner writes the kernel's memory back: what runs here changes none of it, not even the word that
 * says where a shadow stack ends.
 */
void xen_word_wait(const uint32_t *word UNUSED, uint32_t value UNUSED, unsigned times)
{
	struct sched_poll nap = { .nr_ports = 0 };
	unsigned steps;

	if (times < PLAT_WAITS_BEFORE_SLEEP) {
		hypercall2(XEN_SCHED_OP, SCHEDOP_YIELD, 0);
		return;
	}
	steps = 1 + (times - PLAT_WAITS_BEFORE_SLEEP) / NAPS_PER_STEP;
	nap.timeout = xen_clock_system_ns() + min(steps, NAP_STEPS_MAX) * NAP_NS;
	hypercall2(XEN_SCHED_OP, SCHEDOP_POLL, (uint64_t)&nap);
}
