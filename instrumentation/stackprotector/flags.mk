# SPDX-License-Identifier: BSD-3-Clause
# The word is struct cpu.stack_guard: programs keep FS, where a compiler would look for it.
defence-cflags-$(CONFIG_STACK_PROTECTOR) += -fstack-protector-strong -mstack-protector-guard=tls \
	-mstack-protector-guard-reg=gs -mstack-protector-guard-offset=40

# For a file's cflags: code that runs before there is a word.
no-stack-protector := -fno-stack-protector
