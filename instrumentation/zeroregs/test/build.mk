# SPDX-License-Identifier: BSD-3-Clause
ifeq ($(CONFIG_ARCH_X86_64),y)
obj-$(and $(CONFIG_ZERO_CALL_USED_REGS),$(CONFIG_TESTS)) += test_zeroregs.o
endif
