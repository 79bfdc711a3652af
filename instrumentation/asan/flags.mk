# SPDX-License-Identifier: BSD-3-Clause
instr-cflags-$(CONFIG_ASAN)  += -fsanitize=address
instr-ldflags-$(CONFIG_ASAN) += -fsanitize=address
