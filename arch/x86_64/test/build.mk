# SPDX-License-Identifier: BSD-3-Clause
# arch/x86_64/test: what only this CPU has
ifeq ($(CONFIG_ARCH_X86_64),y)
obj-$(CONFIG_TESTS) += test_trap.o test_rights.o test_seal.o test_mapping.o test_pvh.o red_zone.o
endif
