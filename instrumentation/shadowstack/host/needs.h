/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shadow stack's filter: what a function needs.
 */
#pragma once

#include "asm.h"

/* Whether it keeps a copy of its return address. Fails where it does what the filter does not understand. */
bool needs_copy(const struct function *f);
/*
 * Whether the copy can go with the frame: RBP is pushed once, and neither the registers that we use nor the flags are
 * in use by then; and where it is popped, nothing is left to be done. After needs_copy() of the same function.
 */
bool has_plain_frame(const struct function *f);
