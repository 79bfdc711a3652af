# SPDX-License-Identifier: BSD-3-Clause
# arch/x86_64: the CPU. No instrumentation: much of it runs where none may (on interrupt stacks, in the middle of a
# switch).
nosan-y := y
shadow-signal.o := y
shadow-user.o := y
obj-$(CONFIG_ARCH_X86_64) += pvh_entry.o pvh.o cpu.o fpu.o entry.o trap.o fault.o switch.o context.o regs.o \
	pagetable.o mapping.o memory.o tables.o keys.o view.o seal.o user_copy.o user.o signal.o breakpoint.o
obj-$(CONFIG_LAYOUT_IMAGE) += image_move.o
# Runs before the image is where it was linked to be.
cflags-image_move.o := $(runs-anywhere)
# Before GS leads to the guard.
cflags-pvh.o := $(no-stack-protector)
obj-$(CONFIG_SMP) += secondary_entry.o secondary.o
obj-$(CONFIG_KCFI) += kcfi.o
obj-$(CONFIG_SHADOW_STACK) += shadow.o
obj-$(and $(CONFIG_ARCH_X86_64),$(CONFIG_TRACE)) += branch.o
obj-$(CONFIG_TRACE_FUNCTIONS) += function.o
