# SPDX-License-Identifier: BSD-3-Clause
ifeq ($(CONFIG_SHADOW_STACK),y)
obj-$(CONFIG_TESTS) += test_shadowstack.o
endif
