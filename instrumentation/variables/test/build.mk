# SPDX-License-Identifier: BSD-3-Clause
obj-$(and $(CONFIG_INIT_VARIABLES),$(CONFIG_TESTS)) += test_variables.o
