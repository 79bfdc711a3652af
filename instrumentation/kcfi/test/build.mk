# SPDX-License-Identifier: BSD-3-Clause
obj-$(and $(CONFIG_KCFI),$(CONFIG_TESTS)) += test_kcfi.o
