# SPDX-License-Identifier: BSD-3-Clause
obj-$(and $(CONFIG_STACK_PROTECTOR),$(CONFIG_TESTS)) += test_guard.o
