# SPDX-License-Identifier: BSD-3-Clause
# Saki's front door: what can be made, and which script or makefile under kernel/build/ makes it. `make help` says more.
#
#	IMAGE=x86_64|host  PRESET=default|fuzz|asan+planted|...  O=build (output)  V=1 (whole commands)  ONLY='fuzz/*'
#	IMAGES='host-asan x86_64-fuzz' (make images)  WITH=shadowstack (more presets, in every image that boots)

IMAGE  ?= x86_64
PRESET ?= default
WITH   ?=
O      ?= build$(WITH:%=-with-%)
override O := $(patsubst $(CURDIR)/%,%,$(abspath $(O)))
export O V WITH
.DEFAULT_GOAL := all

include kernel/build/jobs.mk

.PHONY: help deps all image images tools plugin run fuzz test test-long record check bench menuconfig install clean
.PHONY: compile_commands.json xen-lab test-xen

help: ; @cat kernel/build/help.txt
deps: ; @kernel/build/deps.sh all

all: needs-build
	$(call build-image,x86_64,default)
	$(call build-image,host,default)
	$(call build-tools)
image: needs-build ; $(call build-image,$(IMAGE),$(PRESET))
images: $(IMAGES:%=image-%)
image-%: needs-build ; $(call build-image,$(image-of),$(*:$(image-of)-%=%))
image-of = $(firstword $(subst -, ,$*))
tools: needs-build ; $(call build-tools)
plugin: needs-run ; $(call build-tools,plugin)

run:       needs-run    ; @./saki run $(ARGS)
fuzz:      needs-fuzz   ; @kernel/build/fuzz.py $(TIME)
test:      needs-test   all ; @kernel/build/test.py $(if $(ONLY),"$(ONLY)")
test-long: needs-test   all ; @kernel/build/test.py --long $(if $(ONLY),"$(ONLY)")
check:     needs-check  all ; @kernel/build/check.py $(if $(ONLY),"$(ONLY)")
bench:     needs-bench  all ; @kernel/build/bench.py $(if $(ONLY),"$(ONLY)")
record:    needs-record all ; @kernel/build/record.sh

xen-lab:   needs-run ; @plat/xen/lab/lab.py
test-xen:  needs-test all ; @kernel/build/test.py 'plat/xen/*' 'fuzz/xen/*'

menuconfig: needs-build ; @kernel/build/menuconfig.sh $(IMAGE) $(PRESET)
compile_commands.json: all ; @kernel/build/compile_commands.sh
install: all plugin ; @kernel/build/install.sh
clean: ; rm -rf $(O)
