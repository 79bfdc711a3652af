/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time as Xen tells it: a moment of its own clock and of the time-stamp counter, and how to go on from there (xen.h,
 * struct vcpu_time_info). Xen corrects both now and then.
 */
#include "xen_internal.h"

#include <arch/arch.h>
#include <kernel/atomic.h>

/* Xen's time when we booted; and the latest time that anybody was told. */
static uint64_t start_ns, latest_ns;

static NO_INSTRUMENT uint64_t scaled(uint64_t cycles, uint32_t mul, int8_t shift)
{
	cycles = shift >= 0 ? cycles << (shift & 63) : cycles >> (-shift & 63);
	return (uint64_t)((unsigned __int128)cycles * mul >> 32);
}

NO_INSTRUMENT uint64_t xen_clock_system_ns(void)
{
	const struct vcpu_time_info *time = &xen_vcpu()->time;
	uint32_t version;
	uint64_t ns;

	do {
		version = atomic_load(&time->version);
		ns = atomic_load_relaxed(&time->system_time) +
		     scaled(arch_cycles() - atomic_load_relaxed(&time->tsc_timestamp),
			    atomic_load_relaxed(&time->tsc_to_system_mul), atomic_load_relaxed(&time->tsc_shift));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((version & 1) || version != atomic_load_relaxed(&time->version));
	return ns;
}

void xen_clock_init(void)
{
	start_ns = xen_clock_system_ns();
}

void xen_clock_go_on(uint64_t ns)
{
	start_ns = xen_clock_system_ns() - ns;
}

/* A correction may set it back a little. */
NO_INSTRUMENT uint64_t xen_clock_ns(void)
{
	uint64_t now = xen_clock_system_ns() - start_ns, latest = atomic_load_relaxed(&latest_ns);

	if (now < latest && latest - now < NSEC_PER_SEC)
		return latest;
	atomic_store_relaxed(&latest_ns, now);
	return now;
}

uint64_t xen_clock_to_system(uint64_t ns)
{
	return start_ns + ns;
}

uint64_t xen_clock_boot_time_ns(void)
{
	uint32_t version, nsec;
	uint64_t seconds;

	do {
		version = atomic_load(&shared_info->wc_version);
		seconds = atomic_load_relaxed(&shared_info->wc_sec) |
			  (uint64_t)atomic_load_relaxed(&shared_info->wc_sec_hi) << 32;
		nsec = atomic_load_relaxed(&shared_info->wc_nsec);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((version & 1) || version != atomic_load_relaxed(&shared_info->wc_version));
	return seconds ? seconds * NSEC_PER_SEC + nsec + start_ns : 0;
}
