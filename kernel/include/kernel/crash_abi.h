/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A crash as the kernel records it, and as the host reads it from the channel (where every field is untrusted).
 * Plain little-endian data, the same layout in every world.
 */
#pragma once

#include <stdint.h>

enum crash_kind {
	CRASH_NONE,
	CRASH_PANIC,		/* an assertion or panic() */
	CRASH_NULL_DEREFERENCE,	/* a fault below 64 KiB */
	CRASH_PAGE_FAULT,	/* a fault elsewhere */
	CRASH_CPU_EXCEPTION,	/* any other trap in the kernel: #UD, #GP, #DE ... */
	CRASH_STACK_OVERFLOW,	/* a guard page under a kernel stack */
	CRASH_DOUBLE_FREE,
	CRASH_INVALID_FREE,	/* free of what was never allocated */
	CRASH_HEAP_OVERFLOW,	/* a heap redzone was written */
	CRASH_USE_AFTER_FREE,
	CRASH_BAD_ACCESS,	/* a sanitizer's report that fits none of the above */
	CRASH_UNDEFINED,	/* UBSan */
	CRASH_STACK_SMASH,	/* the stack protector's guard */
	CRASH_HANG,		/* the deadline */
	CRASH_LEAK,		/* an object outlived the input */
	CRASH_LOST_WAKEUP,	/* a sleeper whose condition was true */
	CRASH_SHADOW_STACK,	/* a return address differs from its copy: instrumentation/shadowstack */
	CRASH_CONTROL_FLOW,	/* an indirect call of a function of another type: kcfi */
	CRASH_HEAP_CORRUPTION,	/* the heap's own data were written */
	CRASH_EXECUTION,	/* of memory that is not code */
	CRASH_READ_ONLY,	/* a write to the kernel's code or constants */
	CRASH_PROTECTION_KEY,	/* an access that a protection key forbids */
	CRASH_DENIED,		/* a system call that the program's list does not have */
	CRASH_PAGE_TABLE,	/* a write to a page table that is no edit (option TABLE_VIEW) */
	CRASH_KINDS
};

/* Indexed by enum crash_kind: as reports, titles and JSON say it. */
#define CRASH_KIND_NAMES                                                                                               \
	{ "none",                                                                                                      \
	  "panic",                                                                                                     \
	  "NULL dereference",                                                                                          \
	  "page fault",                                                                                                \
	  "CPU exception",                                                                                             \
	  "stack overflow",                                                                                            \
	  "double free",                                                                                               \
	  "invalid free",                                                                                              \
	  "heap overflow",                                                                                             \
	  "use after free",                                                                                            \
	  "bad access",                                                                                                \
	  "undefined behaviour",                                                                                       \
	  "stack smash",                                                                                               \
	  "hang",                                                                                                      \
	  "leak",                                                                                                      \
	  "lost wake-up",                                                                                              \
	  "shadow stack",                                                                                              \
	  "control flow",                                                                                              \
	  "heap corruption",                                                                                           \
	  "execution of data",                                                                                         \
	  "write to read-only memory",                                                                                 \
	  "protection key",                                                                                            \
	  "denied system call",                                                                                        \
	  "write to page table" }

#define CRASH_FRAMES 32
#define CRASH_TEXT 192
#define CRASH_REGS 20

/* Register order on x86_64: rax rbx rcx rdx rsi rdi rbp rsp r8-r15 rip rflags cr2 error. */
struct crash_record {
	uint32_t kind;		/* enum crash_kind */
	uint32_t frame_count;
	uint64_t address;	/* accessed address, 0 when none */
	uint64_t pc;
	uint64_t frames[CRASH_FRAMES];	/* return addresses; the first is pc. Those in the image as it was linked */
	uint64_t regs[CRASH_REGS];
	uint32_t call_index;	/* which call of the program ran, UINT32_MAX when none */
	uint32_t slide;		/* how far the image was moved up from there: registers hold addresses as they are */
	char text[CRASH_TEXT];	/* NUL-terminated */
};
