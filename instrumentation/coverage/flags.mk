# SPDX-License-Identifier: BSD-3-Clause
instr-cflags-$(CONFIG_COVERAGE) += -fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp
