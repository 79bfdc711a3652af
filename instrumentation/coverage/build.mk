# SPDX-License-Identifier: BSD-3-Clause
# instrumentation/coverage: never instrumented itself. Without options its tables are empty.
obj-y += coverage.o
nosan-y := y
# The hooks are called at each comparison and nearly always do nothing.
cflags-y += -fomit-frame-pointer
