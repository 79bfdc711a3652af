/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Access to a local APIC. It stands alone, so that the mode that no emulated CPU offers is tested too.
 */
#include "apic.h"

#include <arch/arch.h>

#define MSR_X2APIC 0x800
#define PENDING_TRIES 100000

static uint32_t msr_of(uint32_t reg)
{
	return MSR_X2APIC + reg / 16;
}

uint32_t apic_read(const struct apic *apic, uint32_t reg)
{
	return apic->memory ? apic->memory[reg / 4] : (uint32_t)apic->msr_read(msr_of(reg));
}

NO_INSTRUMENT void apic_write(const struct apic *apic, uint32_t reg, uint32_t value)
{
	if (apic->memory)
		apic->memory[reg / 4] = value;
	else
		apic->msr_write(msr_of(reg), value);
}

void apic_command(const struct apic *apic, uint32_t id, uint32_t command)
{
	/* One register of 64 bits there, which is never busy. */
	if (!apic->memory) {
		apic->msr_write(msr_of(APIC_COMMAND), (uint64_t)id << 32 | command);
		return;
	}
	for (unsigned i = 0; i < PENDING_TRIES && (apic_read(apic, APIC_COMMAND) & APIC_PENDING); i++)
		arch_relax();
	apic_write(apic, APIC_COMMAND_HIGH, id << 24);
	apic_write(apic, APIC_COMMAND, command);
}
