# SPDX-License-Identifier: BSD-3-Clause
ifeq ($(CONFIG_UBSAN),y)
obj-$(CONFIG_TESTS) += test_ubsan.o
endif
