# SPDX-License-Identifier: BSD-3-Clause
# profiler/host: saki-prof. Recordings have the form of Linux' perf; all that shows them reads that.
tool-saki-prof-y := main.o run_words.o
tool-saki-prof-y += profile.o memory.o processes.o objects.o elf_file.o demangle.o plt.o kallsyms.o
tool-saki-prof-y += perf_read.o perf_records.o
tool-saki-prof-y += view.o tally.o folded.o live.o wakers.o special.o
tool-saki-prof-y += cmd_report.o cmd_folded.o cmd_speedscope.o cmd_pprof.o
tool-saki-prof-y += cmd_record.o cmd_count.o recorded.o guest_files.o initrd.o unwind.o perf_write.o
tool-saki-prof-y += $(addprefix ../../instrumentation/trace/host/,machine.o recorder.o clock.o rings.o)
tool-saki-prof-y += $(addprefix ../../instrumentation/trace/host/,forward.o stream.o events.o)
tool-saki-prof-y += $(addprefix ../../plat/run/,fail.o image.o tool.o)
tool-saki-prof-y += ../../fuzz/host/json.o ../../kernel/sys/describe.o
tool-saki-prof-y += cmd_metrics.o metrics.o metrics_read.o
tool-saki-prof-gen-y := syscall_desc.o
tool-saki-prof-libs := -ldw -lelf -lz -lstdc++ -lm

# Makes perf.data of a stream; test/convert.test gives it streams that no kernel wrote.
tool-saki-prof-convert-y := test/convert.o
tool-saki-prof-convert-y += profile.o memory.o processes.o objects.o elf_file.o demangle.o plt.o kallsyms.o
tool-saki-prof-convert-y += recorded.o guest_files.o initrd.o unwind.o perf_write.o
tool-saki-prof-convert-y += $(addprefix ../../instrumentation/trace/host/,stream.o events.o)
tool-saki-prof-convert-libs := -ldw -lelf -lstdc++

# Tables of a guest that lies; test/metrics.test runs it.
tool-saki-prof-test-y := metrics.o metrics_read.o test/metrics_test.o

# A machine whose memory is damaged while it is looked at from outside; test/outside.test runs it.
tool-saki-prof-outside-test-y := test/outside_test.o profile.o memory.o objects.o elf_file.o demangle.o plt.o kallsyms.o
tool-saki-prof-outside-test-y += $(addprefix outside/,gdb_stub.o layout.o layout_get.o guest_memory.o)
tool-saki-prof-outside-test-y += $(addprefix outside/,guest_chain.o guest_maps.o outside_stream.o)
tool-saki-prof-outside-test-y += $(addprefix ../../plat/run/,fail.o image.o tool.o)
tool-saki-prof-outside-test-y += $(addprefix ../../instrumentation/trace/host/,machine.o recorder.o clock.o rings.o)
tool-saki-prof-outside-test-y += ../../instrumentation/trace/host/forward.o
tool-saki-prof-outside-test-y += $(addprefix ../../instrumentation/trace/host/,stream.o events.o)
tool-saki-prof-outside-test-gen-y := trace_description.o
tool-saki-prof-outside-test-libs := -ldw -lelf -lstdc++
