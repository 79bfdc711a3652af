# SPDX-License-Identifier: BSD-3-Clause
# plat: which machine is this?
obj-y += probe.o
