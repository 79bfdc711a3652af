# SPDX-License-Identifier: BSD-3-Clause
# instrumentation/trace: never instrumented itself.
gen-y += trace
gen-trace-in := events.tbl
obj-$(CONFIG_TRACE) += ring.o emit.o choose.o print.o boot.o
obj-$(CONFIG_TRACE_FUNCTIONS) += function.o
gen-obj-$(CONFIG_TRACE) += trace_events.o trace_description.o
nosan-y := y
