# SPDX-License-Identifier: BSD-3-Clause
# plat/pc: QEMU's q35, pc and microvm
obj-$(CONFIG_PLAT_PC) += pc.o serial.o lapic.o clock.o pit.o rtc.o
obj-$(CONFIG_PC_APIC) += apic.o
obj-$(CONFIG_PC_DEVICES) += irq.o nmi.o pci.o
obj-$(CONFIG_SMP) += cpus.o lapic_cpus.o
obj-$(CONFIG_PLAT_PC) += memory.o
obj-$(CONFIG_PC_TABLES) += tables.o acpi.o madt.o mcfg.o dsdt.o mptable.o
