# SPDX-License-Identifier: BSD-3-Clause
instr-cflags-$(CONFIG_UBSAN)  += -fsanitize=undefined
instr-ldflags-$(CONFIG_UBSAN) += -fsanitize=undefined
