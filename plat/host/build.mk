# SPDX-License-Identifier: BSD-3-Clause
# plat/host: a Linux process as a machine.
obj-$(CONFIG_PLAT_HOST) += host.o
nosan-y := y
hosted-obj-$(CONFIG_PLAT_HOST) += os/main.o os/memory.o os/io.o
