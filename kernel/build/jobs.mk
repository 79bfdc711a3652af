# SPDX-License-Identifier: BSD-3-Clause
# For the root Makefile: how one image and the host programs are started as makes of their own. Each holds a lock on its
# output folder, so that several makes may run at once. Without -j all processors are used.

ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-print-directory --no-builtin-rules --no-builtin-variables

locked = @mkdir -p $(1) && flock -o $(1)/.lock $(2)

# $(call build-image,image,preset), $(call build-tools), $(call build-tools,target)
build-image = +$(call locked,$(O)/$(1)-$(2),$(MAKE) -f kernel/build/image.mk O=$(O) IMAGE=$(1) PRESET=$(2))
build-tools = +$(call locked,$(O)/tools,$(MAKE) -f kernel/build/tools.mk O=$(O) $(1))

# needs-GROUP: what deps.sh installs for a group of targets.
needs-%: ; @kernel/build/deps.sh $*
