# SPDX-License-Identifier: BSD-3-Clause
# What image.mk and tools.mk share: the toolchain, messages, and reading the build.mk of every folder.
#
# A build.mk is found by being there. What it may say (names of objects are relative to its folder):
#
#	obj-$(CONFIG_X)        += x.o		kernel object, from x.c or x.S
#	hosted-obj-$(CONFIG_X) += x.o		object that sees libc, linked beside the kernel (host image)
#	gen-obj-$(CONFIG_X)    += x.o		kernel object from a generated <build>/gen/x.c
#	cflags-y += ..., cflags-x.o += ...	flags for the folder, for one file
#	nosan-y := y, nosan-x.o := y		no instrumentation for the folder, for one file
#	shadow-x.o := y				but a shadow stack, where that is an option of the image
#	gen-y += NAME				runs kernel/build/NAME.py OUT INPUTS... before anything is compiled; it
#	gen-NAME-in := a.tbl b.def		writes OUT/include/generated/*.h and OUT/gen/*.c, only what has changed
#	source-$(CONFIG_X)     += PACKAGE	kernel objects from a Debian source package, in $(O)/sources/
#	source-PACKAGE-y += src/x.o		these of its tree; our patches to it are patches/*.patch here
#	source-PACKAGE-cflags := ...		their flags
#	tool-PROG-y += x.o			object of the host program PROG (PROG.so: of a shared object)
#	tool-PROG-gen-y += x.o			object of PROG from a generated <build>/gen/x.c
#	tool-PROG-libs := -lelf			libraries of PROG; $(libfuzzer) is libFuzzer without its main()
#	tool-cflags-y, tool-cflags-x.o		flags for the host programs' objects
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

LLVM    := 19
CC      := clang-$(LLVM)
CXX     := clang++-$(LLVM)
LD      := ld.lld-$(LLVM)
OBJCOPY := llvm-objcopy-$(LLVM)
PYTHON  := /usr/bin/python3
export CC LD

warnings := -Wall -Wextra -Werror -Wno-unused-parameter -Wno-initializer-overrides -Wmissing-prototypes \
	-Wstrict-prototypes -Wvla -Wimplicit-fallthrough

# Short messages, unless V=1; none under make -s.
silent := $(findstring s,$(firstword -$(MAKEFLAGS)))
run     = $(if $(V),,@)$(if $(V)$(silent),,printf '  %-7s %s\n' $(1) $(patsubst $(O)/%,%,$@) &&) mkdir -p $(@D) &&

# $(call remember,file,text): rewrites the file when the text is another one; what depends on the file is made again.
remember = $(if $(subst <$(strip $(2))>,,<$(strip $(file <$(1)))>),$(file >$(1),$(strip $(2))))

rooms       := kernel arch plat instrumentation fuzz harnesses profiler
build-files := $(sort $(shell find $(wildcard $(rooms)) -path kernel/build -prune -o -name build.mk -print))
kconfigs    := $(wildcard kernel/build/Kconfig $(rooms:%=%/Kconfig) instrumentation/*/Kconfig)

# $(call read-folders): reads each build.mk with fresh variables and lets 'collect' take what it wants, folder in $(d).
fresh := source- source-y obj- obj-y \
	hosted-obj- hosted-obj-y gen-obj- gen-obj-y cflags- cflags-y nosan- nosan-y gen- gen-y \
	tool-cflags- tool-cflags-y
define read-folder
$(foreach v,$(fresh),$(eval $v :=))
$(eval d := $(1:/build.mk=))
$(eval include $(1))
$(foreach g,$(gen-y),$(eval gens += $g)$(eval gen/$g := $(addprefix $(d)/,$(gen-$g-in))))
$(collect)
endef
read-folders = $(strip $(foreach f,$(build-files),$(call read-folder,$f)))

# $(call take,variable,prefix): appends this folder's objects to a list and files their own flags under flags/<object>.
define take
$(eval $(1) += $(addprefix $(d)/,$($(2)-y)))
$(foreach o,$($(2)-y),$(eval flags/$(d)/$o := $($(3)-y) $($(3)-$o))$(eval $(3)-$o :=)\
	$(if $(nosan-y)$(nosan-$o),$(eval nosan/$(d)/$o := y))$(eval nosan-$o :=)\
	$(if $(shadow-$o),$(eval shadow/$(d)/$o := y))$(eval shadow-$o :=)\
	$(if $(wildcard $(d)/$(o:.o=.c) $(d)/$(o:.o=.S)),,\
		$(error $(d)/build.mk lists $o, but there is no $(d)/$(o:.o=.c) or .S)))
endef

# Generated sources. The stamp is older than what the generator wrote; an output that did not change makes nothing new.
define gen-rule
$(B)/gen/$(1).stamp: kernel/build/$(1).py $(gen/$(1))
	$$(call run,GEN) touch $$@.new && $(PYTHON) $$< $(B) $(gen/$(1)) && mv $$@.new $$@
gen-stamps += $(B)/gen/$(1).stamp
endef
gen-rules = $(foreach g,$(gens),$(eval $(call gen-rule,$g)))
