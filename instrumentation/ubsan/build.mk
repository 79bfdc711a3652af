# SPDX-License-Identifier: BSD-3-Clause
# instrumentation/ubsan: reads traps; also in images without the option, as it costs nothing.
obj-y += trap.o
nosan-y := y
