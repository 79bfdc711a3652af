/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens when the kernel finds itself broken: one structure that traps, checks, sanitizers and panic fill, and
 * one way out. Without a harness the crash is printed and the machine ends with status 125; with one, the handler
 * (fuzz/guest) puts it into the channel, ends the input and resets.
 */
#pragma once

#include <kernel/types.h>
#include <kernel/compiler.h>
#include <kernel/crash_abi.h>

struct arch_regs;

/**
 * Reports a crash and does not return. Any context, interrupts off or on, on any stack.
 *
 * @param kind	CRASH_* (kernel/crash_abi.h)
 * @param regs	the registers at the fault, or NULL for "the caller's frame"
 * @param address	the address that was accessed, 0 when none was
 * @param fmt	one line that says what happened
 */
void crash_raise(enum crash_kind kind, const struct arch_regs *regs, uint64_t address, const char *fmt, ...)
	PRINTF_LIKE(4, 5) NORETURN;

/* As CRASH_KIND_NAMES has it; "crash" for no kind. */
const char *crash_kind_name(enum crash_kind kind);

/* Called with the complete record before the default end; it may not return (harness), or return to let that happen. */
typedef void crash_handler_t(const struct crash_record *record);
/* One handler at a time; NULL restores the default. */
void crash_set_handler(crash_handler_t *handler);
/*
 * While a crash is being handled, another one on this CPU ends the machine. A handler that jumps away instead of
 * returning says with this that it is over, unless the memory behind it is restored from a snapshot anyway.
 */
void crash_clear(void);
/* For an interrupt that nothing masks: when another CPU is reporting a crash, this one stops for good. */
void crash_join(void);
