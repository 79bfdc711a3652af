# SPDX-License-Identifier: BSD-3-Clause
# Room for a call at the start of every function that may be traced: one no-op of five bytes.
instr-cflags-$(CONFIG_TRACE_FUNCTIONS) += -fpatchable-function-entry=5
