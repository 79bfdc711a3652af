/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When the boot is over: the first program executes the first instruction that is its own. A program without a dynamic
 * linker begins with that; else a breakpoint of the CPU's says when the linker has done its work. Nobody else uses
 * those, and nothing here happens unless the steps of the boot are recorded.
 */
#include <arch/arch.h>
#include <instrumentation/trace/boot.h>
#include <kernel/atomic.h>
#include <kernel/smp.h>

#include "exec.h"

static uint64_t entry; /* of the first program; 0: none has been loaded */
static bool is_reached;

/* Any CPU may be the first; each stops there once, as it has a breakpoint of its own. */
static void reached(void)
{
	if (!atomic_exchange(&is_reached, true))
		boot_entry_reached("dynamic linker", "_start");
}

static void watch(void *failed)
{
	if (arch_break_once(entry, reached))
		atomic_store((bool *)failed, true);
}

void first_program_loaded(const struct elf_image *image)
{
	if (!entry && boot_steps_are_told())
		entry = image->entry;
}

void first_program_starts(uint64_t start)
{
	static const char phase[] = "load the program";
	bool failed = false;

	if (!entry)
		return;
	if (start == entry) {
		is_reached = true;
		boot_entry_reached(phase, "_start");
		return;
	}
	watch(&failed);
	cpus_call(UINT64_MAX, watch, &failed);
	/* What can be told then is where the linker begins. */
	if (failed)
		boot_entry_reached(phase, "the dynamic linker");
	else
		boot_phase_end(phase);
}
