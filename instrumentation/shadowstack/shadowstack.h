/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shadow stack (option SHADOW_STACK): return addresses kept twice. The filter puts code into every function; what
 * the kernel has to do for it is to give each thread a piece of memory (kernel/mm/stack.c) and to keep the pointer with
 * the thread (arch/).
 */
#pragma once

#include <kernel/types.h>

/* Of each stack that stack_alloc() gives: as many frames as fit on THREAD_STACK_SIZE if they have four words each. */
#define SHADOW_STACK_SIZE (2 * PAGE_SIZE)

/* Called by assembly where the address that a function is about to return to is not the one it keeps. */
void shadow_stack_report(uint64_t found, uint64_t kept) __attribute__((noreturn));
