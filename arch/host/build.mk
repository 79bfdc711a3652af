# SPDX-License-Identifier: BSD-3-Clause
# arch/host: a Linux process as a CPU. Not instrumented: it works underneath the sanitizers.
obj-$(CONFIG_ARCH_HOST) += context.o cpu.o fault.o pagetable.o signal.o switch.o user_copy.o
obj-$(and $(CONFIG_ARCH_HOST),$(CONFIG_TRACE)) += branch.o
nosan-y := y
hosted-obj-$(CONFIG_ARCH_HOST) += os/cpu.o os/signals.o
