# SPDX-License-Identifier: BSD-3-Clause
# profiler/guest: runs inside of what it looks at, so it is not instrumented.
obj-$(CONFIG_PROFILER) += chain.o maps.o sampler.o
nosan-y := y
