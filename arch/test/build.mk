# SPDX-License-Identifier: BSD-3-Clause
# arch/test: what every CPU must do, tested on each.
obj-$(CONFIG_TESTS) += test_context.o test_pagetable.o test_backtrace.o test_cpu.o test_fault.o
