/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device that writes where the kernel itself may not: QEMU's configuration device is told, by a hostile program's
 * port writes, to put bytes over a constant of the kernel's. It knows no page tables, and there is no IOMMU: a negative
 * control. Documentation: docs/specs/fw_cfg.txt of QEMU; bytes that an item does not have are zeros.
 */
#include "attacks.h"

#include <arch/x86.h>

#define PORT_SELECT 0x510
#define PORT_DATA 0x511
#define PORT_DMA 0x514 /* two big-endian halves of an address */
#define KEY_SIGNATURE 0
#define KEY_ID 1
#define KEY_NONE 0x7fff
#define ID_DMA 2
#define CONTROL_READ 2
#define CONTROL_SELECT 8

static const volatile uint64_t needs_password = 1;

static NOINLINE uint64_t read_secret(uint64_t password)
{
	return needs_password && password != attack_secret() ? 0 : attack_secret();
}

static uint32_t item(uint16_t key)
{
	uint32_t value = 0;

	x86_out16(PORT_SELECT, key);
	for (int i = 0; i < 4; i++)
		value |= (uint32_t)x86_in8(PORT_DATA) << 8 * i;
	return value;
}

static bool has_device(void)
{
	return item(KEY_SIGNATURE) == 0x554d4551 /* "QEMU" */ && item(KEY_ID) & ID_DMA;
}

/* Has the device write zeros. */
static void write_zeros(phys_t at, uint32_t len)
{
	static volatile struct {
		uint32_t control, len;
		uint64_t address;
	} command ALIGNED(16);
	/* Where the image was loaded to, which does not change. */
	phys_t phys = attack_linked(&command) - KERNEL_BASE;

	command.len = __builtin_bswap32(len);
	command.address = __builtin_bswap64(at);
	command.control = __builtin_bswap32((uint32_t)KEY_NONE << 16 | CONTROL_SELECT | CONTROL_READ);
	x86_out32(PORT_DMA, __builtin_bswap32((uint32_t)(phys >> 32)));
	x86_out32(PORT_DMA + 4, __builtin_bswap32((uint32_t)phys));
	while (command.control)
		arch_relax();
}

static bool benign(const struct attack *attack)
{
	static volatile uint64_t own = 1;

	if (has_device()) {
		write_zeros(attack_linked(&own) - KERNEL_BASE, sizeof(own));
		if (own)
			return false;
	}
	return read_secret(attack_secret()) == attack_secret() && !read_secret(~attack_secret());
}

static void run(const struct attack *attack)
{
	if (!has_device())
		attack_not_applicable(attack, "this machine has no device of QEMU's that writes by itself");
	attack_primitive(attack);
	write_zeros(attack_linked(&needs_password) - KERNEL_BASE, sizeof(needs_password));
	attack_won(read_secret(0));
}

ATTACK(dma_memory, .family = "device", .primitive = HOSTILE_DEVICE, .knowledge = BLIND, .stopped_by = "",
       .about = "a device writes a constant of the kernel's: a negative control", .run = run, .benign = benign);
