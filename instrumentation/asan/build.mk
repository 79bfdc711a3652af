# SPDX-License-Identifier: BSD-3-Clause
# instrumentation/asan: never instrumented itself.
obj-$(CONFIG_ASAN) += asan.o report.o
nosan-y := y
hosted-obj-$(CONFIG_ASAN) += asan_hosted.o
