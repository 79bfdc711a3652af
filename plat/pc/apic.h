/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of a local APIC, in memory (xAPIC) or as model-specific registers (x2APIC). Intel SDM volume 3, chapter
 * 11; x2APIC: 11.12.
 */
#pragma once

#include <kernel/compiler.h>

/* Registers, as byte offsets in memory. */
#define APIC_TASK_PRIORITY 0x080
#define APIC_EOI 0x0b0
#define APIC_SPURIOUS 0x0f0
#define APIC_COMMAND 0x300
#define APIC_COMMAND_HIGH 0x310
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_LINT0 0x350
#define APIC_LVT_LINT1 0x360
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE 0x3e0

/* The command register, and the like fields of the local vector table. */
#define APIC_FIXED 0x000u
#define APIC_NMI 0x400u
#define APIC_INIT 0x500u
#define APIC_STARTUP 0x600u
#define APIC_PENDING 0x1000u
#define APIC_ASSERT 0x4000u
#define APIC_ALL_OTHERS 0xc0000u

/* What one is reached by; all CPUs reach their own the same way. */
struct apic {
	volatile uint32_t *memory;	/* NULL: x2APIC */
	uint64_t (*msr_read)(uint32_t msr);
	void (*msr_write)(uint32_t msr, uint64_t value);
};

uint32_t apic_read(const struct apic *apic, uint32_t reg);
void apic_write(const struct apic *apic, uint32_t reg, uint32_t value);
/* Sends a command to the APIC with that id. Interrupts are off: in memory it takes two writes. */
void apic_command(const struct apic *apic, uint32_t id, uint32_t command);
