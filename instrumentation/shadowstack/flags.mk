# SPDX-License-Identifier: BSD-3-Clause
# What clang makes of a file goes through a filter on its way to the assembler (image.mk).
ifdef CONFIG_SHADOW_STACK
shadow-filter := $(B)/shadowstack-filter
shadow-filter-flags := $(if $(CONFIG_SHADOW_STACK_COMPACT),--compact)
$(shadow-filter): $(wildcard instrumentation/shadowstack/host/*.[ch]) instrumentation/shadowstack/place.h
	$(call run,HOSTCC) $(CC) -std=gnu11 -D_GNU_SOURCE -O2 $(warnings) -I. -o $@ $(filter %.c,$^)
endif
