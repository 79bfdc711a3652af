/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The seam between arch/host (kernel code, freestanding) and arch/host/os (a Linux process, libc). The only thing
 * that both sides include.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Process status of a machine that crashed. */
#define HOST_STATUS_CRASH 125

/* Where the machine's memory file is mapped: DIRECT_MAP_BASE. */
#define HOST_MEMORY_BASE UINT64_C(0x200000000000)

/* In the order of struct crash_record's regs: rax rbx rcx rdx rsi rdi rbp rsp r8-r15 rip rflags cr2 error. */
#define HOST_REGS 20

enum host_fault_kind {
	HOST_FAULT_MEMORY, /* address says where */
	HOST_FAULT_PROTECTION, /* an address that the CPU refuses as such, or a privileged instruction */
	HOST_FAULT_INSTRUCTION,
	HOST_FAULT_ARITHMETIC,
};

struct host_fault {
	enum host_fault_kind kind;
	uint64_t address;
	uint64_t regs[HOST_REGS];
	/* The signal stack that the report runs on. */
	void *stack;
	size_t stack_size;
};

/* ---- the kernel calls ---- */

/* Sleeps until the time, or a signal. CLOCK_MONOTONIC. */
void os_sleep_ns(uint64_t ns);
/* One random word; false when the host gives none. */
int os_entropy(uint64_t *value);
/* Vendor and model, NUL-terminated. */
void os_cpu_name(char *buf, size_t size);
/* From now on host_tick() is called every 10 ms. Costs nothing when they run already. */
void os_tick_start(void);
/* Ends the process at once: no destructors, no flushing. */
void os_exit(int status) __attribute__((noreturn));
/* Signal handlers for faults and ticks, on a stack of their own. Once. */
void os_signals_init(void);

/* ---- the kernel is called, on the signal stack ---- */

void host_fault(const struct host_fault *fault) __attribute__((noreturn));
/* expired: whoever supervises the process says that the input has had its time (SIGUSR1). */
void host_tick(const struct host_fault *interrupted, int expired);
