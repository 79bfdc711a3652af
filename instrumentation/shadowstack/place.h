/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the pointer of the running thread's shadow stack is: a distance from GS on x86_64, in struct cpu. For the
 * filter, assembly and C alike.
 */
#pragma once

#define SHADOW_STACK_POINTER 0x38
