# SPDX-License-Identifier: BSD-3-Clause
# plat/xen: a guest of Xen's
obj-$(CONFIG_PLAT_XEN) += xen.o hypercall.o console.o clock.o event.o word_wait.o
nosan-word_wait.o := y
obj-$(CONFIG_PLAT_XEN_DEVICES) += grant.o host.o
