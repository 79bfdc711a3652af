# SPDX-License-Identifier: BSD-3-Clause
defence-cflags-$(CONFIG_INIT_VARIABLES) += -ftrivial-auto-var-init=zero
