# SPDX-License-Identifier: BSD-3-Clause
# instrumentation/coverage: never instrumented itself. Without options its tables are empty.
obj-y += coverage.o
nosan-y := y
