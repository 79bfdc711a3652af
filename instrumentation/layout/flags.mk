# SPDX-License-Identifier: BSD-3-Clause
# For linking booted images: relocations are kept for relocate.py, and each function is a section of its own that the
# linker takes in an order drawn from the seed.
LAYOUT_SEED ?= 1
instr-cflags-$(CONFIG_LAYOUT_FUNCTIONS) += -ffunction-sections
layout-ldflags := $(if $(CONFIG_LAYOUT_IMAGE),--emit-relocs) \
	$(if $(CONFIG_LAYOUT_FUNCTIONS),'--shuffle-sections=.text.*=$(LAYOUT_SEED)')
# For code that has to run at whatever address it was loaded to, and outside of what is optimized as one unit.
runs-anywhere := -fno-lto -mcmodel=small -fpie -fvisibility=hidden -fdirect-access-external-data \
	-fno-stack-protector
