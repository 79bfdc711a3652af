/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Protection keys for the supervisor (option PROTECTION_KEYS; Intel SDM volume 3, 4.6.2): what is sealed (seal.c), and
 * page tables unless they have a view of their own (view.c), have a key which forbids writing until this CPU allows
 * it. Pages with the key are marked as such in the direct map and in the image.
 */
#include "arch_internal.h"

#include <kernel/log.h>

#define CPUID_ECX_PKS (UINT32_C(1) << 31) /* leaf 7 */
#define CR4_PKS (UINT64_C(1) << 24)
#define MSR_PKRS 0x6e1
/* Two bits a key, the second one forbids writing: of key 1. Key 0 is that of all other memory. */
#define PKRS_CLOSED UINT64_C(8)
#define PKRS_OPEN UINT64_C(0)

static SEALED bool has_keys;

void keys_init(void)
{
	if (!IS_ENABLED(CONFIG_PROTECTION_KEYS) || x86_cpuid(0, 0).eax < 7 || !(x86_cpuid(7, 0).ecx & CPUID_ECX_PKS))
		return;
	X86_WRITE_CR(4, X86_READ_CR(4) | CR4_PKS);
	x86_write_msr(MSR_PKRS, PKRS_CLOSED);
	has_keys = true;
}

bool keys_are_on(void)
{
	return IS_ENABLED(CONFIG_PROTECTION_KEYS) && has_keys;
}

void keys_allow(bool writing)
{
	x86_write_msr(MSR_PKRS, writing ? PKRS_OPEN : PKRS_CLOSED);
}
