/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PCs as QEMU builds them: q35, pc and microvm. They differ, for us, in what their PCI host bridge says, if there is
 * one; all else (serial ports, local APIC, ways to stop) is the same.
 */
#include "pc_internal.h"

#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/log.h>
#include <plat/plat.h>

#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA 0xcfc
#define PCI_ENABLE 0x80000000u

#define BRIDGE_Q35 0x29c08086u
#define BRIDGE_I440FX 0x12378086u

#define PORT_DEBUG_EXIT 0xf4
#define PORT_KEYBOARD_COMMAND 0x64

/* Vendor and device of 00:00.0, the host bridge; all ones where there is no PCI. */
static uint32_t host_bridge(void)
{
	uint32_t old = x86_in32(PCI_CONFIG_ADDRESS), id;

	x86_out32(PCI_CONFIG_ADDRESS, PCI_ENABLE);
	if (x86_in32(PCI_CONFIG_ADDRESS) != PCI_ENABLE)
		return UINT32_MAX;
	id = x86_in32(PCI_CONFIG_DATA);
	x86_out32(PCI_CONFIG_ADDRESS, old);
	return id;
}

static int pc_init(const struct boot_info *boot UNUSED)
{
	int err = lapic_init();

	if (!err)
		err = clock_init();
	return err;
}

static uint64_t pc_boot_time_ns(void)
{
	uint64_t seconds = rtc_seconds(), since_boot = clock_now_ns();

	return seconds ? seconds * NSEC_PER_SEC - since_boot : 0;
}

/*
 * The status goes over the debug console; then whatever ends the machine: QEMU's exit port, the reset line, a triple
 * fault.
 */
static void pc_stop(enum plat_stop how, int status) NORETURN;
static void pc_stop(enum plat_stop how, int status)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} PACKED nothing = { 0, 0 };
	char text[16];

	arch_irq_disable();
	serial_flush();
	if (how == PLAT_POWER_OFF) {
		format(text, sizeof(text), "exit %d\n", status & 255);
		debug_console_write(text);
		x86_out8(PORT_DEBUG_EXIT, 0);
	}
	x86_out8(PORT_KEYBOARD_COMMAND, 0xfe);
	__asm__ volatile("lidt %0; int3" ::"m"(nothing));
	__builtin_unreachable();
}

static int q35_probe(const struct boot_info *boot UNUSED)
{
	return host_bridge() == BRIDGE_Q35 ? 2 : 0;
}

static int i440fx_probe(const struct boot_info *boot UNUSED)
{
	return host_bridge() == BRIDGE_I440FX ? 2 : 0;
}

static int microvm_probe(const struct boot_info *boot UNUSED)
{
	return host_bridge() == UINT32_MAX ? 1 : 0;
}

#define IF_SMP(function) (IS_ENABLED(CONFIG_SMP) ? (function) : NULL)
#define IF_DEVICES(function) (IS_ENABLED(CONFIG_DEVICES) ? (function) : NULL)

#define PC_FUNCTIONS                                                                                                   \
	.init = pc_init, .clock_ns = clock_now_ns, .clock_scale = clock_scale, .boot_time_ns = pc_boot_time_ns,        \
	.timer_arm = lapic_timer_arm, .log_write = serial_log_write, .console_write = serial_console_write,            \
	.console_read = serial_console_read, .stop = pc_stop, .cpus_find = IF_SMP(cpus_find),                          \
	.cpus_start = IF_SMP(lapic_cpus_start), .cpu_init = IF_SMP(lapic_cpu_init),                                    \
	.cpu_interrupt = IF_SMP(lapic_cpu_interrupt), .cpus_stop = IF_SMP(lapic_cpus_stop),                            \
	.irq_line = IF_DEVICES(irq_line_on), .irq_line_off = IF_DEVICES(irq_line_off),                                 \
	.irq_message = IF_DEVICES(irq_message_on), .nmi_start = IF_DEVICES(nmi_start)

#define PC_PCI .pci_host = IF_DEVICES(pci_find_host)

static const struct platform q35_platform = { .name = "q35", .probe = q35_probe, PC_FUNCTIONS, PC_PCI };
static const struct platform pc_platform = { .name = "pc", .probe = i440fx_probe, PC_FUNCTIONS, PC_PCI };
static const struct platform microvm_platform = { .name = "microvm", .probe = microvm_probe, PC_FUNCTIONS,
						   .mmio_devices = IF_DEVICES(mmio_devices) };

PLATFORM(q35_platform);
PLATFORM(pc_platform);
PLATFORM(microvm_platform);
