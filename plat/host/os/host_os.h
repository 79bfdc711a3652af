/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the hosted files of plat/host share. Ends of the process: 122 for wrong usage, 123 when Linux refuses something.
 */
#pragma once

#include "plat_host_abi.h"

#define STATUS_USAGE 122
#define STATUS_ENVIRONMENT 123

/* One line on stderr with errno's meaning, then the end with STATUS_ENVIRONMENT. */
void host_fail(const char *what) __attribute__((noreturn));

/**
 * Makes the machine's memory: a shared file (fd, or a new one for fd < 0) of size bytes, mapped at base, with the
 * kernel's image in it. From then on the kernel's variables live there.
 */
void host_memory_init(struct host_machine *machine, int fd, uint64_t size);

/* Loads a file behind the image. */
void host_initrd_load(struct host_machine *machine, const char *path);
