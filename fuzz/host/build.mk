# fuzz/host: saki-fuzz. The kernel is never linked into it: machines are processes of their own.
tool-saki-fuzz-y += program_print.o program_parse.o program_lex.o program_build.o main.o cmd_bench.o cmd_compare.o cmd_fuzz.o cmd_minimize.o cmd_replay.o cmd_show.o cmd_verify.o
tool-saki-fuzz-y += campaign.o progress.o worker.o engine_libfuzzer.o engine_afl.o engine_compares.o afl_runner.o
tool-saki-fuzz-y += executor.o audit.o novelty.o machine.o machine_host.o machine_vm.o image.o ../../plat/run/qemu.o
tool-saki-fuzz-y += finding.o symbols.o json.o store.o seeds.o inputs.o
tool-saki-fuzz-libs := -ldw -lelf $(libfuzzer)
tool-saki-fuzz-y += program_folder.o cmd_inject.o cmd_list.o
# The programs' format, and the system calls' descriptions, are the guest's own sources.
tool-saki-fuzz-y += ../abi/program.o ../abi/program_decode.o ../abi/program_encode.o ../abi/program_place.o
tool-saki-fuzz-y += ../../kernel/sys/describe.o
tool-saki-fuzz-gen-y += syscall_desc.o
