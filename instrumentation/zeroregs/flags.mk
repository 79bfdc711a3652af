# SPDX-License-Identifier: BSD-3-Clause
defence-cflags-$(CONFIG_ZERO_CALL_USED_REGS) += -fzero-call-used-regs=used-gpr
