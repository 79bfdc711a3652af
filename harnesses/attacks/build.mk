# SPDX-License-Identifier: BSD-3-Clause
# harnesses/attacks: one file an attack, with its vulnerability, compiled as all of the kernel is
ifdef CONFIG_ATTACKS
obj-y += attack.o knowledge.o primitives.o
# control flow, by return addresses and saved registers
obj-y += ret_linear.o ret_relative.o ret_pointer.o ret_partial.o ret_canary_leak.o ret_interrupt.o ret_signal.o
obj-y += trap_frame.o rop.o stack_pivot.o jop.o
# by function pointers
obj-y += fptr_heap.o fptr_data.o fptr_ops.o kcfi_same_type.o kcfi_forged_hash.o uaf_fptr.o size_overflow.o
# the heap, and data on it
obj-y += uaf_credentials.o double_free.o bad_free.o heap_unlink.o heap_overlap.o off_by_one.o format_string.o
endif
