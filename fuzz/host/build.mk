# fuzz/host: saki-fuzz. The kernel is never linked into it: machines are processes of their own.
tool-saki-fuzz-y += record.o lines.o
tool-saki-fuzz-y += main.o cmd_bench.o cmd_compare.o cmd_fuzz.o cmd_inject.o cmd_list.o cmd_minimize.o cmd_replay.o
tool-saki-fuzz-y += cmd_show.o cmd_verify.o cmd_convert_strace.o strace_import.o strace_convert.o strace_value.o
tool-saki-fuzz-y += campaign.o statistics.o news.o progress.o worker.o engine_libfuzzer.o engine_afl.o
tool-saki-fuzz-y += engine_compares.o afl_runner.o
tool-saki-fuzz-y += executor.o executor_audit.o executor_batch.o audit.o novelty.o
tool-saki-fuzz-y += machine.o machine_host.o machine_vm.o machine_xen.o xen_lab.o cpus.o image.o
tool-saki-fuzz-y += profile.o profile_report.o profile_scale.o
tool-saki-fuzz-y += ../../plat/run/qemu.o
tool-saki-fuzz-y += last_events.o $(addprefix ../../instrumentation/trace/host/,events.o pattern.o)
tool-saki-fuzz-y += finding.o symbols.o json.o store.o seeds.o inputs.o minimize.o

# Programs: text, mutation, reproducers. Their format and the descriptions of the calls are the guest's own sources.
program-objs := program_build.o program_edit.o program_lex.o program_load.o program_parse.o program_print.o \
	../../kernel/sys/describe.o
program-objs += $(addprefix ../abi/,program.o program_decode.o program_encode.o program_place.o)
mutate-objs  := mutate.o mutate_arg.o mutate_bytes.o mutate_call.o mutate_random.o mutate_tables.o mutate_value.o
tool-saki-fuzz-y += $(program-objs) $(mutate-objs) program_c.o program_folder.o mutate_libfuzzer.o
tool-saki-fuzz-gen-y += syscall_desc.o trace_description.o
tool-saki-fuzz-libs := -ldw -lelf $(libfuzzer)

# The same mutator for afl-fuzz, which loads it.
tool-saki-mutator.so-y += $(program-objs) $(mutate-objs) mutate_afl.o
tool-saki-mutator.so-gen-y += syscall_desc.o

# Tests of programs on the tools' side; test/programs.test runs it.
tool-saki-program-test-y += $(program-objs) $(mutate-objs) minimize.o program_c.o test/program_test.o
tool-saki-program-test-gen-y += syscall_desc.o

# A guest that lies, for test/trouble.test.
tool-saki-liar-y += test/liar.o

# Whom a profile believes, for test/profile.test.
tool-saki-profile-test-y += profile.o test/profile_test.o
