# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of system calls that are neither files nor memory, of the door to all of them, and of starting programs.
obj-$(CONFIG_TESTS) += test_syscall.o test_format.o test_elf.o test_clone.o test_exec.o
obj-$(CONFIG_TESTS) += test_ids.o test_cred.o test_uname.o test_limits.o test_clock.o test_signal.o test_signalfd.o \
	test_timer.o test_sched.o test_prctl.o test_refused.o
obj-$(CONFIG_TESTS) += test_filter.o test_pidfd.o test_process_vm.o test_kcmp.o test_unshare.o test_rseq.o \
	test_adjtimex.o test_ioprio.o test_ending.o test_futex.o test_futex_waitv.o
