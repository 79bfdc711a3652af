# SPDX-License-Identifier: BSD-3-Clause
ifeq ($(CONFIG_LAYOUT),y)
obj-$(CONFIG_TESTS) += test_layout.o
endif
