# SPDX-License-Identifier: BSD-3-Clause
# arch/x86_64/vdso: what programs are given to read the clock with. Linked by itself; the kernel holds its bytes.
gen-$(CONFIG_ARCH_X86_64) += vdso
gen-vdso-in := vdso.c vdso.ld ../../../kernel/include/kernel/vdso.h
gen-obj-$(CONFIG_ARCH_X86_64) += vdso_image.o
