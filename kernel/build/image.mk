# SPDX-License-Identifier: BSD-3-Clause
# Builds one image: IMAGE=x86_64|host PRESET=a+b, in $(O)/<image>-<preset>/: saki.elf, or saki.host, a Linux program
# that holds the same kernel. Started by the root Makefile. Syntax of the build.mk files: common.mk.
B := $(O)/$(IMAGE)-$(PRESET)
ifeq ($(filter x86_64 host,$(IMAGE)),)
$(error IMAGE=$(IMAGE): there is x86_64 and host)
endif

.PHONY: image
image: ; @:

include kernel/build/common.mk

# ---- configuration: the preset's fragments over Kconfig's defaults, and what menuconfig changed ----

empty :=
joined = $(subst $(empty) $(empty),+,$(strip $(1)))
presets := $(subst +, ,$(PRESET) $(if $(filter x86_64,$(IMAGE)),$(WITH)))
fragments := $(wildcard $(patsubst %,kernel/build/presets/%.config,$(presets) $(patsubst no-%,%,$(presets))) \
	$(B)/user.config)
$(B)/.config: kernel/build/config.py $(kconfigs) $(fragments)
	$(call run,CONFIG) $(PYTHON) $< $(IMAGE) $(call joined,$(presets)) $(B)
include $(B)/.config

# ---- flags ----

ARCH := $(IMAGE)
includes := -I. -Iarch/$(ARCH)/include -Ikernel/include -I$(B)/include

kernel-cflags := -std=gnu11 -ffreestanding -nostdlibinc -O2 -g -gdwarf-aranges $(warnings) $(includes) \
	-include generated/config.h -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer -fno-optimize-sibling-calls \
	-fno-strict-aliasing -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none
kernel-cflags-x86_64 := --target=x86_64-linux-gnu -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only
kernel-cflags-host   := --target=x86_64-linux-gnu -fno-pic
kernel-cflags += $(kernel-cflags-$(ARCH)) $(if $(CONFIG_LTO),-flto)
# The code is made when it is linked: then this is what -gdwarf-aranges is before. Where each call keeps a copy of its
# return address, more of them are worth being inlined (clang's own is 225): instrumentation/bench/nginx.bench.
lto-ldflags := $(if $(CONFIG_LTO),-mllvm -generate-arange-section \
	$(if $(CONFIG_SHADOW_STACK),-mllvm -inline-threshold=330))

hosted-cflags := -std=gnu11 -D_GNU_SOURCE -O2 -g $(warnings) -I. -I$(B)/include -include generated/config.h -fno-pic \
	-fno-omit-frame-pointer

