/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The word that the stack protector (option STACK_PROTECTOR) keeps before return addresses. The compiler reads it from
 * struct cpu.stack_guard; it belongs to the running thread, and changes hands with the CPU. A function that changes it
 * may not have one itself, nor may its callers return afterwards, unless it is put back.
 */
#pragma once

#include <kernel/types.h>

/* Its lowest byte, which is the first in memory, is zero: what copies strings can neither read nor write past it. */
#define STACK_GUARD_MASK (~UINT64_C(0xff))

/* One for a new thread. Any context. */
uint64_t stack_guard_draw(void);
/* Another one for the running thread: no function that it is in may return. */
void stack_guard_renew(void);
