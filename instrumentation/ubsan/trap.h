/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Undefined behaviour, as clang's -fsanitize-trap reports it: an instruction that is invalid on purpose.
 */
#pragma once

#include <kernel/types.h>

/* The failed check in words, when the instruction at code is one of those traps; NULL: it is not. */
const char *ubsan_trap_name(const uint8_t *code);
