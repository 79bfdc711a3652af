/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A NULL pointer: a device that was never opened has no table of operations, and the one at 0 is used. Where there is
 * memory at 0, somebody may have put one there: a program of this kernel can write wherever there is memory.
 */
#include "attacks.h"

struct operations {
	uint64_t flags;
	long (*start)(int unit, uint64_t mode);
};

static long start(int unit, uint64_t mode)
{
	return unit + (long)mode;
}

static const struct operations operations = { 0, start };
static struct {
	const struct operations *operations;
} device;

/* The mistake: nobody asks whether it was opened. */
static NOINLINE long start_device(int unit)
{
	return attack_opaque(&device)->operations->start(unit, 1);
}

static bool benign(const struct attack *attack)
{
	device.operations = &operations;
	return start_device(2) == 3;
}

static bool is_mapped(uintptr_t virt)
{
	return !arch_pagetable_lookup(&arch_kernel_pagetable, align_down(virt, PAGE_SIZE), NULL, NULL);
}

static void use(const struct attack *attack, uintptr_t slide)
{
	uint64_t forged[2] = { 0, attack_linked_code(attack_goal) + slide };

	device.operations = NULL;
	attack_primitive(attack);
	if (is_mapped(0))
		attack_write(0, forged, sizeof(forged));
	start_device(2);
}
ATTACK_BODY(use)

ATTACK(null_ops, .family = "NULL", .primitive = HOSTILE_PROGRAM, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "null kcfi layout", .about = "a table of operations at 0", .run = run, .benign = benign,
       .adaptive = adaptive);
