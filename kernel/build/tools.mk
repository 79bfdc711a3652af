# SPDX-License-Identifier: BSD-3-Clause
# Builds the host programs into $(O)/tools/: ordinary C against libc and system libraries. Started by the root Makefile.
# Syntax of the build.mk files: common.mk.
B := $(O)/tools

.PHONY: tools
tools: ; @:

include kernel/build/common.mk

resource-dir = $(shell $(CC) -print-resource-dir)
libfuzzer = $(resource-dir)/lib/linux/libclang_rt.fuzzer_no_main-x86_64.a -lstdc++ -lpthread -lm

cflags := -std=gnu11 -D_GNU_SOURCE -O2 -g $(warnings) -fPIC -fno-omit-frame-pointer -I. -Ikernel/include -I$(B)/include

# Objects are shared: two programs may name the same one.
tool-objs :=
define collect
$(foreach p,$(patsubst tool-%-y,%,$(filter-out tool-cflags-y %-gen-y,$(filter tool-%-y,$(.VARIABLES)))),\
	$(if $(tool-$p-y),$(eval progs += $p)$(call take,objs/$p,tool-$p,tool-cflags)$(eval tool-$p-y :=))\
	$(eval objs/$p += $(addprefix gen/,$(tool-$p-gen-y)))$(eval tool-$p-gen-y :=))
endef
$(call read-folders)
$(gen-rules)

progs := $(sort $(progs))
# One name for one object, and with it its flags, from whichever folder it is named.
$(foreach p,$(progs),$(eval objs/$p := $(patsubst $(CURDIR)/%,%,$(abspath $(objs/$p)))))
tool-objs := $(addprefix $(B)/obj/,$(sort $(foreach p,$(progs),$(objs/$p))))

$(shell mkdir -p $(B))
$(call remember,$(B)/flags.txt,$(cflags) /\
	$(foreach o,$(tool-objs:$(B)/obj/%=%),$(if $(strip $(flags/$o)),$o $(flags/$o))))
$(call remember,$(B)/objects.txt,$(foreach p,$(progs),$p $(objs/$p) $(tool-$p-libs) /))

$(tool-objs): $(B)/flags.txt | $(gen-stamps)
$(B)/include/generated/%.h: $(gen-stamps) ; @:
$(patsubst $(B)/obj/%.o,$(B)/%.c,$(filter $(B)/obj/gen/%,$(tool-objs))): $(gen-stamps) ; @:

compile = $(CC) $(cflags) $(flags/$(@:$(B)/obj/%=%)) -MMD -MP -MJ $@.json -c -o $@ $<
$(B)/obj/%.o: %.c
	$(call run,HOSTCC) $(compile)
$(B)/obj/gen/%.o: $(B)/gen/%.c
	$(call run,HOSTCC) $(compile)

define prog-rule
tools: $(B)/$(1)
$(B)/$(1): $(addprefix $(B)/obj/,$(objs/$(1))) $(B)/objects.txt
	$$(call run,HOSTLD) $(CC) -fuse-ld=lld-$(LLVM) -g $(if $(filter %.so,$(1)),-shared) -o $$@ \
		$$(filter %.o,$$^) $$(tool-$(1)-libs)
endef
$(foreach p,$(progs),$(eval $(call prog-rule,$p)))

-include $(tool-objs:.o=.d)

# The plugin for QEMU that counts instructions (`saki prof count`), made when it is asked for: its one foreign header is
# in QEMU's source package, from which nothing else is taken.
.PHONY: plugin
plugin: $(B)/saki-count.so
$(O)/sources/qemu/.stamp: kernel/build/source.sh
	$(call run,SOURCE) mkdir -p $(O)/sources && SOURCE_ONLY=include/qemu/qemu-plugin.h \
		flock -o $(O)/sources/.lock kernel/build/source-once.sh $(O) qemu
$(B)/saki-count.so: profiler/plugin/count.c profiler/plugin/count_abi.h $(O)/sources/qemu/.stamp
	$(call run,HOSTLD) $(CC) $(cflags) -isystem $(O)/sources/qemu/include/qemu -shared -fuse-ld=lld-$(LLVM) -o $@ $<
