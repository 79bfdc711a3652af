# SPDX-License-Identifier: BSD-3-Clause
ifeq ($(CONFIG_COVERAGE),y)
obj-$(CONFIG_TESTS) += test_coverage.o
endif
