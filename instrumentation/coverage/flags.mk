# SPDX-License-Identifier: BSD-3-Clause
# Each part of the kernel that is not selected brings a list of files to leave alone.
coverage-lists := always $(foreach s,CORE MM FS SYS IPC DEV LIB,$(if $(CONFIG_COVERAGE_$s),,$s))
instr-cflags-$(CONFIG_COVERAGE) += -fsanitize-coverage=inline-8bit-counters,pc-table \
	$(if $(CONFIG_COVERAGE_COMPARES),-fsanitize-coverage=trace-cmp) \
	$(coverage-lists:%=-fsanitize-coverage-ignorelist=instrumentation/coverage/ignore/%.txt)

# For a folder's or a file's cflags: what an input is compared with is of use to a fuzzer, what a page or a lock is
# compared with is not, and there it costs most.
no-compares := $(if $(CONFIG_COVERAGE_COMPARES),-fno-sanitize-coverage=trace-cmp)
