# SPDX-License-Identifier: BSD-3-Clause
# profiler/guest: runs inside of what it looks at, so it is not instrumented.
obj-$(CONFIG_PROFILER) += chain.o maps.o sampler.o
# The host world shows nothing: its constants are not in the machine's memory.
obj-$(CONFIG_ARCH_X86_64) += metrics.o
nosan-y := y
