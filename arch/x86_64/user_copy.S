/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies to and from a program's memory. Each instruction that touches it has an entry in the exception table; a
 * fault that cannot be served continues at the entry's fixup. Blocks of 64 bytes go by plain 64-bit moves (string
 * instructions are slow under emulation); a fault inside a block continues byte by byte, so that the count is exact.
 */

/* The next instruction may fault; then go on at 'fixup'. Offsets are relative to the word that holds them. */
.macro may_fault fixup
	.pushsection exception_table, "a"
	.long .Lfault\@ - .
	.long \fixup - .
	.popsection
.Lfault\@:
.endm

.macro move_word offset
	may_fault .Lcopy_bytes
	movq \offset(%rsi), %rax
	may_fault .Lcopy_bytes
	movq %rax, \offset(%rdi)
.endm

	.text
	.code64

/* size_t user_copy_raw(void *dst, const void *src, size_t len): bytes not copied. */
	.globl user_copy_raw
	.p2align 4
user_copy_raw:
	cmpq $64, %rdx
	jb 2f
1:	move_word 0
	move_word 8
	move_word 16
	move_word 24
	move_word 32
	move_word 40
	move_word 48
	move_word 56
	addq $64, %rsi
	addq $64, %rdi
	subq $64, %rdx
	cmpq $64, %rdx
	jae 1b
2:	cmpq $8, %rdx
	jb .Lcopy_bytes
	move_word 0
	addq $8, %rsi
	addq $8, %rdi
	subq $8, %rdx
	jmp 2b
.Lcopy_bytes:
	testq %rdx, %rdx
	jz .Lcopy_end
3:	may_fault .Lcopy_end
	movb (%rsi), %al
	may_fault .Lcopy_end
	movb %al, (%rdi)
	incq %rsi
	incq %rdi
	decq %rdx
	jnz 3b
.Lcopy_end:
	movq %rdx, %rax
	ret

.macro zero_word offset
	may_fault .Lzero_bytes
	movq %rax, \offset(%rdi)
.endm

/* size_t user_zero_raw(void *dst, size_t len): bytes not cleared. */
	.globl user_zero_raw
	.p2align 4
user_zero_raw:
	xorl %eax, %eax
	cmpq $64, %rsi
	jb .Lzero_bytes
1:	zero_word 0
	zero_word 8
	zero_word 16
	zero_word 24
	zero_word 32
	zero_word 40
	zero_word 48
	zero_word 56
	addq $64, %rdi
	subq $64, %rsi
	cmpq $64, %rsi
	jae 1b
.Lzero_bytes:
	testq %rsi, %rsi
	jz .Lzero_end
2:	may_fault .Lzero_end
	movb $0, (%rdi)
	incq %rdi
	decq %rsi
	jnz 2b
.Lzero_end:
	movq %rsi, %rax
	ret

/*
 * ssize_t user_string_raw(char *dst, const char *src, size_t size): bytes copied with the NUL, size when none,
 * -EFAULT.
 */
	.globl user_string_raw
	.p2align 4
user_string_raw:
	xorl %eax, %eax
1:	cmpq %rdx, %rax
	je 2f
	may_fault .Lstring_fault
	movb (%rsi, %rax), %cl
	movb %cl, (%rdi, %rax)
	incq %rax
	testb %cl, %cl
	jnz 1b
2:	ret
.Lstring_fault:
	movq $-14, %rax
	ret

	.section .note.GNU-stack, "", @progbits
