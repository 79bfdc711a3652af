/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The seam between plat/host (kernel code, freestanding) and plat/host/os (a Linux process, libc). The only thing
 * that both sides include.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Physical addresses: the first MiB is nobody's (the channel's beacon is there), the image follows, then the initrd. */
#define HOST_IMAGE_PHYS 0x100000u

/* What the process hands to the kernel. All sizes in bytes; physical addresses are offsets in the memory file. */
struct host_machine {
	uint64_t memory_size;
	uint64_t image_size; /* at HOST_IMAGE_PHYS */
	uint64_t initrd; /* 0: none */
	uint64_t initrd_size;
	const char *command_line;
};

/* ---- the process calls ---- */

/* The kernel's entry: the image is in the memory file already. */
void host_start(const struct host_machine *machine) __attribute__((noreturn));

/* ---- the kernel calls ---- */

/* Writes all of it, or gives up when nobody reads any more. */
void os_write(int fd, const char *text, size_t len);
/* What there is to read without waiting, 0 when nothing, -1 after the end. */
long os_read(int fd, char *text, size_t len);
/* CLOCK_MONOTONIC and CLOCK_REALTIME. */
uint64_t os_clock_ns(void);
uint64_t os_realtime_ns(void);
/* Sleeps while *word == value, until os_word_wake() for it, maybe by another process that shares the memory file. */
void os_word_wait(const uint32_t *word, uint32_t value, unsigned times);
void os_word_wake(uint32_t *word);
