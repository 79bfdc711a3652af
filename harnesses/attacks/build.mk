# SPDX-License-Identifier: BSD-3-Clause
# harnesses/attacks: one file an attack, with its vulnerability, compiled as all of the kernel is
ifdef CONFIG_ATTACKS
# Each by itself, with the calls and frames that its source has.
cflags-y += -fno-lto
obj-y += attack.o file.o knowledge.o primitives.o program.o
# control flow, by return addresses and saved registers
obj-y += ret_linear.o ret_relative.o ret_pointer.o ret_partial.o ret_canary_leak.o ret_interrupt.o ret_signal.o
obj-y += trap_frame.o rop.o stack_pivot.o jop.o
# by function pointers
obj-y += fptr_heap.o fptr_data.o fptr_ops.o kcfi_same_type.o kcfi_forged_hash.o uaf_fptr.o size_overflow.o
# the heap, and data on it
obj-y += uaf_credentials.o double_free.o bad_free.o heap_unlink.o heap_overlap.o off_by_one.o format_string.o
# code, tables, and what the CPU goes by
obj-y += exec_stack.o exec_heap.o code_write.o code_alias.o code_protect.o page_table.o registration.o syscall_table.o
obj-y += exception_table.o null_ops.o idt.o program_jump.o program_cr0.o program_msr.o sigreturn.o
# data only
obj-y += data_credentials.o data_inode.o data_fd.o data_mount.o
# stacks, leaks, guesses
obj-y += stack_exhaust.o uninit_stack.o uninit_heap.o uninit_page.o padding.o read_secret.o proc_pointers.o oracle.o
obj-y += timing.o guess_base.o stack_jump.o stale_registers.o
obj-y += entropy_state.o kcmp_order.o
# devices, and who changes his mind
obj-y += toctou_arguments.o toctou_ring.o dma_ring.o dma_memory.o
# those that aim at a defence, and what cannot be tried here
obj-y += shadow_content.o shadow_pointer.o clone_canary.o filter_call.o filter_state.o speculative.o
endif
