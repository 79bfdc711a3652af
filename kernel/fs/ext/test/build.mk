# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of ext on a disk in memory.
ifdef CONFIG_DEVICES
obj-$(CONFIG_TESTS) += test_ext.o test_mount.o
endif
