# SPDX-License-Identifier: BSD-3-Clause
nosan-y := y
obj-$(CONFIG_SHADOW_STACK) += shadowstack.o
