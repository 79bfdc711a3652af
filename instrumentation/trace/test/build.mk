# SPDX-License-Identifier: BSD-3-Clause
ifeq ($(CONFIG_TRACE),y)
obj-$(CONFIG_TESTS) += test_trace.o test_boot.o
endif
