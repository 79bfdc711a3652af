# SPDX-License-Identifier: BSD-3-Clause
# What a pointer's type says is what the function must have been: casts between them are errors here.
defence-cflags-$(CONFIG_KCFI) += -fsanitize=kcfi -Wcast-function-type-strict