# Each instrumentation option brings its flags: for the kernel's C files, and for linking saki.host.
# Those of defences are for all of it, also where nothing else may be instrumented.
instr-cflags-y  :=
defence-cflags-y :=
instr-ldflags-y :=
include $(sort $(wildcard instrumentation/*/flags.mk))

# ---- objects ----

define collect
$(call take,objs,obj,cflags)
$(call take,hosted-objs,hosted-obj,cflags)
$(eval gen-objs += $(addprefix gen/,$(gen-obj-y)))
$(foreach s,$(source-y),$(call take-source,$s))
endef
define take-source
$(eval sources += $(1))
$(eval source-objs += $(addprefix sources/$(1)/,$(source-$(1)-y)))
$(eval source-patches/$(1) := $(wildcard $(d)/patches/*.patch))
$(foreach o,$(source-$(1)-y),$(eval flags/sources/$(1)/$o := $(source-$(1)-cflags)))
endef
$(call read-folders)
$(gen-rules)

kernel-objs := $(addprefix $(B)/obj/,$(objs) $(gen-objs) $(source-objs))
hosted-objs := $(addprefix $(B)/obj/,$(hosted-objs))

$(shell mkdir -p $(B))
$(call remember,$(B)/flags.txt,$(kernel-cflags) / $(hosted-cflags) / $(instr-cflags-y) / $(instr-ldflags-y) /\
	$(defence-cflags-y) / $(lto-ldflags) /\
	$(foreach o,$(objs) $(hosted-objs:$(B)/obj/%=%),\
		$(if $(strip $(flags/$o)$(nosan/$o)),$o $(flags/$o) $(nosan/$o) $(shadow/$o))))
$(call remember,$(B)/objects.txt,$(kernel-objs) / $(hosted-objs))

# The flags of an object: its world's, the instrumentation's, its folder's and its own.
world-cflags = $(kernel-cflags) $(defence-cflags-y) $(if $(nosan/$(@:$(B)/obj/%=%)),,$(instr-cflags-y))
$(hosted-objs): world-cflags = $(hosted-cflags)
compile = $(if $(shadowed),$(compile-shadowed),$(CC) $(compile-flags) -MJ $@.json -c -o $@ $<)
compile-flags = $(world-cflags) $(flags/$(@:$(B)/obj/%=%)) $(if $(filter $@,$(unit-objs)),,$(no-lto)) -MMD -MP

# Optimized as one unit with a shadow stack: the unit's assembly goes through the filter. What is not to have a shadow
# stack is no part of it, as it would be inlined, and what says -fno-lto neither.
ifneq ($(and $(CONFIG_LTO),$(shadow-filter)),)
unit-objs := $(foreach o,$(objs) $(gen-objs) $(source-objs),\
	$(if $(if $(shadow/$o),,$(nosan/$o))$(filter -fno-lto,$(flags/$o))$(wildcard $(o:.o=.S)),,$(B)/obj/$o))
no-lto := -fno-lto
unit := $(B)/unit.o
endif
linked-objs := $(filter-out $(unit-objs),$(kernel-objs)) $(unit)

# Through the filter of the shadow stack (instrumentation/shadowstack), if it has one.
shadowed = $(and $(shadow-filter),$(filter $@,$(filter-out $(unit-objs),$(kernel-objs))),\
	$(if $(nosan/$(@:$(B)/obj/%=%)),$(shadow/$(@:$(B)/obj/%=%)),y))
compile-shadowed = $(CC) $(compile-flags) -MF $(@:.o=.d) -MT $@ -MJ $@.json -S -o $@.s $< && \
	$(shadow-filter) $(shadow-filter-flags) <$@.s >$@.kept.s && \
	$(CC) --target=x86_64-linux-gnu -c -o $@ $@.kept.s && rm $@.s $@.kept.s
$(kernel-objs): $(shadow-filter)

$(kernel-objs) $(hosted-objs): $(B)/flags.txt | $(gen-stamps)
$(B)/include/generated/%.h: $(gen-stamps) ; @:
$(gen-objs:%.o=$(B)/%.c): $(gen-stamps) ; @:

$(B)/obj/%.o: %.c
	$(call run,CC) $(compile)
$(B)/obj/gen/%.o: $(B)/gen/%.c
	$(call run,CC) $(compile)
$(B)/obj/%.o: %.S
	$(call run,AS) $(CC) $(kernel-cflags) $(flags/$(@:$(B)/obj/%=%)) -D__ASSEMBLER__ -MMD -MP -c -o $@ $<

# Third parties' sources, fetched once for all images.
define source-rule
$(O)/sources/$(1)/.stamp: kernel/build/source.sh $(source-patches/$(1))
	$$(call run,SOURCE) mkdir -p $(O)/sources && flock -o $(O)/sources/.lock kernel/build/source-once.sh $(O) $(1) \
		$(source-patches/$(1))
$(addprefix $(O)/sources/$(1)/,$(source-$(1)-y:.o=.c)): $(O)/sources/$(1)/.stamp ; @:
source-stamps += $(O)/sources/$(1)/.stamp
endef
$(foreach s,$(sources),$(eval $(call source-rule,$s)))
$(kernel-objs): | $(source-stamps)

$(B)/obj/sources/%.o: $(O)/sources/%.c
	$(call run,CC) $(compile)

# ---- links ----

ifeq ($(ARCH),x86_64)
image: $(B)/saki.elf
linked := $(B)/saki.$(if $(CONFIG_LAYOUT_IMAGE),linked.)elf
$(call remember,$(B)/link.txt,linked with $(layout-ldflags))
$(B)/unit.o: arch/x86_64/kernel.ld $(kernel-objs) $(shadow-filter) $(B)/objects.txt
	$(call run,LTO) $(LD) $(lto-ldflags) --lto-emit-asm -static -T $< -o $(@:.o=) $(kernel-objs) && \
		$(shadow-filter) $(shadow-filter-flags) <$(@:.o=.lto.s) >$(@:.o=.kept.s) && \
		$(CC) --target=x86_64-linux-gnu -c -o $@ $(@:.o=.kept.s) && rm $(@:.o=.lto.s) $(@:.o=.kept.s)
$(linked): arch/x86_64/kernel.ld $(linked-objs) $(B)/objects.txt $(B)/link.txt
	$(call run,LD) $(LD) $(lto-ldflags) $(layout-ldflags) -static -z max-page-size=4096 \
		-z noexecstack --build-id=sha1 --fatal-warnings -T $< -o $@ \
		$(linked-objs)
# What is to be changed when the image is moved at boot goes behind it.
ifeq ($(CONFIG_LAYOUT_IMAGE),y)
$(B)/saki.elf: $(linked) kernel/build/relocate.py
	$(call run,RELOC) $(PYTHON) kernel/build/relocate.py $< $@
endif
else
# The kernel becomes one object whose only names are the seam's; it can neither clash with libc nor use it unseen.
image: $(B)/saki.host
$(B)/kernel.o: arch/host/kernel.ld $(kernel-objs) $(B)/objects.txt
	$(call run,LD) $(LD) $(lto-ldflags) -r --force-group-allocation -T $< -o $@ $(kernel-objs)
$(B)/seam.o: $(B)/kernel.o arch/host/seam.txt
	$(call run,OBJCOPY) $(OBJCOPY) --keep-global-symbols=arch/host/seam.txt $< $@
$(B)/saki.host: $(B)/seam.o $(hosted-objs) $(B)/objects.txt
	$(call run,LD) $(CC) -no-pie -fuse-ld=lld-$(LLVM) -g -Wl,--build-id=sha1,--image-base=0x50000000 \
		-Wl $(instr-ldflags-y) -o $@ $(hosted-objs) $< -lpthread
endif

-include $(patsubst %.o,%.d,$(kernel-objs) $(hosted-objs))
