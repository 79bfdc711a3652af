# SPDX-License-Identifier: BSD-3-Clause
# instrumentation/trace/host: saki-trace. What reads and makes recordings is the profiler's too.
tool-saki-trace-y := main.o cmd_record.o functions.o cmd_list.o cmd_text.o cmd_json.o cmd_ctf.o cmd_dat.o
tool-saki-trace-y += ctf_metadata.o dat_format.o dat_page.o output.o pattern.o recording.o threads.o kernel_symbols.o
tool-saki-trace-y += machine.o recorder.o clock.o rings.o forward.o stream.o events.o
tool-saki-trace-y += $(addprefix ../../../plat/run/,fail.o image.o tool.o)
tool-saki-trace-y += ../../../kernel/sys/describe.o
tool-saki-trace-gen-y := trace_description.o syscall_desc.o
tool-saki-trace-libs := -lelf

# The part that has to be in a dom0, where there is little else: nothing is linked dynamically.
include plat/xen/libs.mk
ifneq ($(xen-dev),)
tool-cflags-foreign.o := -I$(xen-dev)/include
tool-saki-rings-y := xen_rings.o foreign.o rings.o
tool-saki-rings-libs := -static -L$(xen-dev)/lib/x86_64-linux-gnu \
	$(addprefix -l:lib,$(addsuffix .a,xenforeignmemory xentoolcore xentoollog))
endif

# Tests of taking rings out of memory; test/rings.test runs it.
tool-saki-rings-test-y := rings.o forward.o test/rings_test.o
