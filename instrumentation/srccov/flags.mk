# SPDX-License-Identifier: BSD-3-Clause
instr-cflags-$(CONFIG_SRCCOV) += -fprofile-instr-generate -fcoverage-mapping
