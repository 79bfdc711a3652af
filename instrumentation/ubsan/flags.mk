# SPDX-License-Identifier: BSD-3-Clause Each check that fails is a trapping instruction that holds the check's number:
# no runtime, and one path for all crashes. Left out: null (a NULL dereference is a fault of its own kind),
# object-size and function (they dislike list heads and hand-written assembly), pointer-overflow (NULL + 0 is fine).
# Unsigned arithmetic may wrap.
instr-cflags-$(CONFIG_UBSAN) += -fsanitize=undefined -fsanitize-trap=undefined \
	-fno-sanitize=null,object-size,function,vptr,pointer-overflow
