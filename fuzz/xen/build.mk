# SPDX-License-Identifier: BSD-3-Clause
# fuzz/xen: clones of Xen's domains, for saki-fuzz and saki-xen. Xen's libraries are linked in, so that the programs
# start anywhere; where there are none (neither installed nor unpacked by make xen-lab) there is only saki-fuzz, which
# says so.
include plat/xen/libs.mk

ifeq ($(xen-dev),)
tool-saki-fuzz-y += absent.o
else
tool-cflags-y := -I$(xen-dev)/include
xen-libs := -L$(xen-dev)/lib/x86_64-linux-gnu $(addprefix -l:lib,$(addsuffix .a,xenguest xenctrl xencall \
	xendevicemodel xenevtchn xenforeignmemory xengnttab xenstore xentoolcore xentoollog))
cloner-objs := cloner.o clone.o parent.o guardian.o reset.o copy.o list.o entropy.o \
	fresh.o toolstack.o store.o
tool-saki-fuzz-y += $(cloner-objs)
tool-saki-fuzz-libs += $(xen-libs) -lz
tool-saki-xen-y := main.o lab.o bench.o prepare.o warm.o server.o wait.o console.o $(cloner-objs)
tool-saki-xen-libs := $(xen-libs) -lz
tool-saki-meddler-y := test/meddler.o
tool-saki-meddler-libs := $(xen-libs) -lz
endif
