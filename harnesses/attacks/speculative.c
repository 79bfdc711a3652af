/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attacks by what a CPU does in advance: each reads memory through the time that later accesses take. Where the CPU is
 * emulated nothing is done in advance and no cache is there to be measured, and on real ones programs share the
 * kernel's privilege level here and read what they like. So they are listed, with the reason, and none runs.
 */
#include "attacks.h"

#include <arch/x86.h>

static bool benign(const struct attack *attack)
{
	/* The machine counts cycles, by which such an attack would measure. */
	uint64_t start = arch_cycles();

	return arch_cycles() >= start;
}

static bool is_emulated(void)
{
	struct x86_cpuid leaf = x86_cpuid(0x40000000, 0);

	return leaf.ebx == 0x54474354; /* "TCGT", of "TCGTCGTCGTCG" */
}

static void run(const struct attack *attack)
{
	if (is_emulated())
		attack_not_applicable(attack, "an emulated CPU does nothing in advance: untestable under TCG");
	attack_not_applicable(attack, "a program reads the kernel's memory without it: all have one privilege level");
}

#define SPECULATIVE(name, text)                                                                                        \
	ATTACK(name, .family = "speculation", .primitive = HOSTILE_PROGRAM, .knowledge = BLIND, .stopped_by = "",      \
	       .about = text ": untestable under TCG", .run = run, .benign = benign)

SPECULATIVE(spectre_v1, "a check of bounds is passed in advance");
SPECULATIVE(spectre_v2, "an indirect call is predicted to go to a gadget");
SPECULATIVE(retbleed, "a return is predicted to go to a gadget");
SPECULATIVE(meltdown, "a load that is forbidden is used before its fault");
SPECULATIVE(mds, "a load gets what buffers of the CPU hold");
