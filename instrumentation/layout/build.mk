# SPDX-License-Identifier: BSD-3-Clause
# instrumentation/layout: never instrumented itself.
nosan-y := y
obj-$(CONFIG_LAYOUT) += key.o draw.o
# Entry code calls it before the image is where it was linked to be.
cflags-key.o := $(runs-anywhere)
