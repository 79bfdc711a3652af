# SPDX-License-Identifier: BSD-3-Clause
# profiler/host: recordings in the form of Linux' perf, and what is made of them
tool-saki-prof-y += unwind.o initrd.o profile.o objects.o elf_file.o kallsyms.o
tool-saki-prof-y += perf_read.o perf_records.o processes.o
tool-saki-prof-y += view.o tally.o folded.o live.o special.o
tool-saki-prof-y += cmd_report.o cmd_folded.o cmd_speedscope.o cmd_pprof.o main.o
tool-saki-prof-y += ../../fuzz/host/json.o ../../kernel/sys/describe.o
tool-saki-prof-gen-y += syscall_desc.o
tool-saki-prof-libs += -ldw -lelf -lz -lstdc++
