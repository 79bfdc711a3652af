# SPDX-License-Identifier: BSD-3-Clause
ifeq ($(CONFIG_ASAN),y)
obj-$(CONFIG_TESTS) += test_asan.o
endif
