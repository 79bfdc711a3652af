/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time from the time-stamp counter. Its frequency comes from CPUID where the CPU or hypervisor tells it; else it is
 * measured against the 8254, together with the local APIC timer's, for two milliseconds: boot time counts.
 */
#include "pc_internal.h"

#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/errno.h>
#include <kernel/log.h>

#define MEASURE_PIT_TICKS (PIT_HZ / 500)
#define MEASURE_TRIES 50

/* ns = (tsc * mult) >> 32, counted from the boot's first reading; and back. */
static uint64_t tsc_start, ns_per_tsc_32, tsc_per_ns_32;

/* The three counters at (nearly) one moment. */
struct sample {
	uint64_t tsc;
	uint32_t lapic;
	uint16_t pit;
};

/* Something may come between the readings (the host runs other things): the tightest of a few tries is taken. */
static struct sample sample_take(void)
{
	struct sample best = { 0, 0, 0 };
	uint64_t best_width = UINT64_MAX;

	for (int i = 0; i < 4; i++) {
		uint64_t before = arch_cycles();
		struct sample s = { .pit = pit_read(), .lapic = lapic_ticks() };
		uint64_t width = arch_cycles() - before;

		s.tsc = before + width / 2;
		if (width < best_width) {
			best = s;
			best_width = width;
		}
	}
	return best;
}

static uint64_t rate(uint64_t ticks, uint16_t pit_ticks)
{
	return ticks * PIT_HZ / pit_ticks;
}

/*
 * The 8254 wraps every 55 ms. A host that ran something else for so long in between would make the counter seem many
 * times as fast, and our seconds as long. @return the longest time in which we did not run, at most; -ENODEV
 */
static int64_t measure_once(struct sample *first, struct sample *last)
{
	uint64_t seen, longest = 0;
	uint16_t pit;

	*first = sample_take();
	seen = first->tsc;
	do {
		uint64_t now = arch_cycles();

		longest = max(longest, now - seen);
		seen = now;
		pit = pit_read();
		arch_relax();
	} while ((uint16_t)(first->pit - pit) < MEASURE_PIT_TICKS);
	*last = sample_take();
	if ((uint16_t)(first->pit - last->pit) < MEASURE_PIT_TICKS)
		return -ENODEV;
	return (int64_t)max(longest, last->tsc - seen);
}

/* Until nothing long came in between; else the one of a few in which the least did. */
static int measure(uint64_t *tsc_hz, uint64_t *lapic_hz)
{
	uint64_t least = UINT64_MAX;

	pit_start(0);
	if (!pit_is_there())
		return -ENODEV;
	for (int i = 0; i < MEASURE_TRIES; i++) {
		struct sample first, last;
		int64_t away = measure_once(&first, &last);
		uint64_t took = last.tsc - first.tsc;
		uint16_t pit_ticks = (uint16_t)(first.pit - last.pit); /* it counts down */

		if (away < 0 || (uint64_t)away >= least)
			continue;
		least = (uint64_t)away;
		*tsc_hz = rate(took, pit_ticks);
		*lapic_hz = rate(first.lapic - last.lapic, pit_ticks);
		if (least < took / 4)
			break;
	}
	return least == UINT64_MAX ? -ENODEV : 0;
}

/* Leaf 0x15 gives the ratio to a crystal; hypervisors that follow VMware's convention give kHz in leaf 0x40000010. */
static uint64_t tsc_hz_from_cpuid(void)
{
	struct x86_cpuid r;

	if (x86_cpuid(0, 0).eax >= 0x15) {
		r = x86_cpuid(0x15, 0);
		if (r.eax && r.ebx && r.ecx)
			return (uint64_t)r.ecx * r.ebx / r.eax;
	}
	if (!(x86_cpuid(1, 0).ecx & 1u << 31))
		return 0;
	r = x86_cpuid(0x40000000, 0);
	return r.eax >= 0x40000010 && r.eax < 0x40010000 ? (uint64_t)x86_cpuid(0x40000010, 0).eax * 1000 : 0;
}

uint64_t clock_per_ns_32(uint64_t hz)
{
	return (hz / NSEC_PER_SEC << 32) + (hz % NSEC_PER_SEC << 32) / NSEC_PER_SEC;
}

int clock_init(void)
{
	uint64_t told = tsc_hz_from_cpuid(), tsc_hz = 0, lapic_hz = 0;
	int err;

	tsc_start = arch_cycles();
	if (!told || !lapic_timer_counts_tsc()) {
		err = measure(&tsc_hz, &lapic_hz);
		if (err)
			return err;
	}
	if (told)
		tsc_hz = told;
	if (tsc_hz < 1000000)
		return -ENODEV;
	ns_per_tsc_32 = (NSEC_PER_SEC << 32) / tsc_hz;
	tsc_per_ns_32 = clock_per_ns_32(tsc_hz);
	lapic_timer_init(lapic_hz);
	return 0;
}

uint64_t clock_now_ns(void)
{
	return (uint64_t)((unsigned __int128)(arch_cycles() - tsc_start) * ns_per_tsc_32 >> 32);
}

uint64_t clock_scale(uint64_t *start)
{
	*start = tsc_start;
	return ns_per_tsc_32;
}

uint64_t clock_to_tsc(uint64_t ns)
{
	return tsc_start + (uint64_t)((unsigned __int128)ns * tsc_per_ns_32 >> 32);
}
