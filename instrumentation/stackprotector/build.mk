# SPDX-License-Identifier: BSD-3-Clause
# instrumentation/stackprotector: never instrumented itself.
obj-$(CONFIG_STACK_PROTECTOR) += guard.o
nosan-y := y
