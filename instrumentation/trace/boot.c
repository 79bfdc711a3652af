/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps of the boot, as records. See boot.h. Where steps are not chosen, each of them costs a load and a branch.
 */
#include "boot.h"
#include "boot_internal.h"
#include "trace_internal.h"

#include <kernel/atomic.h>
#include <plat/plat.h>

/* Steps before the rings are there: the levels INIT_MEMORY and INIT_CORE, and phases. What is more is not told. */
#define KEPT_MAX 48

struct kept {
	enum boot_kind kind;
	uint64_t start, end;
	const char *name;
};

static struct kept kept[KEPT_MAX];
static unsigned kept_count;
static uint64_t phase_start;

int64_t boot_cycles_to_ns(int64_t cycles, uint64_t scale)
{
	return (int64_t)((__int128)cycles * (__int128)scale >> 32);
}

/* The command line is read after the first steps have passed: until then all are kept. */
static bool is_wanted(void)
{
	return !trace_chosen || trace_events[TRACE_boot_step].on;
}

bool boot_steps_are_told(void)
{
	return trace_ready && trace_events[TRACE_boot_step].on;
}

/* What the recorder has written last: its clock was not earlier when the record is made. */
static uint64_t recorder_time(void)
{
	const struct trace_beacon *beacon = arch_phys_to_virt(TRACE_BEACON);

	return atomic_load(&beacon->recorder_ns);
}

static void tell(enum boot_kind kind, uint64_t start, uint64_t end, const char *name)
{
	uint64_t scale = trace_area->time_scale;

	/* The clock is not the CPU's counter here: then what is known is that it has ended. */
	if (!scale)
		TRACE(boot_step, kind, trace_now(), 0, recorder_time(), name);
	else
		TRACE(boot_step, kind, (uint64_t)boot_cycles_to_ns((int64_t)(start - trace_area->time_start), scale),
		      (uint64_t)boot_cycles_to_ns((int64_t)(end - start), scale), recorder_time(), name);
}

static void keep_or_tell(enum boot_kind kind, uint64_t start, uint64_t end, const char *name)
{
	if (trace_ready)
		tell(kind, start, end, name);
	else if (kept_count < KEPT_MAX)
		kept[kept_count++] = (struct kept){ kind, start, end, name };
}

uint64_t boot_step_start(void)
{
	return is_wanted() ? arch_cycles() : 0;
}

void boot_step_end(enum boot_kind kind, uint64_t start, const char *name)
{
	if (start && is_wanted())
		keep_or_tell(kind, start, arch_cycles(), name);
}

static void end_phase(uint64_t now, const char *name)
{
	if (!phase_start)
		phase_start = arch_first_cycles();
	if (phase_start)
		keep_or_tell(BOOT_PHASE, phase_start, now, name);
	phase_start = now;
}

void boot_phase_end(const char *name)
{
	uint64_t now = boot_step_start();

	if (now)
		end_phase(now, name);
}

void boot_entry_reached(const char *phase, const char *name)
{
	uint64_t now = boot_step_start();

	if (!now)
		return;
	end_phase(now, phase);
	keep_or_tell(BOOT_ENTRY, now, now, name);
}

void boot_steps_flush(void)
{
	for (unsigned i = 0; i < kept_count; i++)
		tell(kept[i].kind, kept[i].start, kept[i].end, kept[i].name);
	kept_count = 0;
}
