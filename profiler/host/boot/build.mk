# SPDX-License-Identifier: BSD-3-Clause
# profiler/host/boot: the boot chart.
tool-saki-prof-y += cmd_boot.o steps.o chart.o text.o json.o svg.o

# Charts of machines that lie; ../test/boot.test runs it.
tool-saki-prof-boot-test-y := chart.o text.o json.o svg.o ../test/boot_test.o
tool-saki-prof-boot-test-y += ../../../instrumentation/trace/host/clock.o ../../../fuzz/host/json.o
