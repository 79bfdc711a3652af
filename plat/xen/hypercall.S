/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hypercall page: Xen writes one entry of 32 bytes into it for each hypercall, each the instruction that this CPU's
 * make needs.
 */
	.text
	.p2align 12
	.globl hypercall_page
hypercall_page:
	.skip 4096

	.section .note.GNU-stack, "", @progbits
