# SPDX-License-Identifier: BSD-3-Clause
# For build.mk files: $(xen-dev)/include and $(xen-dev)/lib are Xen's headers and libraries, those that are installed or
# else unpacked by make xen-lab; empty where there are none.
xen-dev := $(firstword $(wildcard $(addsuffix /usr/include/xenctrl.h,$(O)/xen-lab/dev /.)))
xen-dev := $(xen-dev:/include/xenctrl.h=)
