# SPDX-License-Identifier: BSD-3-Clause
# System calls, processes, programs. Which calls exist is found by looking for SYSCALL() in the sources.
gen-y += syscalls
gen-syscalls-in := syscalls.tbl types.def $(patsubst kernel/%,../%,$(shell grep -l '^SYSCALL\b' kernel/*/*.c) \
	$(wildcard kernel/build/syscalls/*.py kernel/include/kernel/abi/*.h))
gen-obj-y += syscall_table.o syscall_desc.o syscall_abi_check.o
# Tables for printing and for the fuzzer's decoder: not what is fuzzed.
nosan-describe.o := y
obj-y += describe.o syscall.o syscall_format.o syscall_usage.o filter.o
obj-y += process.o process_info.o process_copy.o access.o task.o fork.o pidfd.o process_vm.o kcmp.o unshare.o
obj-y += rseq.o ioprio.o oom.o
obj-y += init.o exec.o exec_strings.o exec_stack.o elf.o vdso.o
obj-y += signal.o signal_deliver.o fault_report.o signal_timer.o signalfd.o futex.o futex_robust.o futex_waitv.o
obj-y += sys_ids.o sys_cred.o sys_cap.o sys_uname.o sys_limits.o sys_clock.o sys_adjtimex.o sys_signal.o sys_kill.o \
	sys_timer.o sys_sched.o sys_prctl.o sys_exec.o sys_exit.o sys_wait.o sys_system.o
obj-$(CONFIG_TRACE) += first_program.o
obj-$(CONFIG_TESTS) += outcomes.o
obj-$(or $(CONFIG_TESTS),$(CONFIG_ATTACKS)) += systest.o
obj-$(CONFIG_PLANTED) += planted.o
