# SPDX-License-Identifier: BSD-3-Clause
# System calls, processes, programs. Which calls exist is found by looking for SYSCALL() in the sources.
gen-y += syscalls
gen-syscalls-in := syscalls.tbl types.def $(patsubst kernel/%,../%,$(shell grep -l '^SYSCALL\b' kernel/*/*.c) \
	$(wildcard kernel/build/syscalls/*.py kernel/include/kernel/abi/*.h))
gen-obj-y += syscall_table.o syscall_desc.o syscall_abi_check.o
obj-y += describe.o
