# SPDX-License-Identifier: BSD-3-Clause
# instrumentation/srccov/host: saki-cov. Machines are run by the executor of fuzz/host.
tool-saki-cov-y := main.o corpus.o image_tables.o profile.o
tool-saki-cov-y += $(addprefix ../../../fuzz/host/,executor.o executor_audit.o audit.o novelty.o machine.o)
tool-saki-cov-y += $(addprefix ../../../fuzz/host/,machine_host.o machine_vm.o)
tool-saki-cov-y += $(addprefix ../../../fuzz/host/,image.o store.o seeds.o program_build.o program_edit.o program_lex.o)
tool-saki-cov-y += $(addprefix ../../../fuzz/host/,program_parse.o program_print.o) ../../../kernel/sys/describe.o
tool-saki-cov-y += $(addprefix ../../../fuzz/abi/,program.o program_decode.o program_encode.o program_place.o)
tool-saki-cov-y += ../../../fuzz/host/machine_xen.o ../../../fuzz/xen/absent.o
tool-saki-cov-y += ../../../fuzz/host/cpus.o ../../../fuzz/host/profile.o ../../../plat/run/qemu.o
tool-saki-cov-gen-y := syscall_desc.o
tool-saki-cov-libs := -lelf
