# SPDX-License-Identifier: BSD-3-Clause
# instrumentation/coverage: never instrumented itself. Without options its tables are empty.
obj-y += coverage.o
nosan-y := y
# The hooks are called at each comparison and nearly always do nothing.
# Their arguments may be poison (see coverage.c): nothing may be concluded from their being passed.
cflags-y += -fomit-frame-pointer -Xclang -no-enable-noundef-analysis
