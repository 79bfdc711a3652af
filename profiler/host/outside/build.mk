# SPDX-License-Identifier: BSD-3-Clause
# profiler/host/outside: samples of a machine that knows nothing of it, and counts of its instructions.
outside-look := look.o layout_get.o guest_memory.o guest_chain.o guest_maps.o outside_stream.o
tool-saki-prof-y += sampler.o gdb_stub.o layout.o counts.o record.o $(outside-look)
tool-saki-prof-gen-y += trace_description.o

# The part that has to be in a dom0, as saki-rings (instrumentation/trace/host/build.mk).
include plat/xen/libs.mk
ifneq ($(xen-dev),)
tool-cflags-xen_outside.o := -I$(xen-dev)/include
tool-saki-outside-y := xen_outside.o $(outside-look) ../memory.o ../../../plat/run/fail.o
tool-saki-outside-y += $(addprefix ../../../instrumentation/trace/host/,foreign.o events.o)
tool-saki-outside-gen-y := trace_description.o
tool-saki-outside-libs := -static -L$(xen-dev)/lib/x86_64-linux-gnu $(addprefix -l:lib,$(addsuffix .a,xenctrl \
	xencall xendevicemodel xenevtchn xenforeignmemory xengnttab xentoolcore xentoollog)) -lm
endif
